//! Functions that make claims: calling one whose claims never hold is a comparison of its own.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, Lit, ReturnType};

/// The names of functions whose claims never hold: whoever calls one has made a comparison.
pub fn failing<'a>(files: impl Iterator<Item = &'a syn::File>) -> BTreeSet<String> {
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
pub struct Defined(BTreeSet<String>);

impl Defined {
    pub fn of(file: &syn::File) -> BTreeSet<String> {
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
            None if (is_claims(call, "open") || is_claims(call, "undecided")) => self.0.others += 1,
            None => {
                if let Some(name) = called(call) {
                    self.0.calls.insert(name);
                }
            }
        }
        visit::visit_expr_call(self, call);
    }
}

/// The last argument of `Claim::new`.
pub fn judged(call: &ExprCall) -> Option<&Expr> {
    if is_claims(call, "new") || is_claims(call, "compared") { call.args.last() } else { None }
}

fn is_claims(call: &ExprCall, function: &str) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    matches!(names.as_slice(), [.., claim, last] if claim == "Claim" && last == function)
}

pub fn called(call: &ExprCall) -> Option<String> {
    let Expr::Path(path) = &*call.func else { return None };
    path.path.segments.last().map(|last| last.ident.to_string())
}

pub fn is_literal(place: &Expr, value: bool) -> bool {
    matches!(place, Expr::Lit(literal) if matches!(&literal.lit, Lit::Bool(literal) if literal.value == value))
}

fn gives_claim(output: &ReturnType) -> bool {
    let ReturnType::Type(_, given) = output else { return false };
    matches!(&**given, syn::Type::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "Claim"))
}

pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test")))
    })
}
