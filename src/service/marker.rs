//! Where every client reports that a stand-in answered. Each client takes the sink when it is built or called, so
//! that nobody has to look for the marker in an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Remembers that a stand-in's marker was seen. Clones share what they remember.
#[derive(Clone, Debug, Default)]
pub struct MarkerSink(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    seen: AtomicBool,
    changed: Notify,
}

impl MarkerSink {
    /// Reports a marker.
    pub fn report(&self) {
        self.0.seen.store(true, Ordering::SeqCst);
        self.0.changed.notify_one();
    }

    /// True once a marker was reported.
    pub fn seen(&self) -> bool {
        self.0.seen.load(Ordering::SeqCst)
    }

    /// Resolves once a marker was reported. Only one task may wait at a time.
    pub async fn until_seen(&self) {
        if !self.seen() {
            self.0.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_report_is_seen_by_every_clone_and_wakes_who_waits() {
        let sink = MarkerSink::default();
        assert!(!sink.seen());
        let reporter = sink.clone();
        tokio::join!(sink.until_seen(), async { reporter.report() });
        assert!(sink.seen() && sink.clone().seen());
        sink.until_seen().await;
    }
}
