//! The app's log lines during the window.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use super::fly::FlyApp;
use crate::context::{Attempt, Context, FLY_TOKENS};
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::settings::Settings;
use crate::traffic::judge::{self, Rules};
use crate::traffic::watch::measure;

/// One claim on what the app logged during the window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Logs {
    /// No line is an error.
    Errors,
    /// No line reports a failed attempt that a retry may have recovered.
    Warnings,
}

impl Logs {
    pub(super) async fn prepare(self, cx: &Arc<Context>) {
        measure::logs(cx).await;
        measure::observation(cx).await;
    }

    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let settings = &attempt.cx.settings;
        let Some(app) = settings.target.text(FlyApp::App.key()) else {
            let target = &settings.target;
            let claim =
                Claim::undecided("app-on-fly", "app on Fly", "`fly_app` of the target", "not configured")
                    .sentence(format!("`fly_app` is not configured for {}", target.name))
                    .fix(target.line_to_add(FlyApp::App.key()));
            return Ok(Finding::about("fly logs").claim(claim));
        };
        let reading = measure::logs(attempt.cx).await;
        let reading = reading.as_ref().as_ref().map_err(Clone::clone)?;
        let observation = measure::observation(attempt.cx).await;
        let observation = observation.as_ref().as_ref().map_err(Clone::clone)?;
        let lines = reading.judge(observation.window.from, observation.window.to);
        let (asked, rules) = (command(&app), Rules::new(settings));
        Ok(match self {
            Logs::Errors => judge::log_errors(&asked, &lines, observation, rules),
            Logs::Warnings => judge::log_warnings(&asked, &lines, observation, rules),
        })
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let traffic = &settings.target.traffic;
        let app = settings.target.text(FlyApp::App.key());
        let texts =
            |texts: &[String]| texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
        let wanted = match self {
            Logs::Errors => format!("no line of level error, and none with {}", texts(&traffic.log_errors)),
            Logs::Warnings => format!("no line with {}", texts(&traffic.log_warnings)),
        };
        let mut expectations = vec![
            wanted,
            "the log was read for the whole window: at least one line in it, and no gap between full batches"
                .to_owned(),
        ];
        if app.is_none() {
            expectations.push(settings.target.line_to_add(FlyApp::App.key()));
        }
        Explanation {
            question: format!("the app's log during the window, read every {}", traffic.logs_every),
            by_hand: vec![command(app.as_deref().unwrap_or("APP"))],
            expectations,
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        match self {
            Logs::Errors => codes(["app-on-fly", "error-lines", "window", "deploy", "standby"]),
            Logs::Warnings => codes(["app-on-fly", "failed-attempts", "window", "deploy", "standby"]),
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        FLY_TOKENS.iter().map(|token| (*token).to_owned()).collect()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        Vec::new()
    }
}

fn command(app: &str) -> String {
    format!("fly logs -a {app} --json --no-tail")
}
