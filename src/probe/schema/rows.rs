//! Whether row level security hides rows. A role without a policy reads zero rows
//! and gets no error, so a count of zero failures would look like good news.

use super::catalog::{Policy, Relation};
use super::name::ident;
use crate::outcome::finding::Claim;

/// What row level security does to the role of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowVisibility {
    /// It is off, or does not apply to this role.
    Unbound,
    /// A policy lets this role see everything, and none restricts it.
    All { policy: String },
    /// Policies decide row by row; which rows they hide cannot be determined from here.
    Some { policies: Vec<String> },
    /// No policy lets this role see any row.
    None,
}

/// Judges the policies as PostgreSQL combines them: at least one permissive policy must let a row through, and
/// every restrictive one must. A policy without `USING` lets nothing through and restricts nothing.
pub fn sight(relation: &Relation) -> RowVisibility {
    if !relation.row_security_binds {
        return RowVisibility::Unbound;
    }
    let mine: Vec<&Policy> = relation.policies.iter().filter(|p| p.for_select && p.for_me).collect();
    let is = |p: &Policy, text: &str| p.condition.as_deref() == Some(text);
    let opening: Vec<&Policy> =
        mine.iter().copied().filter(|p| p.permissive && p.condition.is_some() && !is(p, "false")).collect();
    let closing: Vec<&Policy> =
        mine.iter().copied().filter(|p| !p.permissive && p.condition.is_some() && !is(p, "true")).collect();
    if opening.is_empty() || closing.iter().any(|p| is(p, "false")) {
        return RowVisibility::None;
    }
    match opening.iter().find(|p| is(p, "true")) {
        Some(all) if closing.is_empty() => RowVisibility::All { policy: all.name.clone() },
        _ => {
            RowVisibility::Some { policies: opening.iter().chain(&closing).map(|p| p.name.clone()).collect() }
        }
    }
}

/// The claim that this role sees every row.
pub fn claim(relation: &Relation, reader: &str) -> Claim {
    let (code, what) = ("row-level-security", "row level security");
    let expected = format!("hides no row from {reader}");
    match sight(relation) {
        RowVisibility::Unbound if relation.row_security => {
            let found = format!("on, but it does not apply to {reader}");
            Claim::compared(code, what, expected, found, true)
        }
        RowVisibility::Unbound => Claim::compared(code, what, expected, "off", true),
        RowVisibility::All { policy } => {
            let found = format!("on, and the policy {policy} lets {reader} see every row");
            Claim::compared(code, what, expected, found, true)
        }
        RowVisibility::Some { policies } => {
            let found = format!("on, and policies decide row by row: {}", policies.join(", "));
            let sentence = format!("row level security is {found}");
            Claim::undecided(code, what, expected, found).sentence(sentence).fix(repair(relation, reader))
        }
        RowVisibility::None => {
            let found = format!("on, and no policy lets {reader} see a row");
            let sentence = format!("row level security is {found}, so every count would be 0");
            Claim::compared(code, what, expected, found, false)
                .sentence(sentence)
                .fix(repair(relation, reader))
        }
    }
}

/// The statement that lets the role see every row: a new policy, or where a restrictive policy would still hide
/// rows, the role's exemption.
fn repair(relation: &Relation, reader: &str) -> String {
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
