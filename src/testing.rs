//! What the tests and benchmarks of this crate use of it, and nothing else does: everything that is not listed here and not
//! used by the program itself is reported as dead code.

pub mod checklist {
    pub use crate::checklist::{Check, CheckEntry, Feature, SectionFile, load, load_over, load_paths};
    pub mod builtin {
        pub use crate::checklist::builtin::FILES;
    }
}
pub mod context {
    pub use crate::context::{Attempt, Context};
}
pub mod ending {
    pub use crate::ending::Signals;
}
pub mod exit {
    pub use crate::exit::Exit;
}
pub mod input {
    pub mod format {
        pub use crate::input::format::{Format, ReportTarget};
    }
    pub mod interval {
        pub use crate::input::interval::Interval;
    }
    pub mod selection {
        pub use crate::input::selection::Selection;
    }
}
pub mod outcome {
    pub use crate::outcome::{Effect, Outcome, Severity, Verdict, Why};
    pub mod event {
        pub use crate::outcome::event::{Event, Stream};
    }
    pub mod finding {
        pub use crate::outcome::finding::{Claim, Evidence, Finding, ProbeError};
    }
    pub mod report {
        pub use crate::outcome::report::{Partial, Report, SCHEMA, SectionReport, Stopped, Tally, exit};
    }
    pub mod tick {
        pub use crate::outcome::tick::{LiveStatus, Spark, Tick};
    }
    pub mod traffic {
        pub use crate::outcome::traffic::{AsPrinted, Counted, Point, Summary};
    }
    pub mod waived {
        pub use crate::outcome::waived::Waiver;
    }
    pub mod window {
        pub use crate::outcome::window::{Deploy, Ended, Gap, Mode, Window};
    }
}
pub mod probe {
    pub use crate::probe::{CheckResult, Explanation, Probe, is_listed};
}
pub mod progress {
    pub use crate::progress::{DrawMode, Drawing, Progress};
}
pub mod redact {
    pub use crate::redact::{Redactor, Secret};
}
pub mod rehearsal {
    pub mod http {
        pub use crate::rehearsal::http::{Entry, KEY_HEADER, Transport};
        pub mod control_server {
            pub use crate::rehearsal::http::control_server::{ControlServer, StandInRegistry};
        }
        pub mod port {
            pub use crate::rehearsal::http::port::free;
        }
        pub mod tls {
            pub use crate::rehearsal::http::tls::{Authority, CertificateSpec};
        }
    }
    pub mod postgres {
        pub use crate::rehearsal::postgres::{
            BERLIN, BYPASSING, DATABASE, Embedded, Engine, Native, OUTSIDER, OWNER, Options, Postgres,
            Programs, READER, SINGLE, Tls,
        };
        pub mod process_guard {
            pub use crate::rehearsal::postgres::process_guard::ProcessGuard;
        }
        pub mod query {
            pub use crate::rehearsal::postgres::query::run;
        }
        pub mod variant {
            pub use crate::rehearsal::postgres::variant::{
                ALL, COLUMN_MISSING, COLUMN_TYPE, FACTS_ARE_A_VIEW, FACTS_MISSING, FUTURE_ROWS,
                GRADES_INDEX_MISSING, GRADES_MISSING, INDEX_BRIN, INDEX_INVALID, INDEX_MISSING,
                INDEX_NOT_LIVE, INDEX_NOT_READY, INDEX_ON_EXPRESSION, INDEX_OTHERWISE, INDEX_PARTIAL,
                INDEX_WRONG_ORDER, NO_ROWS, NO_SELECT, OLD_ROWS, OTHER_SCHEMA, PARTITION_WITHOUT_INDEX,
                PARTITIONED, PRISMA, PRISMA_INDEXED, RLS_FORCED, RLS_WITH_POLICY, RLS_WITHOUT_POLICY,
                SOME_COLUMNS, UNMARKED, WITHOUT_TIME_ZONE,
            };
        }
    }
    pub mod standins {
        pub mod agent {
            pub use crate::rehearsal::standins::agent::{Agent, State};
        }
        pub mod app {
            pub use crate::rehearsal::standins::app::{App, Signature, State};
        }
        pub mod chatwoot {
            pub use crate::rehearsal::standins::chatwoot::{
                Chatwoot, Deliverer, EventKind, Inbox, Kind, Membership, Outgoing, Role, Sender, State,
                Tally, Webhook, signature,
            };
        }
        pub mod checkout {
            pub use crate::rehearsal::standins::checkout::{
                Answers, Checkout, HEALTH_LINES, MARKER, TestFile, Tool, ToolName, ToolOutput, WEBHOOK_TESTS,
            };
            pub mod npm {
                pub use crate::rehearsal::standins::checkout::npm::{install, is_missing};
            }
        }
        pub mod customers {
            pub use crate::rehearsal::standins::customers::Habits;
        }
        pub mod fly {
            pub use crate::rehearsal::standins::fly::{Answers, Fault, Fly, Generation, MARKER, Status};
        }
    }
    pub mod world {
        pub use crate::rehearsal::world::{ACCOUNT, Database, World};
        pub mod setup {
            pub use crate::rehearsal::world::setup::Setup;
        }
    }
}
pub mod report {
    pub use crate::report::{Style, conclusion, prepare, render, write_files};
    pub mod json {
        pub use crate::report::json::schema;
    }
    pub mod jsonl {
        pub use crate::report::jsonl::line;
    }
}
pub mod service {
    pub use crate::service::Unreachable;
    pub mod chatwoot {
        pub use crate::service::chatwoot::{Chatwoot, ChatwootError, Reason};
    }
    pub mod command {
        pub use crate::service::command::{Command, NotRun, Ran, Status, Stop, Stream, run};
    }
    pub mod dsn {
        pub use crate::service::dsn::Dsn;
    }
    pub mod fly {
        pub use crate::service::fly::{Answer, FlyError, LogBatch, LogLine, Release, logs, releases};
    }
    pub mod http {
        pub use crate::service::http::{Answer, Client, Proxies, Request};
    }
    pub mod marker {
        pub use crate::service::marker::MarkerSink;
    }
    pub mod postgres {
        pub use crate::service::postgres::{
            Bounds, PgError, Protection, Session, Task, connect, quote_ident,
        };
    }
    pub mod reach {
        pub use crate::service::reach::{Leg, reach};
    }
    pub mod tls {
        pub use crate::service::tls::{Roots, TlsError};
    }
}
pub mod settings {
    pub use crate::settings::{Drafts, Names, Settings, Target, Tier, Traffic, Vars, Watch};
}
pub mod traffic {
    pub mod customers {
        pub use crate::traffic::customers::{Customers, MAX_MESSAGES, MessageCounts, Queue, Unknown, fetch};
        pub mod loss {
            pub use crate::traffic::customers::loss::{Judged, Loss, Rule, judge};
        }
        pub mod silence {
            pub use crate::traffic::customers::silence::{Silence, silence};
        }
    }
    pub mod logs {
        pub use crate::traffic::logs::{LogReading, LogTexts, MAX_BATCH_LINES};
    }
    pub mod read {
        pub use crate::traffic::read::{
            Ms, TableInfo, TickCounter, TickCursor, explain, open_transactions, period, recent_per_minute,
            table_info, tick, tier, window_data,
        };
    }
    pub mod sql {
        pub use crate::traffic::sql::Source;
    }
    pub mod stats {
        pub use crate::traffic::stats::Percentiles;
    }
    pub mod watch {
        pub mod measure {
            pub use crate::traffic::watch::measure::{observation, plan};
        }
    }
    pub mod window {
        pub use crate::traffic::window::{End, FactKind, Form, OpenTransactions, WindowData, current_deploy};
    }
}
