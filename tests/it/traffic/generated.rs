//! Our numbers against the checklist's own SQL in `psql`, over generated tables and windows, in both generations
//! of the table. `HOTDASH_OPS_TABLES=20000` makes it long, `HOTDASH_OPS_SEED=7` makes other tables; a failure
//! says both.

use std::collections::BTreeMap;

use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::rehearsal::postgres::{BERLIN, READER, variant};
use hotdash_ops::testing::settings::Names;
use hotdash_ops::testing::traffic::window::{Form, WindowData};
use jiff::{SignedDuration, Timestamp};

use super::{at, checklist, open, prisma, psql, report_of, spoiled};
use crate::support::server;

/// splitmix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len() as u64) as usize]
    }
}

/// One generated table: an hour of its own in the one that holds them all.
struct Case {
    window: Window,
    facts: Vec<Fact>,
}

struct Fact {
    at: Timestamp,
    kind: &'static str,
    ok: bool,
    value: String,
}

const NASTY: [&str; 12] = [
    r#""abc""#,
    r#""""#,
    r#""NaN""#,
    r#""Infinity""#,
    r#""1e300000""#,
    "[1]",
    "true",
    r#""0x1F""#,
    r#""12,5""#,
    r#"" ""#,
    r#""-Infinity""#,
    r#""nan""#,
];
const ODD: [&str; 8] = [
    r#"" 12 ""#,
    r#""+7""#,
    "-5",
    "1e3",
    r#""1e3""#,
    "0.000000000000000000000001",
    r#"".5""#,
    "123456789012345678901234567890.5",
];

fn case(dice: &mut Dice, hour: i64) -> Case {
    let begin = at("2020-01-01T00:00:00Z") + SignedDuration::from_hours(hour);
    let nasty = dice.roll(4) == 0;
    let failing = dice.roll(12) + 2;
    let many = dice.one(&["1", "3", "25", "60"]).parse().unwrap_or(1);
    let facts: Vec<Fact> = (0..dice.roll(many + 1))
        .map(|_| {
            let kind = match dice.roll(12) {
                0 => "support.webhook.dead_letter",
                1 => "support.queue.status",
                _ => "support.webhook.retry",
            };
            let success = match dice.roll(failing) {
                0 => dice.one(&["false", "\"True\"", "1", "null", "\"\"", "\"true \""]),
                _ => dice.one(&["true", "true", "\"true\""]),
            };
            let duration = match dice.roll(40) {
                0 if nasty => dice.one(&NASTY).to_owned(),
                1 | 2 => dice.one(&ODD).to_owned(),
                3 => "null".to_owned(),
                4 => format!("{}.{}", dice.roll(900), dice.roll(1_000_000)),
                5 => format!("\"{}\"", dice.roll(3000)),
                _ => dice.roll(900).to_string(),
            };
            let attempts = dice.one(&["1", "1", "1", "2", "3", "\"2\"", "null", "\"many\"", "1000"]);
            let status = dice.one(&["200", "503", "null", "\"no answer at all\""]);
            let value = format!(
                r#"{{"success": {success}, "durationMs": {duration}, "attempts": {attempts}, "finalStatus": {status}}}"#
            );
            // Whole milliseconds, which both generations can hold; often the same ones.
            let span = if dice.roll(3) == 0 { 60 } else { 3_599_999 };
            let at = begin + SignedDuration::from_millis(dice.roll(span) as i64);
            Fact { at, kind, ok: matches!(success, "true" | "\"true\""), value }
        })
        .collect();
    // Half of all edges are exactly on a fact.
    let mut edge = |otherwise: i64| match facts.len() as u64 {
        0 => begin + SignedDuration::from_millis(otherwise),
        n if dice.roll(2) == 0 => facts[dice.roll(n) as usize].at,
        _ => begin + SignedDuration::from_micros(dice.roll(3_599_999_000) as i64),
    };
    let (one, other) = (edge(0), edge(3_599_999));
    Case { window: Window { from: one.min(other), to: one.max(other) }, facts }
}

fn insert(cases: &[Case], names: &Names) -> String {
    let plain = names.facts == "DashboardFact";
    let more = if plain { (", \"shopDomain\", \"updatedAt\"", ", 'x', now()") } else { ("", "") };
    let facts: Vec<&Fact> = cases.iter().flat_map(|c| &c.facts).collect();
    let chunk = |facts: &[&Fact]| {
        let rows: Vec<String> =
            facts.iter().map(|f| format!("('{}', '{}', '{}'{})", f.kind, f.value, f.at, more.1)).collect();
        format!(
            "insert into \"{}\" (\"{}\", \"{}\", \"{}\"{}) values {};\n",
            names.facts,
            names.fact_type,
            names.value,
            names.recorded_at,
            more.0,
            rows.join(",\n")
        )
    };
    facts.chunks(1000).map(chunk).collect()
}

