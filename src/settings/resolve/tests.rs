use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::*;
use crate::settings::{ContextFlags, RunFlags};

fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))).collect()
}

fn dirs() -> Dirs {
    Dirs { config: Some("/home/u/.config".into()), state: Some("/home/u/.local/state".into()) }
}

fn context(context: ContextFlags) -> CliSettings {
    context.into()
}

fn run(run: RunFlags) -> CliSettings {
    CliSettings { run, ..CliSettings::default() }
}

fn resolved(
    flags: CliSettings,
    vars: &[(&str, &str)],
    config: &str,
    env_file: &str,
) -> Result<Resolved, Problems> {
    let config = (!config.is_empty()).then(|| ("/etc/ops/c.toml".into(), config.to_owned()));
    let env_file = (!env_file.is_empty()).then(|| ("s.env".into(), env_file.to_owned()));
    resolve(flags, &env(vars), config, env_file, &dirs())
}

fn refused(flags: CliSettings, vars: &[(&str, &str)], config: &str, env_file: &str) -> String {
    resolved(flags, vars, config, env_file).expect_err("it is rejected").to_string()
}

/// For each setting: the result of flag, variable, file and default, in this order.
#[test]
fn flag_over_environment_over_file_over_default() {
    type Shown = fn(&Resolved) -> String;
    fn path(path: Option<&PathBuf>) -> String {
        path.map_or("none".to_owned(), |p| p.display().to_string())
    }
    type Row<'a> = (&'a str, CliSettings, (&'a str, &'a str), &'a str, Shown, [&'a str; 4]);
    let rows: [Row<'_>; 6] = [
        (
            "target",
            context(ContextFlags { target: Some("flag".into()), ..ContextFlags::default() }),
            ("HOTDASH_OPS_TARGET", "var"),
            "target = \"file\"",
            |r| r.settings.target.name.clone(),
            ["flag", "var", "file", "production"],
        ),
        (
            "timeout",
            run(RunFlags { timeout: Some(Interval::seconds(1)), ..RunFlags::default() }),
            ("HOTDASH_OPS_TIMEOUT", "2s"),
            "timeout = \"3s\"",
            |r| r.settings.timeout.to_string(),
            ["1s", "2s", "3s", "30m"],
        ),
        (
            "app_dir",
            context(ContextFlags { app_dir: Some("flag".into()), ..ContextFlags::default() }),
            ("HOTDASH_OPS_APP_DIR", "var"),
            "app_dir = \"file\"",
            |r| path(r.settings.app_dir.as_ref()),
            ["flag", "var", "/etc/ops/file", "none"],
        ),
        (
            "ca_file",
            context(ContextFlags { ca_file: Some("flag".into()), ..ContextFlags::default() }),
            ("HOTDASH_OPS_CA_FILE", "var"),
            "ca_file = \"/abs/file\"",
            |r| path(r.settings.ca_file.as_ref()),
            ["flag", "var", "/abs/file", "none"],
        ),
        (
            "strict",
            run(RunFlags { strict: true, ..RunFlags::default() }),
            ("HOTDASH_OPS_STRICT", "no"),
            "strict = true",
            |r| r.settings.strict.to_string(),
            ["true", "false", "true", "false"],
        ),
        (
            "format",
            run(RunFlags { format: Some(Format::Json), ..RunFlags::default() }),
            ("HOTDASH_OPS_FORMAT", "junit"),
            "# no key",
            |r| r.format.to_string(),
            ["json", "junit", "table", "table"],
        ),
    ];
    for (what, flags, var, file, shown, expected) in rows {
        let all = [
            resolved(flags, &[var], file, ""),
            resolved(CliSettings::default(), &[var], file, ""),
            resolved(CliSettings::default(), &[], file, ""),
            resolved(CliSettings::default(), &[], "", ""),
        ];
        let found = all.map(|r| shown(&r.unwrap_or_else(|p| panic!("{what}: {p}"))));
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn input_files_come_from_flag_variable_or_the_user_directory() {
    let flags = context(ContextFlags {
        config: Some("flag.toml".into()),
        env_file: Some("flag.env".into()),
        ..ContextFlags::default()
    });
    let vars = env(&[("HOTDASH_OPS_CONFIG", "var.toml"), ("HOTDASH_OPS_ENV_FILE", "var.env")]);
    let wanted = |path: &str, by| Some(Wanted { path: path.into(), named_by: by });
    assert_eq!(config_path(&flags, &vars, &dirs()), wanted("flag.toml", Some("--config")));
    assert_eq!(env_file_path(&flags, &vars), wanted("flag.env", Some("--env-file")));
    let flags = CliSettings::default();
    assert_eq!(config_path(&flags, &vars, &dirs()), wanted("var.toml", Some("HOTDASH_OPS_CONFIG")));
    assert_eq!(env_file_path(&flags, &vars), wanted("var.env", Some("HOTDASH_OPS_ENV_FILE")));
    let none = env(&[]);
    assert_eq!(config_path(&flags, &none, &dirs()), wanted("/home/u/.config/hotdash-ops/config.toml", None));
    assert_eq!(config_path(&flags, &none, &Dirs::default()), None);
    assert_eq!(env_file_path(&flags, &none), None);
}

#[test]
fn the_journal_goes_to_the_state_directory_by_default() {
    let runs = |flags, vars: &[_]| resolved(flags, vars, "", "").expect("it resolves").settings.runs_dir;
    assert_eq!(runs(CliSettings::default(), &[]), Some("/home/u/.local/state/hotdash-ops/runs".into()));
    let var = [("HOTDASH_OPS_RUNS_DIR", "/r")];
    assert_eq!(runs(CliSettings::default(), &var), Some("/r".into()));
    assert_eq!(runs(run(RunFlags { no_journal: true, ..RunFlags::default() }), &var), None);
    let homeless =
        resolve(CliSettings::default(), &env(&[]), None, None, &Dirs::default()).expect("it resolves");
    assert_eq!(homeless.settings.runs_dir, None);
    assert!(homeless.notes[0].contains("HOTDASH_OPS_RUNS_DIR"), "{:?}", homeless.notes);
}

#[test]
fn the_environment_overrides_the_env_file_and_a_difference_is_marked() {
    let file = "DATABASE_URL=file\nAGENT_SDK_URL=same\nCHATWOOT_API_KEY=file\nOTHER=file\nHOTDASH_OPS_TARGET=staging\n";
    let vars = [("DATABASE_URL", "env"), ("AGENT_SDK_URL", "same"), ("OTHER", "env")];
    let resolved = resolved(CliSettings::default(), &vars, "", file).expect("it resolves");
    let vars = &resolved.settings.vars;
    assert_eq!((vars.get("DATABASE_URL"), vars.get("CHATWOOT_API_KEY")), (Some("env"), Some("file")));
    assert!(vars.disagrees("DATABASE_URL"));
    assert!(
        !vars.disagrees("AGENT_SDK_URL") && !vars.disagrees("OTHER") && !vars.disagrees("CHATWOOT_API_KEY")
    );
    assert_eq!(resolved.settings.target.name, "production");
    assert!(
        resolved.notes[0].contains("HOTDASH_OPS_TARGET has no effect in an env file"),
        "{:?}",
        resolved.notes
    );
}

#[test]
fn non_utf8_values_are_marked_and_override_the_env_file() {
    let mut vars = env(&[]);
    vars.insert("CHATWOOT_API_KEY".into(), OsString::from_vec(vec![0xff, b'a']));
    let file = Some(("s.env".into(), "CHATWOOT_API_KEY=file\n".to_owned()));
    let vars =
        resolve(CliSettings::default(), &vars, None, file, &dirs()).expect("it resolves").settings.vars;
    assert!(vars.is_not_text("CHATWOOT_API_KEY") && vars.disagrees("CHATWOOT_API_KEY"));
    assert_eq!(vars.get("CHATWOOT_API_KEY"), None);
}

#[test]
fn unsupported_variables_and_typos_are_reported() {
    let vars = [("HOTDASH_OPS_SKIP", "schema"), ("HOTDASH_OPS_ONLY", "x"), ("HOTDASH_OPS_TARGTE", "staging")];
    let resolved = resolved(CliSettings::default(), &vars, "", "").expect("it resolves");
    assert_eq!(resolved.settings.selection, Selection::default());
    let notes = resolved.notes.join("\n");
    for part in ["HOTDASH_OPS_SKIP is ignored", "use --skip", "did you mean HOTDASH_OPS_TARGET?"] {
        assert!(notes.contains(part), "{part} in {notes}");
    }
}

#[test]
fn every_invalid_variable_is_reported() {
    let vars = [
        ("HOTDASH_OPS_TIMEOUT", "soon"),
        ("HOTDASH_OPS_STRICT", "maybe"),
        ("HOTDASH_OPS_FORMAT", "jsn"),
        ("HOTDASH_OPS_TARGET", ""),
    ];
    let shown = refused(CliSettings::default(), &vars, "nonsense = 1\n", "no assignment\n");
    for part in [
        "HOTDASH_OPS_TIMEOUT: `soon` is not a valid duration",
        "HOTDASH_OPS_STRICT: is neither true nor false",
        "HOTDASH_OPS_FORMAT: unknown format \"jsn\"; did you mean json?",
        "HOTDASH_OPS_TARGET: is empty",
        "/etc/ops/c.toml:1: unknown field `nonsense`",
        "s.env:1: has no `=`",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn an_unknown_target_is_reported_where_it_was_set() {
    let file = "[targets.production]\n[targets.staging]\n";
    let named = |name: &str| context(ContextFlags { target: Some(name.into()), ..ContextFlags::default() });
    let shown = refused(named("stagin"), &[], file, "");
    assert!(shown.starts_with("--target: no target `stagin`; did you mean `staging`?"), "{shown}");
    let shown = refused(CliSettings::default(), &[("HOTDASH_OPS_TARGET", "qa")], file, "");
    assert!(
        shown.starts_with("HOTDASH_OPS_TARGET: no target `qa` (configured: production, staging;"),
        "{shown}"
    );
    let shown = refused(CliSettings::default(), &[], &format!("target = \"prodction\"\n{file}"), "");
    assert!(
        shown.starts_with("/etc/ops/c.toml:1: no target `prodction`; did you mean `production`?"),
        "{shown}"
    );
    assert!(shown.ends_with("^^^^^^^^^^^"), "{shown}");
    let shown = refused(named("../x"), &[], "", "");
    assert!(shown.contains("a target name must have"), "{shown}");
}

#[test]
fn a_misspelt_production_is_rejected() {
    for name in ["Production", "prodution", "producton"] {
        let shown = refused(
            context(ContextFlags { target: Some(name.into()), ..ContextFlags::default() }),
            &[],
            "",
            "",
        );
        assert!(shown.contains("did you mean `production`?"), "{shown}");
    }
    let sandbox = context(ContextFlags { target: Some("sandbox".into()), ..ContextFlags::default() });
    assert_eq!(resolved(sandbox, &[], "", "").expect("no table is needed").settings.target.name, "sandbox");
    let live = context(ContextFlags { target: Some("prod-eu".into()), ..ContextFlags::default() });
    let notes = resolved(live, &[], "[targets.prod-eu]\n", "").expect("it is configured").notes;
    assert!(notes[0].contains("production's rules do not apply"), "{notes:?}");
}

#[test]
fn other_targets_are_all_except_the_chosen_one() {
    let file = "[targets.staging]\naccount_id = 7\n[targets.eu]\naccount_id = 8\n";
    let all = resolved(CliSettings::default(), &[], file, "").expect("production needs no table");
    assert_eq!(all.settings.others.len(), 2);
    assert!(all.notes[0].contains("has no [targets.production]"), "{:?}", all.notes);
    let eu = resolved(
        context(ContextFlags { target: Some("eu".into()), ..ContextFlags::default() }),
        &[],
        file,
        "",
    )
    .expect("it is there");
    assert_eq!((eu.settings.target.account_id, eu.settings.others.len()), (Some(8), 1));
}
