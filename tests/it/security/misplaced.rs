//! Secrets in the wrong place: in a variable that is none, in a URL, in a file, on
//! the command line.

use super::planted::{Planted, random};
use crate::support::bench::Ran;

/// The secret as it may be pasted: alone, in a connection string, in a URL.
fn shapes(secret: &str) -> [String; 5] {
    [
        secret.to_owned(),
        format!("Bearer {secret}"),
        format!("postgresql://ops:{secret}@no-such-host.invalid/hotdash"),
        format!("https://ops:{secret}@no-such-host.invalid/"),
        format!("https://no-such-host.invalid/app?access_token={secret}#{secret}"),
    ]
}

#[test]
fn a_secret_in_the_wrong_variable() {
    let variables =
        ["CHATWOOT_BASE_URL", "CHATWOOT_ACCOUNT_ID", "AGENT_SDK_URL", "DATABASE_URL", "CHATWOOT_API_TOKEN"];
    let mut planted = Planted::new("");
    let good = planted.bench.vars.clone();
    for variable in variables {
        let secret = planted.plant("the misplaced one");
        for shape in shapes(&secret) {
            // With its own check left out, everything that needs the variable runs nevertheless.
            for skip in ["quality", "environment"] {
                planted.bench.vars.clone_from(&good);
                planted.bench.set(variable, &shape);
                let ran = planted.ask(&["--skip", "quality", "--skip", skip]);
                // Whether the token's two names agree is a question of the environment alone.
                let unasked = (variable, skip) == ("CHATWOOT_API_TOKEN", "environment");
                assert_eq!(ran.code == 0, unasked, "{variable}={shape}");
            }
        }
        let explained = planted.bench.ops(&["checks", "explain", "preflight"]);
        planted.must_not_show("checks explain", &explained);
    }
}

#[test]
fn the_user_and_the_query_of_a_url() {
    let mut planted = Planted::new("");
    let names = ["user of Chatwoot", "query of Chatwoot", "user of the agent", "query of the agent"];
    let [a, b, c, d] = names.map(|name| planted.plant(name));
    let with = |url: &str, user: &str, query: &str| {
        format!("{}/?key={query}&token={query}", url.replace("://", &format!("://ops:{user}@")))
    };
    let vars = &planted.bench.vars;
    let (chatwoot, agent) = (with(&vars["CHATWOOT_BASE_URL"], &a, &b), with(&vars["AGENT_SDK_URL"], &c, &d));
    planted.bench.set("CHATWOOT_BASE_URL", chatwoot);
    planted.bench.set("AGENT_SDK_URL", agent);
    for skip in ["quality", "environment"] {
        let ran = planted.ask(&["--skip", "quality", "--skip", skip]);
        assert_ne!(ran.code, 0);
    }
}

#[test]
fn the_password_of_a_proxy() {
    let mut planted = Planted::new("");
    let password = planted.plant("the proxy's password");
    planted.bench.set("CHATWOOT_BASE_URL", "https://chat.example.com");
    planted.bench.set("AGENT_SDK_URL", "https://agent.example.com");
    let environment =
        "[targets.sandbox.commands]\nlint = [\"sh\", \"-c\", \"env; exit 1\"]\n\n[targets.elsewhere]\n";
    planted.bench.edit_config("[targets.elsewhere]\n", environment);
    for proxy in ["127.0.0.1:1", "no-such-proxy.invalid:3128", "nonsense port"] {
        for name in ["HTTPS_PROXY", "https_proxy"] {
            planted.bench.set(name, format!("http://ops:{password}@{proxy}"));
            let arguments = [
                "--only",
                "environment.chatwoot-reachable",
                "--only",
                "agent-sdk.health",
                "--only",
                "quality.lint",
            ];
            let ran =
                planted.bench.ops(&[&["preflight", "-vv", "--no-journal"][..], &arguments[..]].concat());
            assert_ne!(ran.code, 0);
            planted.must_not_show(proxy, &ran);
            planted.bench.vars.remove(name);
        }
    }
}

/// A call that is rejected, by the secret that it contains.
fn refused(planted: &mut Planted, what: &str, ran: &Ran) {
    assert_eq!(ran.code, 2, "{what}: {}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{what}: {}", ran.stderr);
    planted.must_not_show(what, ran);
}

