use clap::CommandFactory;
use clap::error::ErrorKind;

use super::*;
use crate::input::format::{Format, ReportTarget};
use crate::input::interval::Interval;
use crate::settings::{CliSettings, ContextFlags, RunFlags, Since};

fn parsed(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn every_flag_of_a_run_reaches_the_settings() {
    Cli::command().debug_assert();
    let cli = parsed(
        "hotdash-ops preflight --target staging --config c.toml --env-file e --app-dir a --ca-file ca
         --only schema --only env.* --skip quality --checks own --format json --report junit:a.xml --report prom:b:c
         --strict --timeout 5m --problems --quiet -vv --no-journal",
    );
    let Ok(Cli { command: Command::Preflight(args) }) = cli else { panic!("{cli:?}") };
    let options = args.output_options(Format::Json, Vec::new());
    assert_eq!(options.flags.reports[1], ReportTarget { format: Format::Prom, path: "b:c".into() });
    assert!(options.flags.problems && options.flags.quiet && options.flags.verbose == 2);
    let expected = CliSettings {
        context: ContextFlags {
            target: Some("staging".to_owned()),
            config: Some("c.toml".into()),
            env_file: Some("e".into()),
            ca_file: Some("ca".into()),
            app_dir: Some("a".into()),
        },
        run: RunFlags {
            only: vec!["schema".to_owned(), "env.*".to_owned()],
            skip: vec!["quality".to_owned()],
            checks: Some("own".into()),
            strict: true,
            timeout: Some(Interval::seconds(300)),
            format: Some(Format::Json),
            no_journal: true,
        },
        watch: None,
        attest: Vec::new(),
    };
    assert_eq!(args.settings(), expected);
}

#[test]
fn the_flags_of_the_window_reach_the_settings() {
    let cli = parsed("hotdash-ops monitor --minutes 2.5 --full --until-enough --budget 1h --only traffic");
    let Ok(Cli { command: Command::Monitor(args) }) = cli else { panic!("{cli:?}") };
    let (watch, defaults) = args.settings().watch.expect("a window");
    assert_eq!((watch.window.minutes, watch.full, watch.until_enough), (Some(2.5), true, true));
    assert_eq!(
        (watch.window.budget, defaults.minutes, defaults.min_minutes),
        (Some(Interval::seconds(3600)), 15.0, None)
    );
    let cli = parsed("hotdash-ops gate --lookback --since last-deploy --attest a.b=seen --attest c.d=x=y");
    let Ok(Cli { command: Command::Gate(args) }) = cli else { panic!("{cli:?}") };
    let settings = args.settings();
    let pair = |id: &str, evidence: &str| (id.to_owned(), evidence.to_owned());
    assert_eq!(settings.attest, [pair("a.b", "seen"), pair("c.d", "x=y")]);
    let (watch, defaults) = settings.watch.expect("a window");
    assert_eq!(
        (watch.window.lookback, watch.window.since, defaults.min_minutes),
        (true, Some(Since::LastDeploy), Some(30.0))
    );
    for line in [
        "hotdash-ops gate --attest a.b",
        "hotdash-ops gate --attest a.b=",
        "hotdash-ops gate --attest =seen",
        "hotdash-ops gate --full",
        "hotdash-ops monitor --since yesterday",
        "hotdash-ops monitor --minutes many",
        "hotdash-ops monitor --attest a.b=seen",
    ] {
        assert_eq!(parsed(line).expect_err(line).exit_code(), 2, "{line}");
    }
}

#[test]
fn abbreviated_and_repeated_flags_are_refused() {
    for line in [
        "hotdash-ops pre",
        "hotdash-ops preflight --targ x",
        "hotdash-ops preflight --target a --target b",
        "hotdash-ops preflight --target",
        "hotdash-ops preflight --format xml",
        "hotdash-ops preflight --report junit",
        "hotdash-ops preflight --timeout soon",
        "hotdash-ops preflight schema",
        "hotdash-ops checks lint",
        "hotdash-ops checks schema everything",
        "hotdash-ops preflight --checks a --checks b",
        "hotdash-ops baseline list --checks a",
        "hotdash-ops checks list --format junit",
    ] {
        let error = parsed(line).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn the_help_of_every_verb_has_an_example() {
    let verbs = [
        "",
        "preflight",
        "status",
        "monitor",
        "gate",
        "checks list",
        "checks explain",
        "checks lint",
        "checks schema",
    ];
    for verb in verbs.into_iter().chain(["env fingerprint"]) {
        let error = parsed(&format!("hotdash-ops {verb} --help")).expect_err(verb);
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayHelp, 0), "{verb}");
        let help = error.to_string();
        let (_, examples) = help.split_once("Example").unwrap_or_else(|| panic!("{verb}: {help}"));
        assert!(examples.contains(format!("hotdash-ops {verb}").trim_end()), "{verb}: {help}");
    }
}
