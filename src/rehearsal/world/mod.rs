//! The whole world on loopback: Chatwoot, the app, the Agent SDK, `fly`, a checkout and a real PostgreSQL, each in a
//! good state for a production deploy, with the matching variables and configuration.

mod config;
pub mod setup;
mod traffic;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::rehearsal::http::Transport;
use crate::rehearsal::http::control_server::{ControlServer, StandInRegistry};
use crate::rehearsal::http::tls::{Authority, CertificateSpec};
use crate::rehearsal::postgres::process_guard::ProcessGuard;
use crate::rehearsal::postgres::{self, Engine, Postgres};
use crate::rehearsal::standins::agent::{self, Agent};
use crate::rehearsal::standins::app::facts::ConnectionLimit;
use crate::rehearsal::standins::app::{self, App};
use crate::rehearsal::standins::chatwoot::{self, Chatwoot, Deliverer};
use crate::rehearsal::standins::checkout::{self, Checkout};
use crate::rehearsal::standins::customers::Habits;
use crate::rehearsal::standins::fly::Fly;
use crate::service::tls::Roots;
use setup::Setup;
use traffic::{Traffic, TrafficParts};

/// Chatwoot's account in the sandbox.
pub const ACCOUNT: u64 = 3;

/// The database that the world uses.
#[derive(Clone, Debug)]
pub enum Database {
    /// A database in an engine that others use as well.
    Of(Arc<Postgres>, String),
    /// A database given by the user, readable and writable: empty, or filled by an earlier rehearsal.
    Given(String),
    /// An existing database, by its connection strings: the reader's, and that of a role with write access to the
    /// facts.
    At { reader: String, writer: Option<String> },
}

/// The running world. Dropping it stops everything in it.
pub struct World {
    /// Delivers Chatwoot's events to the app.
    pub deliverer: Deliverer,
    pub chatwoot: Chatwoot,
    pub agent: Agent,
    pub app: App,
    pub fly: Fly,
    pub checkout: Checkout,
    pub authority: Authority,
    pub control: ControlServer,
    /// The PostgreSQL engine and version; empty where a test gave the connection strings.
    pub engine: String,
    /// How many connections the database accepts.
    connection_limit: ConnectionLimit,
    live: Option<Traffic>,
    writer: Option<String>,
    /// The guard removes the folder even if this process is killed.
    folder: ProcessGuard,
    variables: BTreeMap<String, String>,
}

