//! A stand-in for `fly`: a small shell program that answers like flyctl from what is set here, and marks
//! itself on standard error. What it answers can be changed while it is in use.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::rehearsal::keeper::quote;
use crate::rehearsal::slate::{self, Slate};

mod answers;

pub use answers::{Answers, App, Fault, Generation, Machine, Secret, Status};

/// The line by which a run recognises the stand-in.
pub const MARKER: &str = "hotdash-ops-sandbox";

/// An installed stand-in and what it answers.
#[derive(Debug)]
pub struct Fly {
    slate: Slate,
    answers: Mutex<Answers>,
}

impl Fly {
    /// Writes the programs `fly` and `flyctl` into `bin`, answering [`Answers::good`]. `state` is a directory
    /// of its own; it must live as long as the programs.
    pub fn install(bin: &Path, state: &Path) -> Result<Fly> {
        let slate = Slate::new(state)?;
        let answers = Answers::good();
        slate.write(&answers.files())?;
        std::fs::create_dir_all(bin).with_context(|| format!("cannot make {}", bin.display()))?;
        let text = include_str!("fly/fly.sh").replace("@SLATE@", &quote(&slate.now().display().to_string()));
        slate::program(&bin.join("fly"), &text)?;
        slate::program(&bin.join("flyctl"), &text)?;
        Ok(Fly { slate, answers: Mutex::new(answers) })
    }

    /// What is answered at present.
    pub fn answers(&self) -> Answers {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers this from now on.
    pub fn set(&self, answers: Answers) -> Result<()> {
        let mut present = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.slate.write(&answers.files())?;
        *present = answers;
        Ok(())
    }

    /// Changes what is answered.
    pub fn change(&self, how: impl FnOnce(&mut Answers)) -> Result<()> {
        let mut answers = self.answers();
        how(&mut answers);
        self.set(answers)
    }

    /// Makes one command (`secrets list`, `auth whoami`, `version`, `status`, or `*` for all) misbehave.
    pub fn break_command(&self, command: &str, fault: Fault) -> Result<()> {
        self.change(|answers| {
            answers.faults.insert(command.to_owned(), fault);
        })
    }

    /// Changes the status of one secret of one app; `None` removes the secret.
    pub fn set_secret(&self, app: &str, name: &str, status: Option<Status>) -> Result<()> {
        self.change(|answers| {
            let secrets = &mut answers.apps.entry(app.to_owned()).or_default().secrets;
            secrets.retain(|secret| secret.name != name);
            if let Some(status) = status {
                secrets.push(Secret { name: name.to_owned(), status });
            }
        })
    }
}
