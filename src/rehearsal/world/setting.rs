//! Named worlds: what is wrong with the pipeline while customers write.

use anyhow::{Result, bail};

use crate::rehearsal::standins::app::Handling;
use crate::rehearsal::standins::fly::Fault;
use crate::rehearsal::world::World;

/// A named state of the world. What a watch says of each is in the README's table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setting {
    #[default]
    Healthy,
    /// The Agent SDK's port is closed.
    AgentDown,
    /// The Agent SDK takes 900 ms.
    AgentSlow,
    /// One delivery in ten is recorded as failed, and leaves no dead letter.
    OneInTen,
    /// Three deliveries in a hundred end as dead letters.
    DeadLetter,
    /// One delivery in ten fails, and the app throws before it records that.
    SilentLoss,
    /// Chatwoot's health is green, and nothing is delivered.
    WorkerDead,
    /// No customer writes.
    Quiet,
    /// One fact in five is committed three seconds after its time.
    LateCommits,
    /// One duration in two hundred is no number.
    Unreadable,
    /// One duration in twenty is no number.
    ManyUnreadable,
    /// `fly logs` may not be read.
    LogsUnreadable,
}

impl Setting {
    /// Every setting, in the order of the help text.
    pub const ALL: [(&str, Setting); 12] = [
        ("healthy", Setting::Healthy),
        ("agent-down", Setting::AgentDown),
        ("agent-slow", Setting::AgentSlow),
        ("one-in-ten", Setting::OneInTen),
        ("dead-letter", Setting::DeadLetter),
        ("silent-loss", Setting::SilentLoss),
        ("worker-dead", Setting::WorkerDead),
        ("quiet", Setting::Quiet),
        ("late-commits", Setting::LateCommits),
        ("unreadable", Setting::Unreadable),
        ("many-unreadable", Setting::ManyUnreadable),
        ("logs-unreadable", Setting::LogsUnreadable),
    ];

    /// Brings a good world into this state.
    ///
    /// # Errors
    /// A control document that a stand-in refuses.
    pub async fn apply(self, world: &World) -> Result<()> {
        let handling = |change: fn(&mut Handling)| world.app.update(|app| change(&mut app.handling));
        match self {
            Setting::Healthy => {}
            Setting::AgentDown => {
                world.agent.control(serde_json::json!({"door": "closed"})).await?;
            }
            Setting::AgentSlow => world.agent.update(|agent| agent.webhook_delay_ms = 900),
            Setting::OneInTen => handling(|h| h.late_draft_percent = 10.0),
            Setting::DeadLetter => handling(|h| h.failing_percent = 3.0),
            Setting::SilentLoss => handling(|h| {
                // Enough that some stay without a later reply in their conversation, which would pass for an answer.
                h.failing_percent = 30.0;
                h.throws_before_recording = true;
            }),
            Setting::WorkerDead => world.chatwoot.update(|chatwoot| chatwoot.worker_running = false),
            Setting::Quiet => world.customers(|habits| habits.per_minute = 0.0),
            Setting::LateCommits => handling(|h| h.late_commit_percent = 20.0),
            Setting::Unreadable => handling(|h| h.unreadable_percent = 0.5),
            Setting::ManyUnreadable => handling(|h| h.unreadable_percent = 5.0),
            Setting::LogsUnreadable => {
                world.fly.break_command("logs", Fault::error("unauthorized: the token may not read logs"))?;
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for Setting {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Setting> {
        let names = Setting::ALL.map(|(name, _)| name).join(", ");
        match Setting::ALL.into_iter().find(|(name, _)| *name == word) {
            Some((_, setting)) => Ok(setting),
            None => bail!("no world is called `{word}`; there are: {names}"),
        }
    }
}
