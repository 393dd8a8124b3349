//! One HTTP request and the response it must get.

mod fix;
mod judge;
mod shell;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reqwest::header::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Explanation;
use super::codes::codes;
use super::expect::Expect;
use crate::context::{Attempt, Context, Key};
use crate::input::template::{Part, Template};
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::http::{Answer, Request};
use crate::service::place::without_user;
use crate::service::unreachable::Unreachable;
use crate::settings::Settings;
use crate::text::excerpt;

pub(super) use fix::fix_for;
pub(super) use shell::by_hand;

/// The response to a request, by method, URL and headers.
const ANSWER: Key<Result<Answer, Unreachable>> = Key::new("the response to");

/// One HTTP request, and the response it must get.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    #[serde(default)]
    pub method: Method,
    pub url: Template,
    /// Headers to send.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// A JSON body to send.
    pub json: Option<serde_json::Value>,
    /// The accepted statuses.
    #[serde(default = "ok")]
    pub status: Vec<u16>,
    /// What the JSON body must contain.
    #[serde(default)]
    pub expect: Vec<Expect>,
}

fn ok() -> Vec<u16> {
    vec![200]
}

/// The methods that a check can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
        }
    }
}

/// How many characters of a body are shown.
const EXCERPT_CHARS: usize = 300;