#[test]
fn a_secret_in_the_configuration() {
    let mut planted = Planted::new("");
    let secret = planted.plant("the one in the file");
    let path = planted.bench.path("config.toml");
    let file = path.display().to_string();
    for text in [
        format!("CHATWOOT_API_KEY = \"{secret}\"\n"),
        format!("[targets.production]\nchatwoot_api_key = \"{secret}\"\n"),
        format!("[targets.production]\ndatabase_url = \"postgresql://u:{secret}@h/d\"\n"),
        format!("[targets.production]\ndatabase = \"postgresql://u:{secret}@h/d\"\n"),
        format!("[targets.production]\nwebhook_url = \"https://u:{secret}@h/api\"\n"),
        format!("[targets.production]\nwebhook_secret = \"{secret}\"\n"),
        format!("[targets.production]\naccount_id = \"{secret}\"\n"),
        format!("[targets.production.fingerprints]\nCHATWOOT_API_KEY = \"{secret}\"\n"),
        format!("[targets.production.secrets]\na = \"{secret}\"\n"),
        format!("[targets.production.commands]\nlint = \"TOKEN={secret} npm run lint\"\n"),
        format!("fingerprint_key = \"{secret}\"\n"),
        format!("token = \"{secret}\n"),
        format!("token: {secret}\n"),
        format!("{secret}\n"),
        format!("timeout = \"{secret}\"\n"),
        format!("token = {secret}\n[targets\n"),
    ] {
        std::fs::write(&path, &text).expect("the home is ours");
        for verb in [&["preflight"][..], &["checks", "explain", "schema"], &["env", "fingerprint", "--print"]]
        {
            let ran = planted.bench.ops(&[verb, &["--config", &file, "--target", "production"]].concat());
            refused(&mut planted, &text, &ran);
        }
    }
}

#[test]
fn a_secret_in_the_env_file() {
    let mut planted = Planted::new("");
    let secret = planted.plant("the one in the file");
    let path = planted.bench.path("secrets.env");
    let file = path.display().to_string();
    for text in [
        format!("CHATWOOT_API_KEY {secret}\n"),
        format!("{secret}\n"),
        format!("CHATWOOT_API_KEY=\"{secret}\n"),
        format!("CHATWOOT_API_KEY='{secret}' {secret}\n"),
        format!("CHATWOOT_API_KEY={secret}\nCHATWOOT_API_KEY={secret}x\n"),
        format!("CHATWOOT-API-KEY={secret}\n"),
        format!("A=$({secret})\nexport\n"),
    ] {
        std::fs::write(&path, &text).expect("the home is ours");
        let ran = planted.bench.ops(&["preflight", "--env-file", &file]);
        refused(&mut planted, &text, &ran);
    }
    // One that reads, and its secrets are those of the run.
    planted.bench.unset("CHATWOOT_API_KEY");
    std::fs::write(&path, format!("CHATWOOT_API_KEY={secret}\nOTHER_TOKEN={secret}\n")).expect("it is ours");
    let ran =
        planted.bench.ops(&["preflight", "-vv", "--skip", "quality", "--no-journal", "--env-file", &file]);
    assert_eq!(ran.code, 1, "it is not a token of Chatwoot: {}", ran.stdout);
    planted.must_not_show("an env file", &ran);
}

#[test]
fn a_secret_of_the_environment_on_the_command_line() {
    let mut planted = Planted::new("");
    let secret = random(32);
    planted.canaries.insert("the one that was typed".to_owned(), secret.clone());
    planted.bench.set("MY_OTHER_SECRET", &secret);
    let arguments: [&[&str]; 14] = [
        &["preflight", &secret],
        &["preflight", "--only", &secret],
        &["preflight", "--skip", &secret],
        &["preflight", "--target", &secret],
        &["preflight", "--config", &secret],
        &["preflight", "--env-file", &secret],
        &["preflight", "--ca-file", &secret],
        &["preflight", "--format", &secret],
        &["preflight", "--report", &secret],
        &["preflight", "--timeout", &secret],
        &["checks", "explain", &secret],
        &["checks", "lint", &secret],
        &["preflight", "--checks", &secret],
        &["checks", "list", "--checks", &secret],
    ];
    for arguments in arguments {
        let ran = planted.bench.ops(arguments);
        refused(&mut planted, &arguments.join(" "), &ran);
    }
    for variable in ["TARGET", "CONFIG", "ENV_FILE", "CA_FILE", "FORMAT", "TIMEOUT", "STRICT"] {
        let name = format!("HOTDASH_OPS_{variable}");
        let before = planted.bench.vars.insert(name.clone(), secret.clone());
        let ran = planted.bench.ops(&["preflight"]);
        refused(&mut planted, &name, &ran);
        match before {
            Some(value) => planted.bench.set(&name, value),
            None => planted.bench.unset(&name),
        }
    }
}
