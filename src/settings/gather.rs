//! temp
use super::*;
#[derive(serde::Deserialize)]
struct F { target: Option<String>, app_dir: Option<PathBuf>, ca_file: Option<PathBuf>, fingerprint_key: Option<String>, #[serde(default)] targets: std::collections::BTreeMap<String, Target> }
pub fn gather(said: Said) -> Result<Resolved, crate::source::Problems> {
    let e = |n: &str| std::env::var(n).ok();
    let cfg = said.config.clone().or(e("HOTDASH_OPS_CONFIG").map(Into::into));
    let f: F = toml::from_str(&cfg.as_ref().map(|p| std::fs::read_to_string(p).unwrap_or_default()).unwrap_or_default()).unwrap();
    let name = said.target.or(e("HOTDASH_OPS_TARGET")).or(f.target).unwrap_or("production".into());
    let mut t = f.targets; for (n, x) in t.iter_mut() { x.name = n.clone(); }
    let target = t.remove(&name).unwrap_or(Target { name, ..Target::default() });
    Ok(Resolved { settings: Settings { target, others: t.into_values().collect(), vars: Vars::new(std::env::vars()), config: cfg, fingerprint_key: f.fingerprint_key, app_dir: said.app_dir.or(f.app_dir), ca_file: said.ca_file.or(f.ca_file), selection: Selection { only: said.only, skip: said.skip }, strict: said.strict, timeout: said.timeout.unwrap_or(Interval::seconds(600)), runs_dir: (!said.no_journal).then(|| PathBuf::from("/tmp/runs")) }, format: said.format.unwrap_or_default(), notes: vec![] })
}
