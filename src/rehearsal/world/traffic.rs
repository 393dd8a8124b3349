//! The traffic of a world: customers write, Chatwoot delivers, the app forwards and records. Without it a world does
//! not change, as preflight needs it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::rehearsal::postgres::query;
use crate::rehearsal::standins::agent::Agent;
use crate::rehearsal::standins::app::App;
use crate::rehearsal::standins::app::facts::{Connect, ConnectionLimit, Facts};
use crate::rehearsal::standins::app::forwarder::{Forwarder, Level, Log, Parts};
use crate::rehearsal::standins::chatwoot::{Chatwoot, Sender};
use crate::rehearsal::standins::customers::{Customers, Habits};
use crate::rehearsal::standins::fly::Fly;
use crate::service::http::{Client, Proxies};
use crate::service::marker::MarkerSink;
use crate::service::tls::Roots;

/// The running traffic; it stops when this is dropped.
pub struct Traffic {
    pub customers: Customers,
    _pump: Forwarder,
}

/// The parts of a world that take part in traffic.
pub(super) struct TrafficParts<'a> {
    pub chatwoot: &'a Chatwoot,
    pub agent: &'a Agent,
    pub app: &'a App,
    pub fly: Fly,
    /// The rehearsal's authority, PEM.
    pub ca_file: &'a Path,
    /// A connection string with write access to the facts.
    pub writer: Option<&'a str>,
    /// How many connections that database accepts.
    pub connection_limit: ConnectionLimit,
    pub account: u64,
}

impl Traffic {
    pub(super) fn start(between: &TrafficParts<'_>, habits: Habits) -> Result<Traffic> {
        let roots = Roots::only(between.ca_file).context("cannot read the rehearsal's authority")?;
        let http = Client::new(&roots, Proxies::none(), MarkerSink::default())?;
        let (staff, bot) = between.chatwoot.update(|chatwoot| {
            let staff = chatwoot.people.get("administrator").map(|person| person.id);
            let bot = chatwoot.bots.get("bot").map(|bot| bot.id);
            (staff, bot)
        });
        let staff = Sender::User(staff.context("Chatwoot has no administrator")?);
        let drafts_by = Sender::Bot(bot.context("Chatwoot has no bot")?);
        let seed = habits.seed;
        between.app.update(|app| app.handling.seed = seed);
        let pump = Forwarder::start(Parts {
            app: between.app.handle(),
            chatwoot: between.chatwoot.handle(),
            agent_url: between.agent.url_at("localhost"),
            http,
            facts: between.writer.map(|dsn| Facts::new(connector(dsn), between.connection_limit)),
            log: log_of(between.fly.clone()),
            account: between.account,
            drafts_by,
        });
        let customers = Customers::start(between.chatwoot.handle(), between.account, staff, habits);
        Ok(Traffic { customers, _pump: pump })
    }
}

fn connector(dsn: &str) -> Connect {
    let dsn = dsn.to_owned();
    Box::new(move || {
        let dsn = dsn.clone();
        Box::pin(async move {
            let (client, connection) = query::connect(&dsn).await?;
            // The connection ends with its client; errors are returned to whoever waits for a result.
            tokio::spawn(connection);
            Ok(client)
        })
    })
}

/// Writes the app's log lines to `fly logs`.
fn log_of(fly: Fly) -> Log {
    Arc::new(move |level, text| {
        let level = match level {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        // Log lines can get lost on Fly, too.
        let _ = fly.log("hotdash-app", level, text, jiff::Timestamp::now());
    })
}
