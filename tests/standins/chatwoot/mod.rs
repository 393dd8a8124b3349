//! The stand-in for Chatwoot, request by request.

mod conversations;
mod deliveries;
mod errors;
mod events;
mod filter;
mod messages;

mod reports;
mod webhooks;
mod worker;

use hotdash_ops::testing::rehearsal::http::Transport;
use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State};
use reqwest::Method;

use crate::requests::{JSON, Reply, client};

pub const HOOKS: &str = "/api/v1/accounts/3/webhooks";

/// One row of a table of answers: a request, in a state, and what has to come back.
struct Row {
    name: &'static str,
    state: State,
    token: String,
    header: &'static str,
    method: Method,
    path: String,
    accept: Option<&'static str>,
    /// Content type and text of the body.
    sent: Option<(&'static str, String)>,
    status: u16,
    content_type: &'static str,
    /// The exact body, or only its beginning.
    body: String,
    whole: bool,
}

/// A request of the administrator of a healthy 4.8.0.
fn row(name: &'static str, method: Method, path: &str) -> Row {
    let state = State::version("4.8.0");
    let token = state.token_of("administrator");
    Row {
        name,
        state,
        token,
        header: "api_access_token",
        method,
        path: path.to_owned(),
        accept: None,
        sent: None,
        status: 200,
        content_type: JSON,
        body: String::new(),
        whole: true,
    }
}

impl Row {
    fn by(mut self, name: &str) -> Row {
        self.token = self.state.token_of(name);
        self
    }

    fn token(mut self, token: &str) -> Row {
        self.token = token.to_owned();
        self
    }

    /// Changes the state that the request meets.
    fn when(mut self, change: impl FnOnce(&mut State)) -> Row {
        change(&mut self.state);
        self
    }

    fn header(mut self, header: &'static str) -> Row {
        self.header = header;
        self
    }

    fn accept(mut self, accept: &'static str) -> Row {
        self.accept = Some(accept);
        self
    }

    fn json(self, body: &str) -> Row {
        self.sends("application/json", body)
    }

    fn sends(mut self, content_type: &'static str, body: &str) -> Row {
        self.sent = Some((content_type, body.to_owned()));
        self
    }

    fn gives(mut self, status: u16, body: &str) -> Row {
        self.status = status;
        self.body = body.to_owned();
        self
    }

    fn gives_start(mut self, status: u16, body: &str) -> Row {
        self.whole = false;
        self.gives(status, body)
    }

    fn content_type(mut self, content_type: &'static str) -> Row {
        self.content_type = content_type;
        self
    }
}

/// Sends every row to a stand-in of its own, and fails with all the rows that differ.
async fn judge(rows: Vec<Row>) {
    let client = client(None);
    let mut wrong = Vec::new();
    let count = rows.len();
    for row in rows {
        let chatwoot = Chatwoot::start(row.state, Transport::Plain).await.unwrap();
        let mut request = client.request(row.method, format!("{}{}", chatwoot.url(), row.path));
        if !row.token.is_empty() {
            let value =
                if row.header == "authorization" { format!("Bearer {}", row.token) } else { row.token };
            request = request.header(row.header, value);
        }
        if let Some(accept) = row.accept {
            request = request.header("accept", accept);
        }
        if let Some((kind, body)) = row.sent {
            request = request.header("content-type", kind).body(body);
        }
        let back = Reply::to(request).await;
        let body_fits = if row.whole { back.body == row.body } else { back.body.starts_with(&row.body) };
        if !(back.status == row.status && back.content_type == row.content_type && body_fits && back.marked) {
            let (status, kind, body) = (row.status, row.content_type, row.body);
            wrong.push(format!("{}: wanted {status} {kind} {body}\n  got {back:?}", row.name));
        }
        chatwoot.stop().await;
    }
    assert!(wrong.is_empty(), "{} of {count} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}
