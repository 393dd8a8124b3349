//! The rehearsal's PostgreSQL: a real server with real passwords that leaves nothing behind.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::postgres::{
    BERLIN, BYPASSING, DATABASE, Native, OUTSIDER, Options, Programs, READER, SINGLE, Tls, variant,
};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::server::server;

async fn connect(dsn: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The first column of the first row, as text.
async fn ask(client: &Client, sql: &str) -> Result<String, tokio_postgres::Error> {
    let messages = client.simple_query(sql).await?;
    let row = messages.iter().find_map(|m| match m {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
        _ => None,
    });
    Ok(row.unwrap_or_default())
}

fn sql_state(result: Result<impl Sized, tokio_postgres::Error>) -> SqlState {
    let error = result.err().expect("the server refuses");
    error.code().unwrap_or_else(|| panic!("not an answer of the server: {error}")).clone()
}

/// Processes that mention `directory` in their command line, zombies apart.
fn processes_of(directory: &Path) -> Vec<String> {
    let needle = directory.display().to_string();
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let lines = entries.filter_map(|e| std::fs::read(e.path().join("cmdline")).ok());
    lines.map(|l| String::from_utf8_lossy(&l).replace('\0', " ")).filter(|l| l.contains(&needle)).collect()
}

fn wait_until_gone(directory: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while directory.exists() || !processes_of(directory).is_empty() {
        assert!(Instant::now() < deadline, "left behind: {directory:?} {:?}", processes_of(directory));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn roles_can_do_what_their_names_say() {
    let server = server();
    server.copy("roles", "").expect("a copy");
    let reader = connect(&server.login(READER, "roles")).await.expect("the reader connects");
    let rows: u32 = ask(&reader, "select count(*) from dashboard_facts").await.unwrap().parse().unwrap();
    assert!((200..2000).contains(&rows), "{rows} facts");
    assert_eq!(
        ask(&reader, "select note from hotdash_ops_sandbox").await.unwrap(),
        "a database of the rehearsal"
    );
    assert_eq!(ask(&reader, "show timezone").await.unwrap(), "UTC");
    let written = reader.simple_query("delete from dashboard_facts").await;
    assert_eq!(sql_state(written), SqlState::INSUFFICIENT_PRIVILEGE);

    let outsider = connect(&server.login(OUTSIDER, "roles")).await.expect("the outsider connects");
    let read = outsider.simple_query("select 1 from dashboard_facts").await;
    assert_eq!(sql_state(read), SqlState::INSUFFICIENT_PRIVILEGE);

    let berlin = connect(&server.login(BERLIN, "roles")).await.expect("connects");
    assert_eq!(ask(&berlin, "show timezone").await.unwrap(), "Europe/Berlin");

    let _first = connect(&server.login(SINGLE, "roles")).await.expect("one connection");
    assert_eq!(sql_state(connect(&server.login(SINGLE, "roles")).await), SqlState::TOO_MANY_CONNECTIONS);
}

#[tokio::test]
async fn passwords_and_database_names_are_checked() {
    let server = server();
    let wrong = connect(&server.dsn(READER, "wr@ng/pass word", DATABASE)).await;
    assert_eq!(sql_state(wrong), SqlState::INVALID_PASSWORD);
    let nowhere = connect(&server.login(READER, "no_such_database")).await;
    assert_eq!(sql_state(nowhere), SqlState::INVALID_CATALOG_NAME);
    server.psql(DATABASE, "create role odd login password 'p@ss/w:rd% ''x'").expect("a role");
    connect(&server.dsn("odd", "p@ss/w:rd% 'x", DATABASE)).await.expect("an encoded password is understood");
}

#[tokio::test]
async fn the_good_database_is_healthy() {
    let server = server();
    server.copy("healthy", "").expect("a copy");
    let reader = connect(&server.login(READER, "healthy")).await.expect("connects");
    let deliveries = "from dashboard_facts where fact_type = 'support.webhook.retry'
        and recorded_at > (select max(recorded_at) from dashboard_facts) - interval '15 minutes'";
    let count = ask(&reader, &format!("select count(*) {deliveries}")).await.unwrap();
    assert!((50..=70).contains(&count.parse::<u32>().unwrap()), "{count} deliveries in fifteen minutes");
    let rate = format!(
        "select bool_and(value->>'success' = 'true' and (value->>'durationMs')::int < 500) {deliveries}"
    );
    assert_eq!(ask(&reader, &rate).await.unwrap(), "t");
    let dead = "select count(*) from dashboard_facts where fact_type = 'support.webhook.dead_letter'
        and recorded_at > now() - interval '1 day'";
    assert_eq!(ask(&reader, dead).await.unwrap(), "0");
    let skew = "select max(abs(extract(epoch from recorded_at - (metadata->>'timestamp')::timestamptz))) < 1
        from dashboard_facts where metadata ? 'timestamp'";
    assert_eq!(ask(&reader, skew).await.unwrap(), "t");
    let kinds = "select count(distinct fact_type) from dashboard_facts";
    assert_eq!(ask(&reader, kinds).await.unwrap(), "7");
    let future = "select count(*) from dashboard_facts where recorded_at > now()";
    assert_eq!(ask(&reader, future).await.unwrap(), "0");
}

#[test]
fn every_variant_can_be_created() {
    let server = server();
    for (name, sql) in variant::ALL {
        let database = format!("variant-{name}");
        server.copy(&database, sql).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        server.psql("template1", &format!("drop database \"{database}\"")).expect("dropped");
    }
}

#[test]
fn each_variant_breaks_what_its_name_says() {
    let server = server();
    let facts = |name: &str, sql: &str, question: &str| {
        server.copy(name, sql).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        server.psql(name, question).unwrap_or_else(|error| panic!("{name}: {error:#}"))
    };
    let as_reader = "set role ops_reader; select count(*) from dashboard_facts";
    assert_eq!(facts("v1", variant::RLS_WITHOUT_POLICY, as_reader), "0");
    assert_ne!(facts("v2", variant::RLS_WITH_POLICY, as_reader), "0");
    let as_owner = "set role hotdash; select count(*) from dashboard_facts";
    assert_ne!(server.psql("v1", as_owner).unwrap(), "0");
    assert_eq!(facts("v3", variant::RLS_FORCED, as_owner), "0");
    assert_ne!(
        server.psql("v3", &format!("set role {BYPASSING}; select count(*) from dashboard_facts")).unwrap(),
        "0"
    );

    let unindexed = "select string_agg(inhrelid::regclass::text, ' ') from pg_inherits where inhparent = 'dashboard_facts'::regclass
        and not exists (select 1 from pg_index i where i.indrelid = inhrelid and not i.indisprimary)";
    assert_eq!(facts("v4", variant::PARTITIONED, unindexed), "");
    assert_eq!(facts("v5", variant::PARTITION_WITHOUT_INDEX, unindexed), "dashboard_facts_this");
    assert_eq!(
        server.psql("v4", as_reader).unwrap(),
        server.psql(DATABASE, as_reader).unwrap(),
        "no fact is lost by partitioning"
    );

    let types =
        "select data_type from information_schema.columns where column_name in ('recorded_at', 'createdAt')";
    assert_eq!(facts("v6", variant::WITHOUT_TIME_ZONE, types), "timestamp without time zone");
    assert_eq!(facts("v7", variant::PRISMA, types), "timestamp without time zone");
    let age = "select now() at time zone 'UTC' - max(\"createdAt\") between '0 s' and '5 min' from \"DashboardFact\"";
    assert_eq!(server.psql("v7", age).unwrap(), "t");

    let valid = "select indisvalid, indisready, indislive from pg_index
        where indexrelid = 'dashboard_facts_fact_type_recorded_at_idx'::regclass";
    assert_eq!(facts("v8", variant::INDEX_INVALID, valid), "f|t|t");
    assert_eq!(facts("v9", variant::INDEX_NOT_READY, valid), "f|f|t");
    assert!(server.psql(DATABASE, "select 1/0").is_err_and(|e| e.to_string().contains("division by zero")));
}

#[tokio::test]
async fn a_standby_follows_and_only_reads() {
    let primary = Native::start(&Options::default()).expect("PostgreSQL");
    let standby = primary.standby().expect("a standby");
    let client = connect(&standby.login(READER, DATABASE)).await.expect("the standby answers");
    assert_eq!(ask(&client, "select pg_is_in_recovery()").await.unwrap(), "t");
    assert_ne!(primary.port(), standby.port());
    primary.psql(DATABASE, "update hotdash_ops_sandbox set note = 'changed'").expect("changed");
    let deadline = Instant::now() + Duration::from_secs(20);
    while ask(&client, "select note from hotdash_ops_sandbox").await.unwrap() != "changed" {
        assert!(Instant::now() < deadline, "nothing is streamed: {}", standby.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let owner = standby.psql(DATABASE, "delete from dashboard_facts");
    assert!(owner.is_err_and(|e| e.to_string().contains("read-only")));
}

#[tokio::test]
async fn a_server_stops_dies_and_comes_back_with_its_data() {
    let server =
        Native::start(&Options { settings: vec!["max_connections = 7".into()], ..Options::default() })
            .expect("PostgreSQL");
    assert_eq!(server.psql(DATABASE, "show max_connections").unwrap(), "7");
    let dsn = server.login(READER, DATABASE);
    server.stop().expect("stops");
    let refused = connect(&dsn).await.expect_err("nobody listens");
    assert!(refused.code().is_none(), "{refused}");
    server.resume().expect("starts again");
    connect(&dsn).await.expect("answers again");
    server.psql(DATABASE, "update hotdash_ops_sandbox set note = 'kept'; checkpoint").expect("changed");
    for _ in 0..3 {
        server.kill().expect("dies");
        server.resume().expect("recovers");
        // According to the file that the killed one left behind, it is ready.
        server.psql(DATABASE, "select 1").expect("answers as soon as it is said to");
    }
    server.restart().expect("restarts");
    let client = connect(&dsn).await.expect("answers again");
    assert_eq!(ask(&client, "select note from hotdash_ops_sandbox").await.unwrap(), "kept");
    let directory = server.directory().to_owned();
    drop(server);
    assert!(!directory.exists() && processes_of(&directory).is_empty(), "gone as soon as it is dropped");
}

#[tokio::test]
async fn tls_is_verified_by_a_real_client_and_can_be_required() {
    let issued = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into(), "localhost".into()])
        .expect("a certificate");
    let certificate = issued.cert.pem();
    let tls =
        Tls { certificate: certificate.clone(), key: issued.signing_key.serialize_pem(), required: true };
    let server =
        Native::start(&Options { tls: Some(tls), empty: true, ..Options::default() }).expect("PostgreSQL");
    let plain = connect(&format!("{}?sslmode=disable", server.login(READER, DATABASE))).await;
    assert_eq!(sql_state(plain), SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    let roots = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(roots.path(), certificate).expect("written");
    let psql = |mode: &str| {
        let dsn = format!("{}?sslmode={mode}", server.login(READER, DATABASE));
        let output = Command::new(Programs::find().expect("PostgreSQL").psql)
            .args(["-XAt", "-c", "select ssl from pg_stat_ssl where pid = pg_backend_pid()", &dsn])
            .env("PGSSLROOTCERT", roots.path())
            .output()
            .expect("psql");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    assert_eq!(psql("require"), "t");
    assert_eq!(psql("verify-full"), "t");
    let stranger = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).expect("a certificate");
    std::fs::write(roots.path(), stranger.cert.pem()).expect("written");
    assert_eq!(psql("verify-full"), "", "another authority is not trusted");
    let tables = server.psql(DATABASE, "select count(*) from pg_tables where schemaname = 'public'").unwrap();
    assert_eq!(tables, "0", "the test needs an empty database");
}

/// Runs itself in a second process, which owns a server, and kills that process.
#[test]
fn nothing_survives_the_owner_being_killed() {
    const OWNER: &str = "HOTDASH_TEST_OWNS_A_SERVER";
    if std::env::var_os(OWNER).is_some() {
        let server = Native::start(&Options { empty: true, ..Options::default() }).expect("PostgreSQL");
        println!("\nDIRECTORY {}", server.directory().display());
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let mut owner = Command::new(std::env::current_exe().expect("this program"))
        .args(["postgres::nothing_survives_the_owner_being_killed", "--exact", "--nocapture"])
        .env(OWNER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second process");
    let output = BufReader::new(owner.stdout.take().expect("its output"));
    let directory: PathBuf = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("DIRECTORY ").map(PathBuf::from))
        .expect("the second process says where its server lives");
    assert!(directory.join("data/postmaster.pid").exists());
    assert!(processes_of(&directory).len() >= 2, "the server and its keeper run");
    owner.kill().expect("killed");
    owner.wait().expect("ended");
    wait_until_gone(&directory);
}
