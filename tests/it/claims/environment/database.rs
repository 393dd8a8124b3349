//! What can be wrong with the database connection: the login, the name, the way, its protection, the server.

use std::path::PathBuf;
use std::sync::OnceLock;

use hotdash_ops::rehearsal::http::tls::{Authority, CertificateSpec};
use hotdash_ops::rehearsal::postgres::{DATABASE, Native, OUTSIDER, Options, READER, Tls};
use serde_json::json;

use super::{configure, target};
use crate::claims::Case;
use crate::support::bench::Bench;
use crate::support::server;

const REACHED: &str = "environment.database-reachable";
const PRIMARY: &str = "environment.database-primary";
const NAME: &str = "environment.database-name";

pub fn cases() -> Vec<Case> {
    let all = [logins(), ways(), encryption(), shown(), servers()];
    all.into_iter().flatten().collect()
}

/// Adds parameters to the good connection string.
fn with(bench: &mut Bench, parameters: &str) {
    let url = format!("{}?{parameters}", bench.vars["DATABASE_URL"]);
    bench.set("DATABASE_URL", url);
}

/// The good connection string with another host and port.
fn at(bench: &mut Bench, place: &str) {
    let login = bench.vars["DATABASE_URL"].rsplit_once('@').expect("a host").0.to_owned();
    let database = bench.database.clone();
    bench.set("DATABASE_URL", format!("{login}@{place}/{database}"));
}

fn logins() -> Vec<Case> {
    vec![
        Case::new("the password is wrong", REACHED, "connection")
            .says("reset the role's password and put it, percent-encoded, into DATABASE_URL")
            .arrange(|b| b.set("DATABASE_URL", server().dsn(READER, "hunter2hunter2", &b.database))),
        Case::new("the role does not exist", REACHED, "connection")
            .says("cannot log in to the database")
            .arrange(|b| b.set("DATABASE_URL", server().dsn("nobody_here", "hunter2hunter2", &b.database))),
        Case::new("there is no password", REACHED, "connection")
            .says("the server requires a password, but DATABASE_URL has none")
            .arrange(|b| {
                let (port, database) = (server().port(), b.database.clone());
                b.set("DATABASE_URL", format!("postgresql://{READER}@127.0.0.1:{port}/{database}"));
            }),
        Case::new("the database does not exist", REACHED, "connection")
            .says("correct the database name in DATABASE_URL")
            .arrange(|b| b.set("DATABASE_URL", server().login(READER, "hotdash_elsewhere"))),
        Case::new("the role may not connect", REACHED, "connection")
            .says("permission denied for database")
            .sql(
                "do $$ begin execute format('revoke connect on database %I from public', current_database()); end $$;",
            ),
        Case::new("no connection is free", REACHED, "connection")
            .says("pg_stat_activity")
            .sql("do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$;"),
        Case::good("a role that may read no table connects", REACHED)
            .shows("not readable: permission denied")
            .arrange(|b| b.set("DATABASE_URL", server().login(OUTSIDER, &b.database))),
        Case::new("the server answers with a fault", REACHED, "connection").says("out of order").sql(
            "create schema odd;
             create function odd.pg_is_in_recovery() returns boolean language plpgsql
                 as $$ begin raise 'out of order'; end $$;
             grant usage on schema odd to public;
             do $$ begin
                 execute format('alter database %I set search_path = odd, pg_catalog, public', current_database());
             end $$;",
        ),
    ]
}

