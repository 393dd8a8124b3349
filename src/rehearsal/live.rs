//! The world with traffic in it: customers write, Chatwoot delivers, the app
//! forwards and records. A world without this stands still, as preflight needs it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::agent::Agent;
use super::app::App;
use super::app::facts::{Facts, Seats};
use super::app::pump::{Level, Log, Parts, Pump};
use super::chatwoot::{Chatwoot, Sender};
use super::customers::{Customers, Habits};
use super::fly::Fly;
use crate::service::http::{Client, Proxies};
use crate::service::marker::MarkerSink;
use crate::service::tls::Roots;

/// What keeps traffic going; it stops when this is dropped.
pub struct Live {
    pub customers: Customers,
    _pump: Pump,
}

/// The parts of a world between which traffic goes.
pub(super) struct Between<'a> {
    pub chatwoot: &'a Chatwoot,
    pub agent: &'a Agent,
    pub app: &'a App,
    pub fly: Fly,
    /// The rehearsal's authority, PEM.
    pub ca_file: &'a Path,
    /// A connection string that may write facts.
    pub writer: Option<&'a str>,
    /// How many may be connected to that database.
    pub seats: Seats,
    pub account: u64,
}

impl Live {
    pub(super) fn start(between: &Between<'_>, habits: Habits) -> Result<Live> {
        let roots = Roots::only(between.ca_file).context("the rehearsal's authority")?;
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
        let pump = Pump::start(Parts {
            app: between.app.handle(),
            chatwoot: between.chatwoot.handle(),
            agent_url: between.agent.url_at("localhost"),
            http,
            facts: between.writer.map(|dsn| Facts::new(dsn, between.seats)),
            log: log_of(between.fly.clone()),
            account: between.account,
            drafts_by,
        });
        let customers = Customers::start(between.chatwoot.handle(), between.account, staff, habits);
        Ok(Live { customers, _pump: pump })
    }
}

/// The app's log is what `fly logs` shows.
fn log_of(fly: Fly) -> Log {
    Arc::new(move |level, text| {
        let level = match level {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        // A line that cannot be kept is a line that was lost, which happens on Fly, too.
        let _ = fly.log("hotdash-app", level, text, jiff::Timestamp::now());
    })
}
