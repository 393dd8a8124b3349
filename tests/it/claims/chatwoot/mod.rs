//! What can be wrong in the section, one thing at a time: whether Chatwoot runs, whose token it is, the
//! webhooks, and the health check script; then whole worlds, and where the token may not go.

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

/// Lays an answer over Chatwoot's own.
fn answer(bench: &Bench, pattern: &str, answer: Value) {
    bench.control("chatwoot", json!({ "set": { pattern: answer } }));
}

/// Has the run use this token.
fn token(bench: &mut Bench, token: impl Into<String>) {
    let token = token.into();
    bench.set("CHATWOOT_API_KEY", token.clone());
    bench.set("CHATWOOT_API_TOKEN", token);
}

/// Has the run use the token of one of Chatwoot's people.
fn person(bench: &mut Bench, name: &str) {
    let of = bench.world.chatwoot.update(|state| state.token_of(name));
    token(bench, of);
}