fn ways() -> Vec<Case> {
    vec![
        Case::new("nothing listens", REACHED, "connection")
            .says("start the database, or correct host and port in DATABASE_URL")
            .arrange(|b| at(b, "127.0.0.1:1")),
        Case::new("the host's name does not resolve", REACHED, "connection")
            .says("the name db.hotrodan.test does not resolve")
            .arrange(|b| at(b, "db.hotrodan.test")),
        Case::new("what listens is not PostgreSQL", REACHED, "connection")
            .says("not a complete PostgreSQL message")
            .arrange(|b| {
                let place = format!("127.0.0.1:{}", b.world.app.port());
                at(b, &place);
            }),
        Case::new("the server hangs up", REACHED, "connection").says("database's log").arrange(|b| {
            b.control("app", json!({ "door": "reset" }));
            let place = format!("127.0.0.1:{}", b.world.app.port());
            at(b, &place);
        }),
        Case::new("the server says nothing", REACHED, "connection")
            .says("no complete response within 1")
            .arrange(|b| {
                b.control("app", json!({ "door": "silent" }));
                let place = format!("127.0.0.1:{}", b.world.app.port());
                at(b, &place);
                with(b, "connect_timeout=1");
            }),
        Case::good("the first of two hosts is down", REACHED).arrange(|b| {
            let place = format!("127.0.0.1:1,127.0.0.1:{}", server().port());
            at(b, &place);
        }),
        Case::good("key=value pairs instead of a URL", REACHED).arrange(|b| {
            let (port, password, database) = (server().port(), server().password(READER), b.database.clone());
            let pairs =
                format!("host=127.0.0.1 port={port} user={READER} password={password} dbname={database}");
            b.set("DATABASE_URL", pairs);
        }),
        Case::good("parameters as Prisma writes them", REACHED)
            .shows("connection_limit, pool_timeout")
            .arrange(|b| with(b, "pgbouncer=true&connection_limit=1&pool_timeout=10&schema=public")),
    ]
}

/// A cluster that takes encrypted connections only, and its authority's certificate as a file. The
/// certificate is for the address, not for the name `localhost`.
struct Encrypted {
    server: Native,
    folder: tempfile::TempDir,
}

fn encrypted() -> &'static Encrypted {
    static ENCRYPTED: OnceLock<Encrypted> = OnceLock::new();
    ENCRYPTED.get_or_init(|| {
        let authority = Authority::new().expect("an authority");
        let spec = CertificateSpec { names: vec!["127.0.0.1".to_owned()], ..CertificateSpec::default() };
        let (certificate, key) = authority.issue_pem(&spec).expect("a certificate");
        let tls = Some(Tls { certificate, key, required: true });
        let server = Native::start(&Options { tls, ..Options::default() })
            .unwrap_or_else(|error| panic!("these tests need PostgreSQL: {error:#}"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("root.pem"), authority.ca_pem()).expect("the authority's file");
        Encrypted { server, folder }
    })
}

fn root() -> PathBuf {
    encrypted().folder.path().join("root.pem")
}

fn use_encrypted(bench: &mut Bench, parameters: &str) {
    let login = encrypted().server.login(READER, DATABASE);
    bench.set("DATABASE_URL", format!("{login}?{parameters}"));
}

fn encryption() -> Vec<Case> {
    vec![
        Case::new("encryption is required, and the server has none", REACHED, "connection")
            .says("turn TLS on at the server, or put the provider's TLS endpoint into DATABASE_URL")
            .arrange(|b| with(b, "sslmode=require")),
        Case::new("the server wants encryption", REACHED, "connection")
            .says("the server requires TLS: add sslmode=require")
            .arrange(|b| use_encrypted(b, "sslmode=disable")),
        Case::good("require encrypts without verifying", REACHED)
            .verdict("warn", 0)
            .says("sslmode=require encrypts the connection, but does not verify the server")
            .shows("encrypted, server not verified (sslmode=require)")
            .arrange(|b| use_encrypted(b, "sslmode=require")),
        Case::good("encryption that was merely preferred", REACHED)
            .verdict("warn", 0)
            .says("sslmode=prefer encrypts the connection, but does not verify")
            .arrange(|b| use_encrypted(b, "sslmode=prefer")),
        Case::new("nothing is verified, and warnings count", REACHED, "").verdict("warn", 1).arrange(|b| {
            use_encrypted(b, "sslmode=require");
            b.set("HOTDASH_OPS_STRICT", "true");
        }),
        Case::new("verify-full, and nobody run_report us of the authority", REACHED, "connection")
            .says("give the root certificate that issued the server's certificate: sslrootcert=FILE")
            .arrange(|b| use_encrypted(b, "sslmode=verify-full")),
        Case::good("verify-full with the connection's own root", REACHED)
            .shows("encrypted, the server's issuer and name verified (sslmode=verify-full)")
            .arrange(|b| use_encrypted(b, &format!("sslmode=verify-full&sslrootcert={}", root().display()))),
        Case::good("verify-full with the program's root", REACHED)
            .shows("encrypted, the server's issuer and name verified")
            .arrange(|b| {
                use_encrypted(b, "sslmode=verify-full");
                b.set("HOTDASH_OPS_CA_FILE", root().display().to_string());
            }),
        Case::new("verify-full by another name than the certificate's", REACHED, "connection")
            .says("the certificate was issued for 127.0.0.1, not for this host")
            .arrange(|b| {
                use_encrypted(b, &format!("sslmode=verify-full&sslrootcert={}", root().display()));
                let url = b.vars["DATABASE_URL"].replace("@127.0.0.1:", "@localhost:");
                b.set("DATABASE_URL", url);
            }),
        Case::new("the connection's root certificate does not exist", REACHED, "")
            .verdict("error", 3)
            .says("sslrootcert")
            .arrange(|b| use_encrypted(b, "sslmode=verify-full&sslrootcert=/nonexistent/root.pem")),
        Case::good("a public way without encryption", REACHED)
            .verdict("warn", 0)
            .says("the connection is not encrypted; set sslmode=verify-full in DATABASE_URL")
            .arrange(|b| {
                let (port, password, database) = (server().port(), server().password(READER), b.database.clone());
                b.set(
                    "DATABASE_URL",
                    format!(
                        "host=db.hotrodan.test hostaddr=127.0.0.1 port={port} user={READER} password={password} dbname={database}"
                    ),
                );
            }),
    ]
}

