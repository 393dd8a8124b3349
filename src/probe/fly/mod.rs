//! Secrets of an app on Fly.

mod judge;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use super::env::is_name;
use crate::context::{Attempt, FLY_TOKENS, Key, fly_environment, own_time};
use crate::outcome::finding::{Claim, Finding, ProbeError, slug};
use crate::service::fly::{self, Answer, FlyError, Secret};
use crate::settings::Settings;

/// The secrets of an app, by its name.
const SECRETS: Key<Answer<Vec<Secret>>> = Key::new("the secrets on Fly of");

/// Secrets of an app on Fly, by `fly secrets list --json`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fly {
    /// These secrets are deployed.
    Secrets {
        /// Which app: `fly_app` or `fly_agent_app` of the target.
        app: FlyApp,
        /// All of these must be deployed.
        #[serde(default)]
        all: Vec<String>,
        /// At least one of these must be deployed.
        #[serde(default)]
        one_of: Vec<String>,
    },
}

/// The apps of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlyApp {
    /// The web app.
    App,
    /// The Agent SDK's service.
    Agent,
}

impl FlyApp {
    pub(super) fn key(self) -> &'static str {
        match self {
            FlyApp::App => "fly_app",
            FlyApp::Agent => "fly_agent_app",
        }
    }
}

impl Fly {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let Fly::Secrets { app, all, one_of } = self;
        let settings = &attempt.cx.settings;
        let key = app.key();
        let Some(name) = settings.target.text(key) else {
            let line = settings.target.line_to_add(key);
            let target = &settings.target.name;
            let claim = Claim::undecided(
                "app-on-fly",
                "app on Fly",
                format!("the `{key}` of {target}"),
                "none configured",
            )
            .sentence(format!("`{key}` is not configured for {target}"))
            .fix(line);
            return Ok(Finding::about("fly secrets list").claim(claim));
        };
        let (env, time) = (fly_environment(settings), own_time(attempt.deadline));
        let (of, redactor, marker) = (name.clone(), attempt.cx.redactor.clone(), attempt.cx.marker.clone());
        let take = async move { fly::secrets(env, &of, time, &redactor, &marker).await };
        let answer = attempt.cx.measure(SECRETS.of(&name), attempt.again, take).await;
        finding(&answer, &name, all, one_of)
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let Fly::Secrets { app, all, one_of } = self;
        let name = settings.target.text(app.key());
        let mut expectations: Vec<String> =
            all.iter().map(|n| format!("secret {n}: set and deployed")).collect();
        if !one_of.is_empty() {
            expectations.push(format!("one of {}: set and deployed", one_of.join(", ")));
        }
        if name.is_none() {
            expectations.push(settings.target.line_to_add(app.key()));
        }
        Explanation {
            question: "are these secrets of the app set and deployed on Fly?".to_owned(),
            by_hand: vec![format!("fly secrets list -a {} --json", name.as_deref().unwrap_or("APP"))],
            expectations,
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        let Fly::Secrets { all, one_of, .. } = self;
        let mut claims = codes(["app-on-fly", "secrets"]);
        claims.extend(all.iter().map(|name| slug(&format!("secret {name}"))));
        if !one_of.is_empty() {
            claims.push("one-of".to_owned());
        }
        claims
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        FLY_TOKENS.iter().map(|t| (*t).to_owned()).collect()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        let Fly::Secrets { all, one_of, .. } = self;
        let mut wrong: Vec<String> = all
            .iter()
            .chain(one_of)
            .filter(|n| !is_name(n))
            .map(|n| format!("`{n}` is not the name of a secret (A-Z, 0-9 and _)"))
            .collect();
        if all.is_empty() && one_of.is_empty() {
            wrong.push("`fly.secrets` names no secret: add `all` or `one_of`".to_owned());
        }
        wrong
    }
}

/// What the answer means for these names. A `fly` that does not work is an error of our side. Any other trouble,
/// including a time-out, says nothing about the secrets, so the claim is undecided.
fn finding(
    answer: &Answer<Vec<Secret>>,
    app: &str,
    all: &[String],
    one_of: &[String],
) -> Result<Finding, ProbeError> {
    let asked = Finding::about(&answer.asked);
    let trouble = match &answer.found {
        Ok(secrets) => return Ok(judge::judge(asked, app, secrets, all, one_of)),
        Err(trouble) => trouble,
    };
    let fix = match trouble {
        FlyError::NotRun(why) => {
            return Err(ProbeError::because(why.to_string())
                .hint("install flyctl and add it to PATH: https://fly.io/docs/flyctl/install/"));
        }
        FlyError::NotLoggedIn => {
            return Err(
                ProbeError::because(trouble.to_string()).hint("log in: fly auth login, or set FLY_API_TOKEN")
            );
        }
        FlyError::Broken(_) => {
            return Err(ProbeError::because(trouble.to_string())
                .hint("check that flyctl works: fly version && fly auth whoami"));
        }
        FlyError::NoApp(_) => {
            format!("check that the app's name is right and that the token is for it: fly status -a {app}")
        }
        FlyError::Refused(_) => {
            format!("use a token that can read the app {app}: fly tokens create readonly -o ORGANISATION")
        }
        FlyError::TimedOut(_) | FlyError::NoLines(_) | FlyError::Said(_) | FlyError::Unreadable { .. } => {
            format!("run it by hand: {}", answer.asked)
        }
    };
    let claim = Claim::undecided("secrets", format!("secrets of {app}"), "a list of their names", "no list")
        .sentence(trouble.to_string())
        .fix(fix);
    Ok(asked.claim(claim))
}

#[cfg(test)]
mod tests;
