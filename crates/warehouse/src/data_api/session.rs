//! Sessions: what statements of one caller share from call to call (facts/redshift-data-api.md, sessions). Of what a
//! session keeps the double knows the count of the last COPY; temporary tables and SET it does not. A session ends with
//! the process, as a connection does.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::ApiError;
use super::request::{Compute, Submission};

/// No session lives longer.
const MOST: TimeDelta = TimeDelta::hours(24);
/// How many may be alive (the number is unverified).
const MOST_SESSIONS: usize = 500;

#[derive(Debug)]
struct Session {
    owner: String,
    compute: Compute,
    database: String,
    born: DateTime<Utc>,
    keep_alive: TimeDelta,
    /// When it closes; `None` while a statement runs.
    closes: Option<DateTime<Utc>>,
    last_copy_rows: u64,
}

impl Session {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        now - self.born < MOST && self.closes.is_none_or(|closes| now < closes)
    }
}

/// The sessions by their ids.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<BTreeMap<String, Session>>);

impl Sessions {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Session>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the session of a caller runs its statements.
    pub fn place(&self, id: &str, owner: &str, now: DateTime<Utc>) -> Result<(Compute, String), ApiError> {
        self.with(|sessions| {
            let open = sessions.get(id).filter(|session| session.owner == owner && session.is_open(now));
            // That a session can be used no more is certain, the exception is not.
            let session = open.ok_or_else(|| ApiError::validation(format!("Session {id} is not available")))?;
            Ok((session.compute.clone(), session.database.clone()))
        })
    }

    /// Begins a statement: in the session that it names, in a new one when it asks for one, else in none.
    pub fn enter(&self, submission: &Submission, now: DateTime<Utc>) -> Result<Option<String>, ApiError> {
        let asked = submission.keep_alive_seconds.map(|seconds| TimeDelta::seconds(seconds.into()));
        self.with(|sessions| match (&submission.session_id, asked) {
            (Some(id), asked) => {
                let known = sessions.get_mut(id);
                let session = known.ok_or_else(|| ApiError::validation(format!("Session {id} is not available")))?;
                if session.closes.take().is_none() {
                    let text = format!("Session {id} is busy: it runs one statement at a time");
                    return Err(ApiError::validation(text));
                }
                session.keep_alive = asked.unwrap_or(session.keep_alive);
                Ok(Some(id.clone()))
            }
            (None, Some(keep_alive)) if keep_alive > TimeDelta::zero() => {
                sessions.retain(|_, session| session.is_open(now));
                if sessions.len() >= MOST_SESSIONS {
                    return Err(ApiError::exceeded("ActiveSessionsExceededException", "sessions", MOST_SESSIONS));
                }
                let id = uuid::Uuid::new_v4().to_string();
                let session = Session {
                    owner: submission.owner.clone(),
                    compute: submission.compute.clone(),
                    database: submission.database.clone(),
                    born: now,
                    keep_alive,
                    closes: None,
                    last_copy_rows: 0,
                };
                sessions.insert(id.clone(), session);
                Ok(Some(id))
            }
            (None, _) => Ok(None),
        })
    }

    /// The rows of the last COPY in a session.
    pub fn last_copy_rows(&self, id: Option<&str>) -> u64 {
        self.with(|sessions| Some(sessions.get(id?)?.last_copy_rows)).unwrap_or_default()
    }

    /// Keeps the rows of the last COPY in a session.
    pub fn keep_last_copy_rows(&self, id: Option<&str>, rows: u64) {
        self.with(|sessions| {
            if let Some(session) = id.and_then(|id| sessions.get_mut(id)) {
                session.last_copy_rows = rows;
            }
        });
    }

    /// Ends a statement; the session closes when no other comes in time.
    pub fn leave(&self, id: Option<&str>, now: DateTime<Utc>) {
        self.with(|sessions| {
            if let Some(session) = id.and_then(|id| sessions.get_mut(id)) {
                session.closes = Some(now + session.keep_alive);
            }
        });
    }
}
