//! Every place where the product judges a claim, found by parsing its sources.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprAssign, ExprCall, ExprMethodCall, ExprStruct, Member};

use crate::makers::{Defined, called, failing, is_literal, is_test, judged};

/// Where claims are judged.
const ROOMS: [&str; 3] = ["src/probe/", "src/traffic/judge/", "src/traffic/baseline/"];
/// The constructors themselves, which judge nothing.
const CONSTRUCTORS: &str = "src/outcome/finding.rs";
/// As many as there were when this was written, less a few: fewer mean that the parser does not see them.
const LEAST: usize = 92;

/// Places that no fault of the score can turn, each with its reason. The lot does not fall on them.
pub const APART: &[(&str, &str)] = &[(
    "src/probe/command/result.rs#1",
    "what an operator's own program states is that program's comparison; no check of the checklist works like this",
)];

/// A place where it is decided whether a claim holds.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub file: String,
    /// Counted from 1 in its file.
    ordinal: usize,
    /// What is written there, on one line.
    text: String,
    pub at: Range<usize>,
    pub is: Kind,
}

/// The expression at the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `bool`.
    Holds,
    /// An `Option<bool>`.
    MayHold,
    /// A call of a function that makes a claim which does not hold.
    Fails,
}

impl Comparison {
    /// File, place in it and text: other files may change without changing it.
    pub fn id(&self) -> String {
        format!("{}#{} {}", self.file, self.ordinal, self.text)
    }

    fn is_apart(&self) -> bool {
        APART.iter().any(|(id, _)| *id == format!("{}#{}", self.file, self.ordinal))
    }
}

/// The tracked files, relative to the repository.
pub fn tracked() -> Result<Vec<String>> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .context("git, which knows the tracked files")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).context("a name that is not text")?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

/// Every comparison, in the order of files and of places in them.
///
/// # Errors
/// A source that does not parse, and fewer comparisons than there must be.
pub fn find() -> Result<Vec<Comparison>> {
    let mut sources = Vec::new();
    for name in tracked()? {
        let is_source = ROOMS.iter().any(|room| name.starts_with(room));
        if !is_source || !name.ends_with(".rs") || name.ends_with("tests.rs") || name.contains("/tests/") {
            continue;
        }
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name))
            .with_context(|| name.clone())?;
        let file = syn::parse_file(&text).with_context(|| format!("{name} does not parse"))?;
        sources.push((name, text, file));
    }
    let failing = failing(sources.iter().map(|(_, _, file)| file));
    let mut all = Vec::new();
    for (name, text, file) in &sources {
        // A file's own function of such a name, which makes no claim, is another one.
        let own = Defined::of(file);
        let failing = failing.iter().filter(|name| !own.contains(*name)).cloned().collect();
        let mut places =
            Places { failing: &failing, found: Vec::new(), hidden: false, within: String::new() };
        places.visit_file(file);
        ensure!(!places.hidden, "{name}: a claim is made within a macro, where it cannot be seen");
        if name == CONSTRUCTORS {
            continue;
        }
        places.found.sort_by_key(|(at, _)| at.start);
        let apart = places.found.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start);
        ensure!(apart, "{name}: a comparison within another cannot be taken out alone");
        for (ordinal, (at, is)) in (1..).zip(places.found) {
            let words = text[at.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
            all.push(Comparison { file: name.clone(), ordinal, text: words, at, is });
        }
    }
    for (id, _) in APART {
        ensure!(all.iter().any(|c| c.is_apart() && id.starts_with(&c.file)), "{id} is apart, and not there");
    }
    all.retain(|comparison| !comparison.is_apart());
    ensure!(all.len() >= LEAST, "only {} comparisons were found, and there must be {LEAST}", all.len());
    Ok(all)
}

struct Places<'f> {
    failing: &'f BTreeSet<String>,
    found: Vec<(Range<usize>, Kind)>,
    hidden: bool,
    /// The function that is looked at.
    within: String,
}

impl Places<'_> {
    fn note(&mut self, place: &Expr, is: Kind) {
        self.found.push((place.span().byte_range(), is));
    }

    /// A failing function that calls another adds no comparison of its own.
    fn is_comparison(&self, name: &str) -> bool {
        self.failing.contains(name) && !self.failing.contains(&self.within)
    }
}

impl<'a> Visit<'a> for Places<'_> {
    fn visit_expr(&mut self, place: &'a Expr) {
        let name = match place {
            Expr::Call(call) => called(call),
            Expr::MethodCall(ExprMethodCall { method, .. }) => Some(method.to_string()),
            _ => None,
        };
        if name.is_some_and(|name| self.is_comparison(&name)) {
            self.note(place, Kind::Fails);
        }
        visit::visit_expr(self, place);
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        if let Some(holds) = judged(call)
            && !is_literal(holds, true)
        {
            self.note(holds, Kind::Holds);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_assign(&mut self, assign: &'a ExprAssign) {
        let to_holds = matches!(&*assign.left, Expr::Field(field) if is_named(&field.member, "holds"));
        let to_none = matches!(&*assign.right, Expr::Path(path) if path.path.is_ident("None"));
        if to_holds && !to_none {
            self.note(&assign.right, Kind::MayHold);
        }
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_struct(&mut self, literal: &'a ExprStruct) {
        if literal.path.segments.last().is_some_and(|last| last.ident == "Claim") {
            for field in literal.fields.iter().filter(|field| is_named(&field.member, "holds")) {
                self.note(&field.expr, Kind::MayHold);
            }
        }
        visit::visit_expr_struct(self, literal);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        let text = call.tokens.to_string();
        self.hidden |= text.contains("Claim :: new") || text.contains(". holds =");
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        if !is_test(&item.attrs) {
            self.within = item.sig.ident.to_string();
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.within = item.sig.ident.to_string();
        visit::visit_impl_item_fn(self, item);
    }
}

fn is_named(member: &Member, name: &str) -> bool {
    matches!(member, Member::Named(ident) if ident == name)
}
