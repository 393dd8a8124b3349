//! A real PgBouncer in transaction mode in front of a cluster, as hosted databases put one there. Named
//! prepared statements do not survive in it, which is what the program must not depend on.

use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::http::port;
use hotdash_ops::testing::rehearsal::postgres::Native;
use hotdash_ops::testing::rehearsal::postgres::process_guard::ProcessGuard;

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running pooler. Dropping it ends it.
pub struct PgBouncer {
    guard: ProcessGuard,
    port: u16,
}

impl PgBouncer {
    /// Starts a pooler for these roles of `server`, with `pool_size` connections per user and database.
    pub fn start(server: &Native, roles: &[&str], pool_size: u32) -> PgBouncer {
        PgBouncer::set(server, roles, pool_size, "")
    }

    /// A pooler that closes every connection that is idle for a second, on either side.
    pub fn impatient(server: &Native, roles: &[&str]) -> PgBouncer {
        PgBouncer::set(server, roles, 2, "server_idle_timeout = 1\nclient_idle_timeout = 1\n")
    }

    fn set(server: &Native, roles: &[&str], pool_size: u32, more: &str) -> PgBouncer {
        assert!(
            Path::new(PROGRAM).is_file(),
            "{PROGRAM} is missing, and this test needs a real pooler: `apt-get install pgbouncer`"
        );
        let guard = ProcessGuard::new("pooler", &["TERM", "KILL"]).expect("a guard");
        let port = port::free().expect("a free port");
        let users: String =
            roles.iter().map(|role| format!("\"{role}\" \"{}\"\n", server.password(role))).collect();
        let users = guard.write("users.txt", &users).expect("the user list");
        // Versions that can track prepared statements are reported not to; older ones do not know the setting.
        let statements = if tracks_statements() { "max_prepared_statements = 0\n" } else { "" };
        let config = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = {pool_size}\nignore_startup_parameters = extra_float_digits\n{statements}{more}",
            server.port(),
            users.display()
        );
        let config = guard.write("pgbouncer.ini", &config).expect("the configuration");
        guard.start(Path::new(PROGRAM), &[config.display().to_string()]).expect("the pooler starts");
        let pooler = PgBouncer { guard, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(pooler.guard.alive().unwrap_or(false), "pgbouncer ended: {}", pooler.guard.log());
            assert!(Instant::now() < deadline, "pgbouncer does not answer: {}", pooler.guard.log());
            std::thread::sleep(Duration::from_millis(30));
        }
        pooler
    }

    /// The connection string of a role through the pooler, as Prisma wants it written.
    pub fn prisma_login(&self, server: &Native, role: &str, database: &str) -> String {
        format!(
            "{}?pgbouncer=true&connection_limit=1&pool_timeout=10&schema=public",
            self.login(server, role, database)
        )
    }

    /// The connection string of a role through the pooler.
    pub fn login(&self, server: &Native, role: &str, database: &str) -> String {
        let password = server.password(role);
        format!("postgresql://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The pooler's log so far.
    pub fn log(&self) -> String {
        self.guard.log()
    }
}

/// True from version 1.21 on.
fn tracks_statements() -> bool {
    let output = std::process::Command::new(PROGRAM).arg("--version").output().expect("pgbouncer --version");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers =
        text.lines().next().unwrap_or_default().rsplit(' ').next().unwrap_or_default().split('.');
    let mut next = || numbers.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    (next(), next()) >= (1, 21)
}
