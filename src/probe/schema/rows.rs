//! Whether row level security hides rows. A role without a policy reads zero rows
//! and gets no error, so a count of nothing would look like good news.

use super::catalog::{Policy, Relation};
use super::name::ident;
use crate::outcome::finding::Claim;

/// What row level security does to the role that reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It is off, or does not bind this role.
    Unbound,
    /// A policy lets this role see everything, and none restricts it.
    All { policy: String },
    /// Policies decide row by row; which rows they hide cannot be told from here.
    Some { policies: Vec<String> },
    /// No policy lets this role see any row.
    None,
}

/// Judges the policies as PostgreSQL combines them: at least one permissive one must let a row through, and
/// every restrictive one must. A policy without `USING` lets nothing through and restricts nothing.
pub fn sight(relation: &Relation) -> Sight {
    if !relation.row_security_binds {
        return Sight::Unbound;
    }
    let mine: Vec<&Policy> = relation.policies.iter().filter(|p| p.for_select && p.for_me).collect();
    let is = |p: &Policy, text: &str| p.condition.as_deref() == Some(text);
    let opening: Vec<&Policy> =
        mine.iter().copied().filter(|p| p.permissive && p.condition.is_some() && !is(p, "false")).collect();
    let closing: Vec<&Policy> =
        mine.iter().copied().filter(|p| !p.permissive && p.condition.is_some() && !is(p, "true")).collect();
    if opening.is_empty() || closing.iter().any(|p| is(p, "false")) {
        return Sight::None;
    }
    match opening.iter().find(|p| is(p, "true")) {
        Some(all) if closing.is_empty() => Sight::All { policy: all.name.clone() },
        _ => Sight::Some { policies: opening.iter().chain(&closing).map(|p| p.name.clone()).collect() },
    }
}

/// The claim, and the statement that mends it.
pub fn claim(relation: &Relation, reader: &str) -> (Claim, Option<String>) {
    let what = "row level security";
    let expected = format!("it hides no row from {reader}");
    match sight(relation) {
        Sight::Unbound if relation.row_security => {
            (Claim::new(what, expected, format!("on, and it does not bind {reader}"), true), None)
        }
        Sight::Unbound => (Claim::new(what, expected, "off", true), None),
        Sight::All { policy } => {
            let found = format!("on, and the policy {policy} lets {reader} see every row");
            (Claim::new(what, expected, found, true), None)
        }
        Sight::Some { policies } => {
            let found = format!("on, and policies decide row by row: {}", policies.join(", "));
            (Claim::open(what, expected, found), Some(mend(relation, reader)))
        }
        Sight::None => {
            let found = format!("on, and no policy lets {reader} see a row: every count would be 0");
            (Claim::new(what, expected, found, false), Some(mend(relation, reader)))
        }
    }
}

/// A policy of its own for the role; where a restrictive policy would still cut it down, the role's exemption.
fn mend(relation: &Relation, reader: &str) -> String {
    let restricted =
        relation.policies.iter().any(|p| !p.permissive && p.for_select && p.for_me && p.condition.is_some());
    if restricted {
        return format!("ALTER ROLE {} BYPASSRLS;", ident(reader));
    }
    let taken = |name: &String| relation.policies.iter().any(|p| p.name == *name);
    let names =
        (1..).map(|n| if n == 1 { "hotdash_ops_reads".to_owned() } else { format!("hotdash_ops_reads_{n}") });
    let name = names.into_iter().find(|n| !taken(n)).unwrap_or_default();
    format!(
        "CREATE POLICY {} ON {} FOR SELECT TO {} USING (true);",
        ident(&name),
        relation.quoted(),
        ident(reader)
    )
}
