//! Every place where the product judges a claim, found by parsing its sources.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprAssign, ExprCall, ExprMethodCall, ExprStruct, Lit, Member, ReturnType};

/// Where claims are judged.
const ROOMS: [&str; 3] = ["src/probe/", "src/traffic/judge/", "src/traffic/baseline/"];
/// The constructors themselves, which judge nothing.
const CONSTRUCTORS: &str = "src/probe/finding.rs";
/// As many as there were when this was written, less a few: fewer mean that the parser does not see them.
const LEAST: usize = 92;

/// Places that no fault of the score can turn, each with its reason. The lot does not fall on them.
pub const APART: &[(&str, &str)] = &[(
    "src/probe/command/result.rs#1",
    "what an operator's own program states is that program's comparison; no check of the checklist is asked so",
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

/// What stands in the place.
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
    let names = String::from_utf8(output.stdout).context("a name that is no text")?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

/// Every comparison, in the order of files and of places in them.
///
/// # Errors
/// A source that does not parse, and fewer comparisons than there must be.
pub fn find() -> Result<Vec<Comparison>> {
    let mut sources = Vec::new();
    for name in tracked()? {
        let is_source = ROOMS.iter().any(|room| name.starts_with(room)) || name == "src/probe.rs";
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

/// The names of functions whose claims never hold: whoever calls one has made a comparison.
fn failing<'a>(files: impl Iterator<Item = &'a syn::File>) -> BTreeSet<String> {
    let mut makers = Makers::default();
    for file in files {
        makers.visit_file(file);
    }
    let mut failing = BTreeSet::new();
    loop {
        let more: Vec<String> = makers
            .found
            .iter()
            .filter(|maker| !failing.contains(&maker.name) && maker.fails(&failing))
            .map(|maker| maker.name.clone())
            .collect();
        if more.is_empty() {
            return failing;
        }
        failing.extend(more);
    }
}

/// The functions of a file that give no claim.
#[derive(Default)]
struct Defined(BTreeSet<String>);

impl Defined {
    fn of(file: &syn::File) -> BTreeSet<String> {
        let mut defined = Defined::default();
        defined.visit_file(file);
        defined.0
    }
}

impl<'a> Visit<'a> for Defined {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        if !gives_claim(&item.sig.output) {
            self.0.insert(item.sig.ident.to_string());
        }
    }
}

/// A function that gives a claim.
#[derive(Default)]
struct Maker {
    name: String,
    falsehoods: usize,
    /// Claims that hold, may hold, or are open.
    others: usize,
    calls: BTreeSet<String>,
}

impl Maker {
    fn fails(&self, failing: &BTreeSet<String>) -> bool {
        self.others == 0 && (self.falsehoods > 0 || self.calls.iter().any(|name| failing.contains(name)))
    }
}

#[derive(Default)]
struct Makers {
    found: Vec<Maker>,
}

impl Makers {
    fn function<'a>(&mut self, attributes: &[Attribute], signature: &syn::Signature, block: &'a syn::Block) {
        if is_test(attributes) || !gives_claim(&signature.output) {
            return;
        }
        let mut body = Body(Maker { name: signature.ident.to_string(), ..Maker::default() });
        Visit::<'a>::visit_block(&mut body, block);
        self.found.push(body.0);
    }
}

impl<'a> Visit<'a> for Makers {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

struct Body(Maker);

impl<'a> Visit<'a> for Body {
    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        match judged(call) {
            Some(holds) if is_literal(holds, false) => self.0.falsehoods += 1,
            Some(_) => self.0.others += 1,
            None if is_claims(call, "open") => self.0.others += 1,
            None => {
                if let Some(name) = called(call) {
                    self.0.calls.insert(name);
                }
            }
        }
        visit::visit_expr_call(self, call);
    }
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

/// The last argument of `Claim::new`.
fn judged(call: &ExprCall) -> Option<&Expr> {
    if is_claims(call, "new") { call.args.last() } else { None }
}

fn is_claims(call: &ExprCall, function: &str) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    matches!(names.as_slice(), [.., claim, last] if claim == "Claim" && last == function)
}

fn called(call: &ExprCall) -> Option<String> {
    let Expr::Path(path) = &*call.func else { return None };
    path.path.segments.last().map(|last| last.ident.to_string())
}

fn is_literal(place: &Expr, value: bool) -> bool {
    matches!(place, Expr::Lit(literal) if matches!(&literal.lit, Lit::Bool(literal) if literal.value == value))
}

fn is_named(member: &Member, name: &str) -> bool {
    matches!(member, Member::Named(ident) if ident == name)
}

fn gives_claim(output: &ReturnType) -> bool {
    let ReturnType::Type(_, given) = output else { return false };
    matches!(&**given, syn::Type::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "Claim"))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test")))
    })
}
