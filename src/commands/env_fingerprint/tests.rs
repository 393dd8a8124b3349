use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};

use super::edit::Lines;
use super::*;
use crate::settings::resolve::{Dirs, resolve};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const PRINT: &str = "38b6d068abda3a9fa5d8c21e5ec16752";

fn one_print() -> BTreeMap<String, String> {
    BTreeMap::from([("CHATWOOT_API_KEY".to_owned(), PRINT.to_owned())])
}

/// The text with the lines added, which must read back.
fn added(text: &str, new_key: Option<&str>) -> String {
    let prints = one_print();
    let after =
        Lines { target: "production", new_key, prints: &prints }.added_to(text).expect("it can be edited");
    let config = file::parse(Source { file: "c.toml", text: &after }, &Redactor::default())
        .unwrap_or_else(|p| panic!("{p}\n{after}"));
    let target = config.targets.iter().find(|t| t.name == "production").expect("the target is there");
    assert_eq!(target.fingerprints, prints, "{after}");
    assert_eq!(config.fingerprint_key.as_deref(), new_key.or(Some(KEY)), "{after}");
    after
}

#[test]
fn an_empty_file_gets_key_and_table() {
    assert_eq!(
        added("", Some(KEY)),
        format!(
            "fingerprint_key = \"{KEY}\"\n\n[targets.production.fingerprints]\nCHATWOOT_API_KEY = \"{PRINT}\"\n"
        )
    );
}

#[test]
fn everything_else_is_unchanged() {
    let text = "# who: ops\ntarget   =  'production' # the usual one\n\n# the shop\n[targets.production]\nfly_app = \"hotdash-app\"   # on Fly\n\n  [targets.staging]\n  account_id=7\n# the end\n";
    let after = added(text, Some(KEY));
    let lines = [
        format!("fingerprint_key = \"{KEY}\"\n"),
        format!("\n[targets.production.fingerprints]\nCHATWOOT_API_KEY = \"{PRINT}\"\n"),
    ];
    let mut rest = after.clone();
    for line in lines {
        assert!(rest.contains(&line), "{after}");
        rest = rest.replace(&line, "");
    }
    assert_eq!(rest, text);
}

#[test]
fn an_old_fingerprint_is_replaced_and_its_comment_stays() {
    let text = format!(
        "fingerprint_key = \"{KEY}\"\n[targets.production.fingerprints]\nCHATWOOT_API_KEY = \"{}\" # by Ada\n",
        "0".repeat(32)
    );
    assert_eq!(added(&text, None), text.replace(&"0".repeat(32), PRINT));
}

#[test]
fn every_form_of_a_table_is_kept() {
    let head = format!("fingerprint_key = \"{KEY}\"\n");
    added(&format!("{head}targets = {{ production = {{ account_id = 3 }} }}\n"), None);
    added(&format!("{head}[targets]\nproduction.account_id = 3\n"), None);
    added(&format!("{head}[targets]\nproduction = {{ account_id = 3, fingerprints = {{}} }}\n"), None);
    let crlf = added(
        &format!("\u{feff}{head}# c\n[targets.production]\naccount_id = 3\n").replace('\n', "\r\n"),
        None,
    );
    assert!(crlf.starts_with('\u{feff}'));
    assert_eq!(crlf.matches('\n').count(), crlf.matches("\r\n").count(), "{crlf:?}");
}

/// Settings of a configuration's text and variables.
fn settings(config: &str, vars: &[(&str, &str)]) -> Settings {
    let env = vars.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    let config = (!config.is_empty()).then(|| ("c.toml".into(), config.to_owned()));
    resolve(CliSettings::default(), &env, config, None, &Dirs::default()).expect("it resolves").settings
}

#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The fingerprints or the error, and the text on stderr.
fn printed(settings: &Settings) -> (Result<BTreeMap<String, String>, String>, String) {
    let run_report = Stream::default();
    let mut printer = Printer::to(Box::new(Stream::default()), Box::new(run_report.clone()), false);
    let prints = prints(settings, KEY, &mut printer).map_err(|e| format!("{e:#}"));
    let text = String::from_utf8_lossy(&run_report.0.lock().expect("no writer panics")).into_owned();
    (prints, text)
}

#[test]
fn unset_variables_are_noted_and_at_least_one_is_required() {
    let (refused, _) = printed(&settings("", &[("AGENT_SDK_URL", "https://agent.example")]));
    assert!(refused.expect_err("nothing is set").starts_with("none of CHATWOOT_API_KEY"));
    let (prints, run_report) =
        printed(&settings("", &[("CHATWOOT_API_TOKEN", "a-token"), ("DATABASE_URL", "hunter2")]));
    assert_eq!(prints.expect("one is set"), one_print());
    assert!(run_report.contains("CHATWOOT_WEBHOOK_SECRET is not set"), "{run_report}");
    assert!(run_report.contains("warning: DATABASE_URL has no fingerprint"), "{run_report}");
    assert!(!run_report.contains("hunter2") && !run_report.contains("a-token"), "{run_report}");
}

#[test]
fn two_names_with_different_values_are_refused() {
    let two = [("CHATWOOT_API_TOKEN", "hunter-one"), ("CHATWOOT_API_KEY", "hunter-two")];
    let why = printed(&settings("", &two)).0.expect_err("they differ");
    assert!(
        why.contains("CHATWOOT_API_KEY and CHATWOOT_API_TOKEN differ") && !why.contains("hunter"),
        "{why}"
    );
}

#[test]
fn a_secret_of_another_target_is_a_warning() {
    let config = format!(
        "fingerprint_key = \"{KEY}\"\n[targets.staging.fingerprints]\nCHATWOOT_API_KEY = \"{PRINT}\"\n"
    );
    let (prints, run_report) = printed(&settings(&config, &[("CHATWOOT_API_KEY", "a-token")]));
    assert_eq!(prints.expect("one is set"), one_print());
    assert!(
        run_report.contains("warning: CHATWOOT_API_KEY is the same as for target staging"),
        "{run_report}"
    );
}

#[test]
fn a_lost_key_is_not_replaced() {
    let lost = settings(&format!("[targets.production.fingerprints]\nCHATWOOT_API_KEY = \"{PRINT}\"\n"), &[]);
    assert!(key(&lost).err().expect("the key is lost").to_string().contains("no fingerprint_key"));
    assert!(key(&settings("", &[])).expect("there is randomness").is_new);
}

#[test]
fn a_new_file_is_private_an_old_one_keeps_its_mode_and_links_stay() {
    let folder = tempfile::tempdir().expect("a scratch directory");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let file = folder.path().join("a/b/config.toml");
    write(&file, "one").expect("it can be written");
    assert_eq!((mode(&file), mode(file.parent().expect("it has one"))), (0o600, 0o700));
    fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("it is ours");
    let link = folder.path().join("link.toml");
    symlink(&file, &link).expect("a link");
    write(&link, "two").expect("it can be written");
    assert_eq!(mode(&file), 0o640);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "two");
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    let left: Vec<_> = fs::read_dir(file.parent().expect("it has one")).expect("a directory").collect();
    assert_eq!(left.len(), 1, "no temporary file is left");
}