/// What psql prints for each case; one call for all. A statement that fails prints nothing.
fn asked(dsn: &str, cases: &[Case], names: &Names) -> Vec<String> {
    let script: String = cases
        .iter()
        .map(|case| format!("\\echo =\n{}\n", checklist(names, case.window).join("\n")))
        .collect();
    psql(dsn, &script).split("=\n").skip(1).map(|said| said.trim_end().to_owned()).collect()
}

/// What does not depend on how a duration is written.
fn counted(case: &Case, data: &WindowData) -> Result<(), String> {
    let inside = |kind| case.facts.iter().filter(move |f| f.kind == kind && case.window.holds(f.at));
    let retries = || inside("support.webhook.retry");
    let (total, bad) = (retries().count() as u64, retries().filter(|f| !f.ok).count() as u64);
    let dead = inside("support.webhook.dead_letter").count() as u64;

    let mut attempts = (0, 0);
    for fact in retries() {
        let value: serde_json::Value = serde_json::from_str(&fact.value).map_err(|e| e.to_string())?;
        let said = value["attempts"].as_u64().or_else(|| value["attempts"].as_str()?.parse().ok());
        if let Some(said) = said.filter(|said| *said < 1000) {
            attempts = (attempts.0 + said, attempts.1 + 1);
        }
    }
    let failures: u64 = data.failures.iter().map(|(_, n)| n).sum();
    let mut bins = BTreeMap::new();
    for fact in retries().filter(|_| bad > 0) {
        let of = data
            .bins
            .iter()
            .rposition(|bin| bin.window.from < fact.at)
            .ok_or("a fact before the first bin")?;
        let bin: &mut (u64, u64) = bins.entry(of).or_default();
        *bin = (bin.0 + 1, bin.1 + u64::from(!fact.ok));
    }
    let in_bins: BTreeMap<usize, (u64, u64)> = data
        .bins
        .iter()
        .map(|b| (b.tally.total(), b.tally.bad))
        .enumerate()
        .filter(|(_, bin)| *bin != (0, 0))
        .collect();
    let found = (data.tally.total(), data.tally.bad, data.tally.dead_letters, data.attempts, failures);
    let expected = (total, bad, dead, attempts, bad);
    if found != expected {
        return Err(format!("counts {found:?}, and there are {expected:?}"));
    }
    if data.durations.timed + data.durations.unreadable + data.durations.untimed != total {
        return Err(format!("durations are not counted once: {data:?}"));
    }
    if in_bins != bins { Err(format!("bins {in_bins:?}, and there are {bins:?}")) } else { Ok(()) }
}

/// The first tables are read without an index, and with the other of two equivalent queries.
const WITHOUT_INDEX: usize = 60;

fn plan_with_index(database: &str, on: bool) {
    let set =
        |kind| format!("alter database {database} set enable_{kind} = {};", if on { "on" } else { "off" });
    let all = ["indexscan", "indexonlyscan", "bitmapscan"].map(set).concat();
    server().psql("postgres", &all).expect("the settings");
}

#[tokio::test]
async fn numbers_equal_the_checklists_in_psql() {
    let number =
        |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse().expect("a number"));
    let (tables, seed) = (number("HOTDASH_OPS_TABLES", 2000), number("HOTDASH_OPS_SEED", 1));
    let mut dice = Dice(seed);
    let cases: Vec<Case> = (0..tables).map(|hour| case(&mut dice, hour as i64)).collect();
    let generations = [
        ("traffic_generated", "truncate dashboard_facts;", READER, Names::default()),
        ("traffic_generated_prisma", variant::PRISMA_INDEXED, BERLIN, prisma()),
    ];
    for (database, sql, role, names) in generations {
        let (_, info) = spoiled(role, database, sql, &names).await;
        let filled = format!("{} analyze;", insert(&cases, &names));
        server().psql(database, &filled).expect("the rows");
        let dsn = server().login(role, database);
        let said = asked(&dsn, &cases, &names);
        assert_eq!(said.len(), cases.len());
        plan_with_index(database, false);
        let (mut finite, mut guarded, mut session) = (0, 0, open(&dsn).await);
        for (n, (case, said)) in cases.iter().zip(said).enumerate() {
            if n == WITHOUT_INDEX {
                plan_with_index(database, true);
            }
            if n == WITHOUT_INDEX || n % 500 == 499 {
                // A session's deadline covers all its queries.
                session.close().await;
                session = open(&dsn).await;
            }
            let data = super::window_data(&session, &info.source, case.window).await;
            let which = format!("{database}, table {n} of seed {seed}, {:?}", case.window);
            counted(case, &data).unwrap_or_else(|why| panic!("{which}: {why}"));
            let average = said.split('\n').next().and_then(|line| line.split('|').nth(2));
            match average {
                Some("NaN" | "Infinity" | "-Infinity") | None => {
                    guarded += 1;
                    assert_eq!(data.durations.form, Form::Guarded, "{which}: {said}");
                }
                Some(_) => {
                    finite += 1;
                    assert_eq!((data.durations.form, report_of(&data)), (Form::Checklist, said), "{which}");
                }
            }
        }
        assert!(finite > guarded && guarded > tables / 100, "{finite} finite, {guarded} guarded");
    }
}