/// What is worth knowing and never judged.
fn shown() -> Vec<Case> {
    vec![
        Case::good("the server's clock is shown", REACHED).shows("ours (± "),
        Case::good("the newest delivery's age is shown", REACHED).shows(" old\""),
        Case::good("there is no delivery yet", REACHED).shows("none yet").sql("delete from dashboard_facts;"),
        Case::good("the newest delivery lies in the future", REACHED)
            .shows("in the future")
            .sql("update dashboard_facts set recorded_at = recorded_at + interval '2 hours';"),
        Case::good("there is no table of facts", REACHED)
            .shows("not readable: relation")
            .arrange(|b| b.sql("drop table dashboard_facts;")),
    ]
}

/// A replica of the encrypted cluster.
fn standby() -> &'static Native {
    static STANDBY: OnceLock<Native> = OnceLock::new();
    STANDBY.get_or_init(|| encrypted().server.standby().expect("a replica"))
}

fn servers() -> Vec<Case> {
    vec![
        Case::new("the server is a standby", PRIMARY, "role of the server")
            .says("put the primary's host into DATABASE_URL")
            .arrange(|b| b.set("DATABASE_URL", standby().login(READER, DATABASE))),
        Case::new("a primary is required, and there is a standby", REACHED, "connection")
            .says("which target_session_attrs requires")
            .arrange(|b| {
                let login = standby().login(READER, DATABASE);
                b.set("DATABASE_URL", format!("{login}?target_session_attrs=primary"));
            }),
        Case::good("the primary is the second of two", PRIMARY).arrange(|b| {
            let second = encrypted().server.login(READER, DATABASE);
            let url = second.replace("@127.0.0.1:", &format!("@127.0.0.1:{},127.0.0.1:", standby().port()));
            b.set("DATABASE_URL", format!("{url}?target_session_attrs=read-write"));
        }),
        Case::new("the database does not answer, so nobody asks whether it is the primary", PRIMARY, "")
            .verdict("skipped", 1)
            .says("blocked by environment.database-reachable")
            .arrange(|b| at(b, "127.0.0.1:1")),
        Case::new("the database is another than configured", NAME, "name of the database")
            .says("correct `database` under [targets.sandbox]")
            .arrange(|b| b.edit_config("database = \"bench_", "database = \"hotdash_")),
        Case::new("the database's name differs in case", NAME, "name of the database").arrange(|b| {
            configure(b, |tables| {
                let name = target(tables, "sandbox")["database"].as_str().expect("a name").to_uppercase();
                target(tables, "sandbox").insert("database".to_owned(), name.into());
            });
        }),
        Case::new("no database is configured", NAME, "name of the database")
            .verdict("inconclusive", 3)
            .says("add `database = \\\"postgres\\\"` under [targets.sandbox] in the configuration")
            .arrange(|b| b.drop_config("database")),
    ]
}
