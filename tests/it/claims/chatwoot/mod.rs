//! What can be wrong in the section, one thing at a time: Chatwoot itself, the token, the webhooks and the health
//! check script; then whole worlds, and where the token must not go.

mod alive;
mod script;
mod token;
mod webhooks;
mod worlds;

use serde_json::{Value, json};

use super::Case;
use crate::support::bench::Bench;

pub fn cases() -> Vec<Case> {
    let all = [alive::cases(), token::cases(), webhooks::cases(), script::cases()];
    all.into_iter().flatten().collect()
}

/// Changes the state of Chatwoot.
fn state(bench: &Bench, change: Value) {
    bench.control("chatwoot", json!({ "state": change }));
}

/// Replaces Chatwoot's response to a request.
fn answer(bench: &Bench, pattern: &str, answer: Value) {
    bench.control("chatwoot", json!({ "set": { pattern: answer } }));
}

/// Makes the run use this token.
fn token(bench: &mut Bench, token: impl Into<String>) {
    let token = token.into();
    bench.set("CHATWOOT_API_KEY", token.clone());
    bench.set("CHATWOOT_API_TOKEN", token);
}

/// Makes the run use the token of one of Chatwoot's users.
fn person(bench: &mut Bench, name: &str) {
    let of = bench.world.chatwoot.update(|state| state.token_of(name));
    token(bench, of);
}
