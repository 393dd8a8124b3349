//! Named states of the world: what is wrong with the pipeline while customers write.

use anyhow::{Result, bail};

use crate::rehearsal::standins::app::Handling;
use crate::rehearsal::standins::fly::Fault;
use crate::rehearsal::world::World;

/// A named state of the world. The README lists how each one is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setup {
    #[default]
    Healthy,
    /// The Agent SDK's port is closed.
    AgentDown,
    /// The Agent SDK takes 900 ms to answer.
    AgentSlow,
    /// One delivery in ten is recorded as failed but leaves no dead letter.
    OneInTen,
    /// Three percent of deliveries end as dead letters.
    DeadLetter,
    /// 30 % of deliveries fail, and the app throws before it records that.
    SilentLoss,
    /// Chatwoot's health is green, but nothing is delivered.
    WorkerDead,
    /// Customers write nothing.
    Quiet,
    /// One fact in five is committed three seconds after its recorded time.
    LateCommits,
    /// One duration in two hundred is not a number.
    Unreadable,
    /// One duration in twenty is not a number.
    ManyUnreadable,
    /// `fly logs` is not permitted.
    LogsUnreadable,
}

impl Setup {
    /// Every setup, in the order of the help text.
    pub const ALL: [(&str, Setup); 12] = [
        ("healthy", Setup::Healthy),
        ("agent-down", Setup::AgentDown),
        ("agent-slow", Setup::AgentSlow),
        ("one-in-ten", Setup::OneInTen),
        ("dead-letter", Setup::DeadLetter),
        ("silent-loss", Setup::SilentLoss),
        ("worker-dead", Setup::WorkerDead),
        ("quiet", Setup::Quiet),
        ("late-commits", Setup::LateCommits),
        ("unreadable", Setup::Unreadable),
        ("many-unreadable", Setup::ManyUnreadable),
        ("logs-unreadable", Setup::LogsUnreadable),
    ];

    /// Brings a good world into this state.
    ///
    /// # Errors
    /// A control document that a stand-in rejects.
    pub async fn apply(self, world: &World) -> Result<()> {
        let handling = |change: fn(&mut Handling)| world.app.update(|app| change(&mut app.handling));
        match self {
            Setup::Healthy => {}
            Setup::AgentDown => {
                world.agent.control(serde_json::json!({"door": "closed"})).await?;
            }
            Setup::AgentSlow => world.agent.update(|agent| agent.webhook_delay_ms = 900),
            Setup::OneInTen => handling(|h| h.late_draft_percent = 10.0),
            Setup::DeadLetter => handling(|h| h.failing_percent = 3.0),
            Setup::SilentLoss => handling(|h| {
                // High enough that some messages have no later reply in their conversation, which would count as an
                // answer.
                h.failing_percent = 30.0;
                h.throws_before_recording = true;
            }),
            Setup::WorkerDead => world.chatwoot.update(|chatwoot| chatwoot.worker_running = false),
            Setup::Quiet => world.customers(|habits| habits.per_minute = 0.0),
            Setup::LateCommits => handling(|h| h.late_commit_percent = 20.0),
            Setup::Unreadable => handling(|h| h.unreadable_percent = 0.5),
            Setup::ManyUnreadable => handling(|h| h.unreadable_percent = 5.0),
            Setup::LogsUnreadable => {
                world.fly.break_command(
                    "logs",
                    Fault::error("unauthorized: the token is not allowed to read logs"),
                )?;
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for Setup {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Setup> {
        let names = Setup::ALL.map(|(name, _)| name).join(", ");
        match Setup::ALL.into_iter().find(|(name, _)| *name == word) {
            Some((_, setting)) => Ok(setting),
            None => bail!("`{word}` is not a world; use one of: {names}"),
        }
    }
}