impl Http {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let cx = attempt.cx;
        let url = usable(cx, &self.url)?;
        let operands = self.operands(cx)?;
        let request = self.request(cx, &url)?;
        let seen = self.seen(attempt, &url, request).await;
        if let Err(fault) = &*seen {
            our_side(fault)?;
        }
        let mut finding = Finding::about(format!("{} {}", self.method.name(), without_user(&url)));
        if let Ok(answer) = &*seen {
            // Redacted before it is cut: half a secret would not be recognised.
            let body = cx.redactor.apply(&answer.text()).into_owned();
            if !body.trim().is_empty() {
                finding = finding.evidence("response body", excerpt(&body, EXCERPT_CHARS));
            }
        }
        Ok(judge::judge(self, finding, &seen, &operands))
    }

    /// GET and HEAD are measurements: checks that send the same request share its response.
    async fn seen(
        &self,
        attempt: &Attempt<'_>,
        url: &Url,
        request: Request,
    ) -> Arc<Result<Answer, Unreachable>> {
        let (client, deadline) = (attempt.cx.http.clone(), attempt.deadline);
        if self.method == Method::Post {
            return Arc::new(client.ask(request, deadline).await);
        }
        let headers: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let key = ANSWER.of(format!("{} {} {}", self.method.name(), without_user(url), headers.join(", ")));
        attempt.cx.measure(key, attempt.again, async move { client.ask(request, deadline).await }).await
    }

    /// The environment variable that holds the URL, for a fix.
    fn variable(&self) -> &str {
        self.url.variables().next().unwrap_or("the URL of this check")
    }

    fn request(&self, cx: &Context, url: &Url) -> Result<Request, ProbeError> {
        let mut request = match (self.method, &self.json) {
            (Method::Get, _) => Request::get(url.as_str()),
            (Method::Head, _) => Request::head(url.as_str()),
            (Method::Post, Some(json)) => Request::post_json(url.as_str(), json.to_string()),
            (Method::Post, None) => Request::new(reqwest::Method::POST, url.as_str()),
        };
        request = request.header("accept", "application/json, */*");
        for (name, value) in &self.headers {
            let text = cx.expand(value)?;
            request = match value.variables().next() {
                Some(_) => request.secret(name, text),
                None => request.header(name, text),
            };
        }
        Ok(request)
    }

    /// The operand of each expectation, with variables and the target's values filled in.
    fn operands(&self, cx: &Context) -> Result<Vec<Operand>, ProbeError> {
        let operand = |expect: &Expect| match (expect.unconfigured(&cx.settings.target), expect.is.template())
        {
            (Some(open), _) => Ok(Operand::Unconfigured(open)),
            (None, Some(template)) => Ok(Operand::Text(Some(cx.expand(template)?))),
            (None, None) => Ok(Operand::Text(None)),
        };
        self.expect.iter().map(operand).collect()
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let mut expectations = vec![format!("http status: {}", judge::statuses(&self.status))];
        expectations.extend(self.expect.iter().map(|expect| expect.in_words(&settings.target)));
        for open in self.expect.iter().filter_map(|expect| expect.unconfigured(&settings.target)) {
            expectations.push(format!("{}: {}", open.what, open.fix.unwrap_or(open.found)));
        }
        Explanation {
            question: format!("{} {}", self.method.name(), self.url),
            by_hand: vec![shell::curl(self, &settings.target)],
            expectations,
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        let mut claims = codes(["http-status"]);
        if !self.expect.is_empty() {
            claims.push("body".to_owned());
            claims.extend(self.expectation_codes());
        }
        claims
    }

    /// The code of each expectation's claim. Two expectations can be about the same place in the body; the later one
    /// gets a number.
    fn expectation_codes(&self) -> Vec<String> {
        let mut taken = codes(["http-status", "body"]);
        for code in self.expect.iter().map(Expect::code) {
            let numbered = (2..).map(|number| format!("{code}-{number}"));
            let free = std::iter::once(code.clone()).chain(numbered).find(|code| !taken.contains(code));
            taken.push(free.unwrap_or(code));
        }
        taken.split_off(2)
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        let operands = self.expect.iter().filter_map(|expect| expect.is.template());
        let templates = std::iter::once(&self.url).chain(self.headers.values()).chain(operands);
        templates.flat_map(Template::variables).map(str::to_owned).collect()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        let mut wrong: Vec<String> = self.expect.iter().flat_map(Expect::lint).collect();
        match self.url.parts().first() {
            None => wrong.push("`url` is empty".to_owned()),
            Some(Part::Text(text)) if !text.starts_with("https://") && !text.starts_with("http://") => {
                wrong.push(format!("`url = \"{}\"` must begin with a variable or https://", self.url));
            }
            Some(_) => {}
        }
        if self.status.is_empty() {
            wrong.push("`status` is empty, so no response could pass".to_owned());
        }
        let odd = self.status.iter().filter(|status| !(200..600).contains(*status));
        wrong.extend(odd.map(|status| format!("{status} is not a valid HTTP status (200 to 599)")));
        if self.method == Method::Head && !self.expect.is_empty() {
            wrong.push("a response to HEAD has no body, so `expect` can never hold".to_owned());
        }
        if self.method != Method::Post && self.json.is_some() {
            wrong.push(format!("`json` is not sent with {}; set method = \"POST\"", self.method.name()));
        }
        let odd = self.headers.keys().filter(|name| HeaderName::from_bytes(name.as_bytes()).is_err());
        wrong.extend(odd.map(|name| format!("`{name}` is not a valid header name")));
        wrong
    }
}

/// What an expectation is compared with.
enum Operand {
    /// The text, for the operators that have one.
    Text(Option<String>),
    /// The undecided claim, because the target does not configure the value.
    Unconfigured(Claim),
}

/// The URL of a template. The error shows the template and not its value, because somebody may have put a token
/// into the wrong variable.
///
/// # Errors
/// When a variable is missing, or the result is not an http or https URL.
pub(super) fn usable(cx: &Context, template: &Template) -> Result<Url, ProbeError> {
    crate::service::http::usable(&cx.expand(template)?)
        .map_err(|fault| ProbeError::because(format!("`{template}` is {fault}")))
}

/// Stops here when the fault is on our side: the request cannot be sent, or our proxy does not let it through. Any
/// other fault is a result of the check.
///
/// # Errors
/// The fault as [`ProbeError`].
pub(super) fn our_side(fault: &Unreachable) -> Result<(), ProbeError> {
    match fault {
        Unreachable::BadUrl(_) | Unreachable::BadHeader(_) | Unreachable::Proxy { .. } => {
            Err(ProbeError::because(fault.to_string()))
        }
        _ => Ok(()),
    }
}
