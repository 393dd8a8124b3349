//! Everything a probe can use: settings, variables, clients, and shared measurements.

mod measurements;

use std::any::Any;
use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::input::template::{Part, Template};
use crate::outcome::event::{Event, Stream};
use crate::outcome::finding::ProbeError;
use crate::outcome::tick::Tick;
use crate::outcome::traffic::Summary;
use crate::outcome::window::Window;
use crate::redact::Redactor;
use crate::service::http::Client;
use crate::service::marker::MarkerSink;
use crate::service::tls::Roots;
use crate::settings::{PIPELINE, Settings};
use measurements::Measurements;

pub use measurements::Key;

/// The most live lines that wait to be shown, so that a program that writes without end cannot fill the memory.
const MAX_LINES: usize = 10_000;

/// Shared by all checks of a run.
pub struct Context {
    pub settings: Arc<Settings>,
    pub redactor: Redactor,
    /// The certificates that TLS trusts.
    pub roots: Roots,
    /// The HTTP client of all checks.
    pub http: Client,
    measurements: Measurements,
    lines: mpsc::Sender<Event>,
    /// Where all clients report that a stand-in answered.
    pub marker: MarkerSink,
    traffic: Mutex<Option<Summary>>,
    notes: Mutex<Vec<String>>,
}

/// One attempt at one check.
pub struct Attempt<'a> {
    pub cx: &'a Arc<Context>,
    /// The full id of the check.
    pub id: &'a str,
    /// The operator's directory that the check comes from; `None` for an embedded one.
    pub folder: Option<&'a Path>,
    /// The time limit of this attempt.
    pub deadline: Duration,
    /// True from the second attempt on: measurements are taken again.
    pub again: bool,
}

impl Context {
    /// A context, and the receiving end of the live lines.
    pub fn new(
        settings: Arc<Settings>,
        redactor: Redactor,
        roots: Roots,
        http: Client,
    ) -> (Arc<Context>, mpsc::Receiver<Event>) {
        let (lines, receiver) = mpsc::channel(MAX_LINES);
        let context = Context {
            settings,
            redactor,
            roots,
            marker: http.marker().clone(),
            http,
            measurements: Measurements::default(),
            lines,
            traffic: Mutex::default(),
            notes: Mutex::default(),
        };
        (Arc::new(context), receiver)
    }

    /// The time of this machine's clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Takes a measurement once per key and returns the same result to every caller. It runs in its own task, so a
    /// caller that gives up does not stop it for the others. `again` takes it again.
    ///
    /// The task starts with the call. Measurements use each other, and if this were an `async fn`, each future would
    /// contain those of all measurements that it uses.
    pub fn measure<T, F>(
        &self,
        key: Key<T>,
        again: bool,
        take: F,
    ) -> impl Future<Output = Arc<T>> + Send + use<T, F>
    where
        T: Any + Send + Sync,
        F: Future<Output = T> + Send + 'static,
    {
        self.measurements.measure(key, again, take)
    }

