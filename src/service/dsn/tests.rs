use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Dsn {
    Dsn::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn password(dsn: &Dsn) -> String {
    String::from_utf8_lossy(dsn.config.get_password().unwrap_or_default()).into_owned()
}

#[test]
fn a_prisma_pooler_url_is_parsed_and_its_own_parameters_are_listed() {
    let dsn = parse(
        "postgresql://postgres.abcd:p%40ss@AWS-0.Pooler.Supabase.com:6543/postgres\
         ?pgbouncer=true&connection_limit=1&pool_timeout=10&sslmode=require&schema=app\
         &statement_cache_size=0&socket_timeout=5&sslaccept=strict&connect_timeout=7",
    );
    assert_eq!(dsn.identity(), "postgres.abcd@aws-0.pooler.supabase.com/postgres");
    assert_eq!((dsn.host.as_str(), dsn.port), ("AWS-0.Pooler.Supabase.com", 6543));
    assert_eq!(password(&dsn), "p@ss");
    assert_eq!(dsn.sslmode, SslMode::Require);
    assert!(dsn.pooler);
    assert_eq!(dsn.schema.as_deref(), Some("app"));
    assert_eq!(dsn.connect_timeout, Some(Duration::from_secs(7)));
    let ignored = ["connection_limit", "pool_timeout", "socket_timeout", "sslaccept", "statement_cache_size"];
    assert_eq!(dsn.ignored, ignored);
}

#[test]
fn hosts_are_parsed_in_every_form() {
    let of = |text: &str| parse(text).servers.iter().map(|s| (s.host.clone(), s.port)).collect::<Vec<_>>();
    let one = |host: &str, port| vec![(host.to_owned(), port)];
    assert_eq!(of("postgres://u@db.example/x"), one("db.example", 5432));
    assert_eq!(of("postgres://u@db.example"), one("db.example", 5432));
    assert_eq!(of("postgres://u@[::1]:5433/x"), one("::1", 5433));
    assert_eq!(of("postgres://u@[fdaa:0:1::3]/x"), one("fdaa:0:1::3", 5432));
    assert_eq!(of("postgres://u@%2Fvar%2Frun%2Fpg:5433/x"), one("/var/run/pg", 5433));
    assert_eq!(of("postgres://u@localhost/x?host=/var/run/pg"), one("/var/run/pg", 5432));
    assert_eq!(of("postgres://u:p@/x?host=/var/run/pg"), one("/var/run/pg", 5432));
    let two = vec![("a".to_owned(), 5433), ("b".to_owned(), 5432)];
    assert_eq!(of("postgres://u@a:5433,b/x"), two);
    assert_eq!(of("host=a,b port=5433,5432 user=u"), two);
    assert_eq!(of("host=a,b port=6000 user=u")[1], ("b".to_owned(), 6000));
    assert!(parse("postgres://u@/x?host=/var/run/pg").servers[0].is_socket());
    assert_eq!(parse("postgres://u@a:5433,b/x").identity(), "u@a,b/x");
    let pinned = parse("host=db.example hostaddr=10.0.0.1 user=u");
    assert_eq!(pinned.servers[0].address, Some("10.0.0.1".parse().unwrap()));
    assert_eq!(parse("hostaddr=10.0.0.1 user=u").host, "10.0.0.1");
}

#[test]
fn unencoded_passwords_are_parsed_as_intended() {
    for (text, expected) in [
        ("postgres://u:p@ss@db/x", "p@ss"),
        ("postgres://u:p:w@db/x", "p:w"),
        ("postgres://u:p#w@db/x", "p#w"),
        ("postgres://u:p?w@db/x", "p?w"),
        ("postgres://u:50%off@db/x", "50%off"),
        ("postgres://u:a%2Fb%25@db/x?application_name=me@home", "a/b%"),
        (r"host=db user=u password='it\'s \\ long'", r"it's \ long"),
        (r"host=db user=u password=a\ b dbname=x", "a b"),
        ("host = db user = u password = a://b", "a://b"),
    ] {
        let dsn = parse(text);
        assert_eq!(password(&dsn), expected, "{text}");
        assert_eq!((dsn.host.as_str(), dsn.user.as_str()), ("db", "u"), "{text}");
    }
}

#[test]
fn the_database_defaults_to_the_user() {
    let dsn = parse("postgres://u@db");
    assert_eq!(dsn.database, None);
    assert_eq!(dsn.identity(), "u@db/u");
    assert_eq!(parse("postgres://u@db/caf%C3%A9").database_name(), "café");
}

#[test]
fn ssl_modes_match_libpq() {
    let mode = |query: &str| Dsn::parse(&format!("postgres://u@db/x?{query}")).map(|d| d.sslmode);
    assert_eq!(mode(""), Ok(SslMode::Prefer));
    assert_eq!(mode("ssl=true"), Ok(SslMode::Require));
    assert_eq!(mode("sslmode=no-verify"), Ok(SslMode::Require));
    assert_eq!(mode("sslrootcert=system"), Ok(SslMode::VerifyFull));
    for (name, expected) in [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ] {
        assert_eq!(mode(&format!("sslmode={name}")), Ok(expected));
        assert_eq!(expected.to_string(), name);
    }
    assert!(matches!(mode("sslmode=REQUIRED"), Err(DsnError::Value { part: "sslmode", .. })));
    assert!(mode("sslmode=require&sslrootcert=system").is_err());
    let dsn = parse("postgres://u@db/x?sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem");
    assert_eq!(dsn.sslrootcert, Some(SslRootCert::File("/etc/ca.pem".into())));
}

#[test]
fn session_parameters_are_kept() {
    let dsn = parse(
        "postgres://u@db/x?application_name=me&options=-c%20search_path%3Da&target_session_attrs=primary",
    );
    assert_eq!(dsn.config.get_application_name(), Some("me"));
    assert_eq!(dsn.config.get_options(), Some("-c search_path=a"));
    assert_eq!(dsn.attrs, Attrs::Primary);
    assert!(dsn.ignored.is_empty());
    assert_eq!(parse("postgres://u@db/x").config.get_application_name(), Some("hotdash-ops"));
    assert_eq!(parse("postgres://u@db/x?connect_timeout=0").connect_timeout, None);
}

#[test]
fn errors_name_the_invalid_part() {
    use DsnError as F;
    for (text, fault) in [
        ("", F::Empty),
        ("  ", F::Empty),
        ("\"postgres://u@db/x\"", F::Quoted),
        ("postgres://u@db/x\n", F::Spaces),
        ("postgres://u@db/x\u{1b}", F::Control),
        ("postgres://u@db/x%00", F::Control),
        ("postgres://db/x", F::Missing("user")),
        ("postgres:///x?user=u", F::Missing("host")),
        ("dbname=x user=u", F::Missing("host")),
        ("postgres://u@a,,b/x", F::Missing("host")),
        ("postgres://%ff@db/x", F::NotUtf8("user".to_owned())),
        ("postgres://u@db:0/x", F::value("port", "a number from 1 to 65535")),
        ("postgres://u@db:70000/x", F::value("port", "a number from 1 to 65535")),
        ("postgres://u@db/x?connect_timeout=soon", F::value("connect_timeout", "whole seconds")),
        ("postgres://u@[::1/x", F::value("host", "an IPv6 address in brackets")),
        ("host=db user=u password='open", F::Unfinished("password".to_owned())),
        ("host=db user", F::Unfinished("user".to_owned())),
        ("nonsense", F::Scheme("")),
        ("mysql://u:p@db/x", F::Scheme("; it is the URL of another kind of system")),
    ] {
        assert_eq!(Dsn::parse(text).map(|d| d.identity()), Err(fault), "{text:?}");
    }
}

#[test]
fn a_password_is_never_shown() {
    let dsn = parse("postgres://u:hunter2hunter2@db/x?hunter2hunter2=1&hunter2Hunter2");
    let shown = format!("{dsn:?} {:?} {} {:?}", dsn.config, dsn.identity(), dsn.ignored);
    assert!(!shown.contains("unter2"), "{shown}");
}

proptest! {
    #[test]
    fn no_input_breaks_the_parser_or_shows_in_its_errors(text in ".{0,60}", secret in "[A-Za-z0-9]{9,16}") {
        for form in [text.clone(), format!("postgres://{text}"), format!("postgres://u:{secret}{text}"),
            format!("host=h password={secret}{text}"), format!("postgres://u:{secret}@{text}")] {
            if let Err(fault) = Dsn::parse(&form) {
                prop_assert!(!fault.to_string().contains(&secret), "{form:?}: {fault}");
            }
        }
    }

    #[test]
    fn an_encoded_password_is_decoded(secret in "\\PC{1,24}") {
        let encoded: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
        let dsn = parse(&format!("postgresql://u:{encoded}@db.example:6543/x?sslmode=require"));
        prop_assert_eq!(password(&dsn), secret);
        prop_assert_eq!(dsn.identity(), "u@db.example/x");
    }
}
