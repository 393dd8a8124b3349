use super::*;

fn caught(form: Form, values: &[&str]) {
    for value in values {
        assert!(placeholder(form, value).is_some(), "{value} is a placeholder");
    }
}

fn real(form: Form, values: &[&str]) {
    for value in values {
        assert_eq!(placeholder(form, value), None, "{value} is not a placeholder");
    }
}

#[test]
fn tokens_that_ask_to_be_replaced() {
    caught(
        Form::Token,
        &[
            "your_api_key",
            "YOUR_CHATWOOT_TOKEN",
            "your-token-here",
            "<token>",
            "<your api key>",
            "changeme",
            "CHANGE_ME",
            "change-me-please",
            "xxx",
            "xxxxxxxxxxxx",
            "sk-xxxxxxxxxxxx",
            "XXXX-XXXX",
            "TODO",
            "todo",
            "placeholder",
            "my-placeholder-token",
            "${CHATWOOT_API_KEY}",
            "$CHATWOOT_API_KEY",
            "$(cat token)",
            "{{ token }}",
            "dummy",
            "dummy-token",
            "DUMMY_SECRET",
            "********",
            "........",
            "secret-token",
            "api_key",
            "CHATWOOT_API_KEY",
            "my-secret",
            "test-token",
            "replace_me",
            "replace-with-real-token",
            "insert token here",
            "12345678",
            "aaaaaaaa",
            "00000000",
            "null",
            "undefined",
            "none",
            "tbd",
            "\"changeme\"",
            "paste-key-here",
            "example-token",
            "[REDACTED]",
            "[token]",
        ],
    );
}

#[test]
fn random_tokens_are_real() {
    real(
        Form::Token,
        &[
            "uVWhz1JpMCyKdKwbHvLKSQ6q",
            "w8Xr4ZkxxxQ0b1nHq7Yt2LsE",
            "3f786850e387550fdab836ed7e6dc881de23001b",
            "0000000a00000000b0000000c1",
            "AKIAtodoQ8s7Z1yourP4m2",
            "dummyhead7Qm1z-Ab",
            "fm2_lJPECAAAAAAACFTh",
            "sandbox-token-4f9a",
            "test_4eC39HqLyjWDarjtT1zdp7dc",
            "K-your1z-9Qx7_example2",
            "a1$B2c3D4e5F6",
            "xX9xX9xX9",
            "Zm9vYmFyYmF6cXV4cXV1eA==",
            "correct-horse-battery-staple",
            "secret-8f1c-staging",
        ],
    );
}

#[test]
fn no_random_token_is_caught() {
    // A linear congruential generator (Knuth's MMIX constants) makes the same tokens on every machine.
    let alphabet: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['-', '_']).collect();
    let mut state: u64 = 42;
    for _ in 0..20_000 {
        let token: String = (0..24)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                alphabet[(state >> 58) as usize]
            })
            .collect();
        assert_eq!(placeholder(Form::Token, &token), None, "{token}");
    }
}

#[test]
fn addresses() {
    caught(
        Form::Url,
        &[
            "https://YOUR_DOMAIN",
            "https://YOUR_DOMAIN/api",
            "https://hotdash.yourdomain.com",
            "https://example.com",
            "https://chat.example.com/",
            "https://chatwoot.example",
            "https://<host>/",
            "https://your-chatwoot.fly.dev",
            "https://${HOST}",
            "changeme",
            "TODO",
            "https://changeme.fly.dev",
            "https://xxx.supabase.co",
            "https://host/",
            "https://placeholder.invalid",
            "https://dummy.local",
            "<url>",
            "https://my-yourapp.fly.dev",
        ],
    );
    real(
        Form::Url,
        &[
            "https://chat.hotrodan.com",
            "https://hotdash-agent-service.fly.dev",
            "http://127.0.0.1:4000",
            "http://localhost:3000",
            "http://[::1]:3000",
            "https://www.getyourguide.com",
            "https://exampleshop.com",
            "https://notexample.com",
            "https://todoist.com",
            "https://support.xxl.no",
        ],
    );
}

#[test]
fn numbers() {
    caught(Form::Integer, &["YOUR_ACCOUNT_ID", "<id>", "account id", "xxx", "000"]);
    real(Form::Integer, &["1", "3", "12", "123", "10023"]);
}

#[test]
fn connection_strings() {
    caught(
        Form::Dsn,
        &[
            "postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co:5432/postgres",
            "postgres://user:changeme@db.internal/app",
            "postgres://user:password@host:5432/db",
            "postgres://u:p@db.example.com/app",
            "postgres://u:${DB_PASSWORD}@db.internal/app",
            "postgres://u:<password>@db.internal/app",
            "postgres://your_user:x@db.internal/app",
            "<dsn>",
            "postgres://u:xxxxxxxx@db.internal/app",
            "postgres://u:p@db.internal/your_database",
            "host=db user=your_user",
        ],
    );
    real(
        Form::Dsn,
        &[
            "postgres://postgres:postgres@localhost:5432/postgres",
            "postgres://u:secret@db.internal/app",
            "postgresql://postgres.abcdefghij:8sK1x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true",
            "postgres://u:p%3Cw%3E@127.0.0.1:54321/hotdash",
            "host=/var/run/postgresql dbname=app user=app",
            "postgres://app@hotdash-db.internal:5432/hotdash?sslmode=disable",
        ],
    );
}