    /// Fills a template from the variables and the target.
    ///
    /// # Errors
    /// A variable that is unset, empty or not UTF-8, and a key of the target that is not configured.
    pub fn expand(&self, template: &Template) -> Result<String, ProbeError> {
        let mut text = String::new();
        for part in template.parts() {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Variable(name) => text.push_str(self.variable(name)?),
                Part::Target(key) => match self.settings.target.text(key) {
                    Some(value) => text.push_str(&value),
                    None => {
                        return Err(ProbeError::because(format!(
                            "`{key}` is not configured for {}",
                            self.settings.target.name
                        ))
                        .hint(self.settings.target.line_to_add(key)));
                    }
                },
            }
        }
        Ok(text)
    }

    /// The value of a variable that a check requires. URLs lose their trailing slash, so that a path can be
    /// appended.
    ///
    /// # Errors
    /// When it is unset, empty or not UTF-8.
    pub fn variable(&self, name: &str) -> Result<&str, ProbeError> {
        if self.settings.vars.is_not_text(name) {
            return Err(ProbeError::because(format!("{name} is not UTF-8 text")));
        }
        self.settings
            .vars
            .filled(name)
            .map(|v| if name.ends_with("_URL") { v.trim().trim_end_matches('/') } else { v.trim() })
            .ok_or_else(|| ProbeError::because(format!("{name} is not set")))
    }

    /// Shows a line that the command of check `id` printed.
    pub fn line(&self, id: &str, stream: Stream, text: &str) {
        // Lines are dropped when the run is over or when they arrive faster than they can be shown; the last
        // ones are part of the check's evidence anyway.
        if let Ok(place) = self.lines.try_reserve() {
            let text = self.redactor.apply(text).into_owned();
            place.send(Event::Line { id: id.to_owned(), stream, text });
        }
    }

    /// Reports that the watch of a window begins, and what that window can detect.
    pub fn watching(&self, window: Window, remarks: &[String]) {
        let remarks = remarks.iter().map(|r| self.redactor.apply(r).into_owned()).collect();
        self.send(Event::Watching { window, remarks, at: self.now() });
    }

    /// Shows the numbers of a tick of the watch.
    pub fn tick(&self, mut tick: Tick) {
        tick.reason = self.redactor.apply(&tick.reason).into_owned();
        tick.trouble = tick.trouble.map(|t| self.redactor.apply(&t).into_owned());
        self.send(Event::Tick(Box::new(tick)));
    }

    /// Sets the report's traffic numbers, replacing earlier ones.
    pub fn set_traffic(&self, mut summary: Summary) {
        summary.redact(&self.redactor);
        *self.traffic.lock().unwrap_or_else(PoisonError::into_inner) = Some(summary);
    }

    /// The traffic numbers so far.
    pub fn traffic(&self) -> Option<Summary> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a note that every format of the report shows.
    pub fn note(&self, text: &str) {
        let text = self.redactor.apply(text).into_owned();
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// The notes so far.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn send(&self, event: Event) {
        // As with lines, the run may be over.
        if let Ok(place) = self.lines.try_reserve() {
            place.send(event);
        }
    }

    /// True when a stand-in answered although the target is not the sandbox.
    pub fn sandbox_mistaken(&self) -> bool {
        !self.settings.target.is_sandbox() && self.marker.seen()
    }

    /// Resolves when a stand-in has answered although the target is not the sandbox.
    pub async fn until_mistaken(&self) {
        if self.settings.target.is_sandbox() {
            std::future::pending().await
        } else {
            self.marker.until_seen().await;
        }
    }
}

/// Tokens that `fly` takes from its environment; the env file may hold them too.
pub const FLY_TOKENS: &[&str] = &["FLY_ACCESS_TOKEN", "FLY_API_TOKEN"];

/// What `fly` sees: this process's environment without the pipeline's secrets, which it has no use for.
pub fn fly_environment(settings: &Settings) -> Vec<(OsString, OsString)> {
    let token = |name: &str| settings.vars.filled(name).map(|value| (name.into(), value.trim().into()));
    std::env::vars_os()
        .filter(|(name, _)| !PIPELINE.iter().chain(FLY_TOKENS).any(|n| name == n))
        .chain(FLY_TOKENS.iter().filter_map(|name| token(name)))
        .collect()
}

/// The time a program gets: less than its check, so that its end and its last lines come in time.
pub fn own_time(deadline: Duration) -> Duration {
    const RESERVE: Duration = Duration::from_secs(2);
    if deadline > RESERVE * 5 { deadline - RESERVE } else { deadline.mul_f64(0.8) }
}

/// This process's environment without the pipeline's variables and without Fly's tokens.
pub fn program_environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| !PIPELINE.iter().chain(FLY_TOKENS).any(|n| name == n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::http::Proxies;
    use crate::settings::{Target, Vars};

    #[test]
    fn lines_without_end_do_not_fill_the_memory() {
        let settings = Settings {
            target: Target::default(),
            others: vec![],
            vars: Vars::default(),
            config: None,
            fingerprint_key: None,
            app_dir: None,
            ca_file: None,
            checks: None,
            selection: Default::default(),
            strict: false,
            timeout: crate::input::interval::Interval::seconds(60),
            watch: None,
            attest: Default::default(),
            runs_dir: None,
        };
        let roots = Roots::none();
        let http = Client::new(&roots, Proxies::default(), MarkerSink::default()).expect("a client");
        let (cx, mut lines) = Context::new(Arc::new(settings), Redactor::default(), roots, http);
        for _ in 0..MAX_LINES + 1000 {
            cx.line("quality.lint", Stream::Stdout, "y");
        }
        assert_eq!(lines.len(), MAX_LINES);
        lines.try_recv().expect("a line");
        cx.line("quality.lint", Stream::Stdout, "there is room again");
        assert_eq!(lines.len(), MAX_LINES);
    }
}
