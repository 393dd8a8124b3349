//! Measurements that are taken once and judged by many checks. A failed measurement is kept, too, so that ten checks of
//! one dead host cost one time-out.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

type Measurement<T> = Shared<BoxFuture<'static, Arc<T>>>;

/// Names a measurement with values of the type `T`. The room that owns the type declares it, as a constant.
pub struct Key<T> {
    name: &'static str,
    /// What is measured, where one run measures several: a URL, an app.
    of: String,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// A key with a name for people: `the catalog`.
    pub const fn new(name: &'static str) -> Key<T> {
        Key { name, of: String::new(), value: PhantomData }
    }

    /// The same measurement of one of several things: a URL, an app.
    pub fn of(self, thing: impl Into<String>) -> Key<T> {
        Key { of: thing.into(), ..self }
    }
}

impl<T> fmt::Display for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if self.of.is_empty() { Ok(()) } else { write!(f, " {}", self.of) }
    }
}

/// The value's type, the measurement's name, and what it is about.
type CellKey = (TypeId, &'static str, String);

/// All measurements of a run. Knows none of their types.
#[derive(Default)]
pub(super) struct Measurements(Mutex<HashMap<CellKey, Box<dyn Any + Send>>>);

impl Measurements {
    /// See [`super::Context::measure`].
    pub(super) fn measure<T, F>(&self, key: Key<T>, again: bool, take: F) -> Measurement<T>
    where
        T: Any + Send + Sync,
        F: Future<Output = T> + Send + 'static,
    {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = key.to_string();
        let cell = (TypeId::of::<T>(), key.name, key.of);
        let old = known.get(&cell).and_then(|m| m.downcast_ref::<Measurement<T>>()).cloned();
        if let Some(old) = old.filter(|_| !again) {
            return old;
        }
        let task = tokio::spawn(take);
        let fresh = async move {
            match task.await {
                Ok(value) => Arc::new(value),
                Err(error) => panic!("the measurement `{shown}` failed: {error}"),
            }
        };
        let fresh: Measurement<T> = fresh.boxed().shared();
        known.insert(cell, Box::new(fresh.clone()));
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_key_is_measured_once_unless_again() {
        const APP: Key<u32> = Key::new("the app");
        const NAME: Key<&str> = Key::new("the app");
        let all = Measurements::default();
        assert_eq!(*all.measure(APP, false, async { 1 }).await, 1);
        assert_eq!(*all.measure(APP, false, async { 2 }).await, 1);
        assert_eq!(*all.measure(APP.of("b"), false, async { 3 }).await, 3, "another thing");
        assert_eq!(*all.measure(NAME, false, async { "x" }).await, "x", "a value of another type");
        assert_eq!(*all.measure(APP, true, async { 4 }).await, 4);
        assert_eq!(*all.measure(APP, false, async { 5 }).await, 4);
    }
}
