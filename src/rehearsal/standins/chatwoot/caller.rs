//! Authentication and access to an account: the checks that come before an endpoint's own.

use super::message::Sender;
use super::rails::Refusal;
use super::state::{Account, Bot, Person, Role, State, Status};
use crate::rehearsal::http::Request;

/// The owner of a token.
pub(super) enum Caller<'a> {
    Person(&'a Person),
    Bot(&'a Bot),
    Platform,
}

/// Who may call an endpoint of the account API.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    ToPeople,
    ToBotsToo,
}

/// A caller who has access to an account.
pub(super) struct Entered {
    pub(super) account: u64,
    /// The role of a person; a bot has none.
    pub(super) role: Option<Role>,
    /// The caller as the sender of messages.
    pub(super) sender: Sender,
}

impl Entered {
    /// The Pundit policy of endpoints for administrators.
    pub(super) fn administrator(&self) -> Result<(), Refusal> {
        if self.role == Some(Role::Administrator) { Ok(()) } else { Err(Refusal::Role) }
    }
}

impl State {
    /// Rack uses one key for both spellings; a proxy that drops underscores lets the dashed one through.
    pub(super) fn token<'r>(&self, request: &'r Request) -> Option<&'r str> {
        let underscored = request.header("api_access_token").filter(|_| !self.drops_underscore_headers);
        underscored.or_else(|| request.header("api-access-token")).filter(|token| !token.is_empty())
    }

    pub(super) fn caller(&self, request: &Request) -> Result<Caller<'_>, Refusal> {
        let token = self.token(request).ok_or(Refusal::NotSignedIn)?;
        if token == self.platform_token {
            return Ok(Caller::Platform);
        }
        if let Some(person) = self.people.values().find(|person| person.token == token) {
            return Ok(Caller::Person(person));
        }
        let bot = self.bots.values().find(|bot| bot.token == token);
        bot.map(Caller::Bot).ok_or(Refusal::UnknownToken)
    }

    /// The person who owns the token, for endpoints that reject bots and platform apps.
    pub(super) fn person(&self, request: &Request) -> Result<&Person, Refusal> {
        match self.caller(request)? {
            Caller::Person(person) => Ok(person),
            Caller::Bot(_) | Caller::Platform => Err(Refusal::NotForBots),
        }
    }

    /// Checks a caller's access to an account of the nested routes, in the order in which Chatwoot checks it.
    pub(super) fn enter(&self, request: &Request, account: &str, open: Open) -> Result<Entered, Refusal> {
        let caller = self.caller(request)?;
        match (&caller, open) {
            (Caller::Platform, _) | (Caller::Bot(_), Open::ToPeople) => return Err(Refusal::NotForBots),
            (Caller::Bot(_), Open::ToBotsToo) | (Caller::Person(_), _) => {}
        }
        let (id, record) = self.account_record(account)?;
        if record.status == Status::Suspended {
            return Err(Refusal::Suspended);
        }
        let (role, sender) = match caller {
            Caller::Person(person) => {
                let membership = person.memberships.get(&id).ok_or(Refusal::NotMember)?;
                (Some(membership.role), Sender::User(person.id))
            }
            Caller::Bot(bot) if bot.accounts.contains(&id) => (None, Sender::Bot(bot.id)),
            Caller::Bot(_) => return Err(Refusal::ForeignBot),
            Caller::Platform => return Err(Refusal::NotForBots),
        };
        if !record.api_enabled {
            return Err(Refusal::ApiDisabled);
        }
        Ok(Entered { account: id, role, sender })
    }

    /// Whether a caller can see an inbox: an agent sees the inboxes it belongs to, everyone else sees all.
    pub(super) fn sees(&self, entered: &Entered, inbox: u64) -> bool {
        let (Some(Role::Agent), Sender::User(user)) = (entered.role, entered.sender) else { return true };
        self.inboxes.iter().any(|known| known.id == inbox && known.members.contains(&user))
    }

    pub(super) fn account_record(&self, id: &str) -> Result<(u64, &Account), Refusal> {
        let id: u64 = id.parse().map_err(|_| Refusal::NotFound)?;
        Ok((id, self.accounts.get(&id).ok_or(Refusal::NotFound)?))
    }
}