impl World {
    /// Starts the world on the caller's runtime; it answers while that runtime runs.
    ///
    /// # Errors
    /// A missing part (PostgreSQL's programs, git), with what to install.
    pub async fn start(database: Database) -> Result<World> {
        let folder = ProcessGuard::as_we_are("ops-sandbox", &[])
            .context("cannot create a temporary folder for the sandbox")?;
        let root = folder.directory().to_path_buf();
        let at = |name: &str| root.join(name);
        let authority = Authority::new()?;
        let tls = || Transport::Tls(authority.clone(), CertificateSpec::default());
        let app = App::start(app::State::default(), Transport::Plain).await?;
        let webhook_url = format!("{}/api/webhooks/chatwoot", app.url());
        let mut state = chatwoot::State::default();
        let secret = register_webhook(&mut state, &webhook_url);
        let token = state.token_of("administrator");
        let account_name = state.accounts.get(&ACCOUNT).map(|a| a.name.clone()).unwrap_or_default();
        app.update(|app| app.secret = Some(secret.clone()));
        let chatwoot = Chatwoot::start(state, tls()).await?;
        let deliverer = Deliverer::start(&chatwoot, &Roots::none())?;
        let agent = Agent::start(agent::State::default(), tls()).await?;
        let control = ControlServer::start(
            StandInRegistry::default().with("chatwoot", &chatwoot).with("agent", &agent).with("app", &app),
        )
        .await?;

        let bin = at("bin");
        let fly = Fly::install(&bin, &at("fly"))?;
        if checkout::npm::is_missing() {
            checkout::npm::install(&bin)?;
        }
        let checkout = Checkout::create(&at("app"), &at("tools"))?;
        let Served { connection_limit, engine, reader, writer } = serve(database).await?;
        let variables = BTreeMap::from(
            [
                ("CHATWOOT_BASE_URL", chatwoot.url_at("localhost")),
                ("CHATWOOT_API_KEY", token.clone()),
                // The other name of the token: a value in the caller's shell would contradict this one.
                ("CHATWOOT_API_TOKEN", token),
                ("CHATWOOT_ACCOUNT_ID", ACCOUNT.to_string()),
                ("CHATWOOT_WEBHOOK_SECRET", secret),
                ("AGENT_SDK_URL", agent.url_at("localhost")),
                ("DATABASE_URL", reader),
                ("HOTDASH_OPS_TARGET", "sandbox".to_owned()),
                ("HOTDASH_OPS_CONFIG", at("config.toml").display().to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let mut world = World {
            deliverer,
            chatwoot,
            agent,
            app,
            fly,
            checkout,
            authority,
            control,
            engine,
            connection_limit,
            live: None,
            writer,
            folder,
            variables,
        };
        world.link_program(&bin)?;
        fs::write(at("ca.pem"), world.authority.ca_pem())
            .context("cannot write the authority's certificate")?;
        let config = world.config(&webhook_url, &account_name)?;
        fs::write(at("config.toml"), config).context("cannot write the sandbox's configuration")?;
        Ok(world)
    }

    /// Starts the traffic, in a world that this setup has changed first.
    ///
    /// # Errors
    /// A part that does not start, and a setup that a stand-in rejects.
    pub async fn start_traffic(&mut self, habits: Habits, setting: Setup) -> Result<()> {
        // Deliveries under way must not become part of the new traffic.
        self.live = None;
        let quiet = Habits { per_minute: 0.0, ..habits };
        let live = Traffic::start(
            &TrafficParts {
                chatwoot: &self.chatwoot,
                agent: &self.agent,
                app: &self.app,
                fly: self.fly.clone(),
                ca_file: &self.folder().join("ca.pem"),
                writer: self.writer.as_deref(),
                connection_limit: self.connection_limit,
                account: ACCOUNT,
            },
            quiet,
        )?;
        self.control.add("customers", live.customers.remote());
        self.live = Some(live);
        self.customers(|customers| customers.per_minute = habits.per_minute);
        setting.apply(self).await
    }

    /// Stops the traffic; deliveries under way may be lost.
    pub fn stop_traffic(&mut self) {
        self.live = None;
    }

    /// Changes how customers behave; does nothing in a world without traffic.
    pub fn customers(&self, change: impl FnOnce(&mut Habits)) {
        if let Some(live) = &self.live {
            live.customers.update(change);
        }
    }

    /// The variables of the pipeline and of this program, `PATH` included.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The world's folder: configuration, certificates, the checkout and the programs.
    pub fn folder(&self) -> &Path {
        self.folder.directory()
    }

    /// The configuration file, with every expected value.
    pub fn config_path(&self) -> PathBuf {
        self.folder.directory().join("config.toml")
    }

    /// Puts this program, `fly` and, if Node is missing, `npm` and `npx` first on `PATH`.
    fn link_program(&mut self, bin: &Path) -> Result<()> {
        let program = std::env::current_exe().context("cannot find this program's own path")?;
        std::os::unix::fs::symlink(program, bin.join("hotdash-ops")).context("cannot link this program")?;
        let old = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = vec![bin.to_path_buf()];
        paths.extend(std::env::split_paths(&old));
        let joined = std::env::join_paths(paths).context("PATH contains a folder that cannot be joined")?;
        let text = joined.into_string().ok().context("PATH is not UTF-8")?;
        self.variables.insert("PATH".to_owned(), text);
        Ok(())
    }
}

/// A database that is ready to be used.
struct Served {
    connection_limit: ConnectionLimit,
    engine: String,
    reader: String,
    writer: Option<String>,
}

async fn serve(database: Database) -> Result<Served> {
    match database {
        Database::Of(postgres, name) => {
            let engine = format!("{} (PostgreSQL {})", postgres.engine().name(), postgres.version().await?);
            let login = |role| postgres.login(role, &name);
            let (reader, writer) = (login(postgres::READER), Some(login(postgres::OWNER)));
            Ok(Served { connection_limit: connection_limit(&postgres), engine, reader, writer })
        }
        Database::Given(url) => {
            let engine = format!("given (PostgreSQL {})", postgres::given::prepare(&url).await?);
            Ok(Served {
                connection_limit: ConnectionLimit::Unlimited,
                engine,
                reader: url.clone(),
                writer: Some(url),
            })
        }
        Database::At { reader, writer } => {
            Ok(Served { connection_limit: ConnectionLimit::Unlimited, engine: String::new(), reader, writer })
        }
    }
}

fn connection_limit(postgres: &Postgres) -> ConnectionLimit {
    match postgres.engine() {
        Engine::Native => ConnectionLimit::Unlimited,
        Engine::Embedded => ConnectionLimit::One,
    }
}

/// Registers the app's webhook in Chatwoot, and returns its secret.
fn register_webhook(state: &mut chatwoot::State, url: &str) -> String {
    state.last_webhook_id += 1;
    let secret = chatwoot::token();
    state.webhooks.push(chatwoot::Webhook {
        id: state.last_webhook_id,
        account_id: ACCOUNT,
        name: Some("hotdash".to_owned()),
        url: url.to_owned(),
        subscriptions: vec!["message_created".to_owned(), "conversation_status_changed".to_owned()],
        inbox_id: None,
        secret: secret.clone(),
    });
    secret
}
