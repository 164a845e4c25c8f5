//! The lease of a table: one execution at a time loads it.
//!
//! A lease is a document that only whoever has read it may overwrite, by its ETag. It ends by itself: an execution that
//! was killed holds up its table for some minutes, and never for ever. Whoever still loads under a lease that has ended is
//! kept out by its token in the warehouse (`sql/publish.rs`), not by clocks.

use aws::object;
use aws_sdk_s3::Client;
use chrono::{DateTime, TimeDelta, Utc};
use model::group::Lease;
use model::name::{ExecutionName, TableName};
use model::{Result, layout};

/// How long a lease lasts. A holder looks at its statement every half a minute at least, and renews.
const LASTS: TimeDelta = TimeDelta::minutes(5);

/// What there is to do about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is ours, under this token.
    Ours(u64),
    /// It can be taken, under this token.
    Free(u64),
    /// Somebody else loads.
    Theirs,
}

/// The lease of one table, as one execution sees it.
#[derive(Debug, Clone, Copy)]
pub struct TableLease<'a> {
    s3: &'a Client,
    bucket: &'a str,
    table: &'a TableName,
    us: &'a ExecutionName,
}

impl<'a> TableLease<'a> {
    /// The lease of a table.
    pub fn of(s3: &'a Client, bucket: &'a str, table: &'a TableName, us: &'a ExecutionName) -> Self {
        Self { s3, bucket, table, us }
    }

    /// Takes the lease under a token that is no less than `least`, and says under which; `None` where somebody else holds
    /// it. Called again, it says the same.
    pub async fn take(&self, now: DateTime<Utc>, least: u64) -> Result<Option<u64>> {
        let Some((lease, etag)) = self.read().await? else { return self.first(now, least).await };
        match turn(&lease, self.us, now, least) {
            Turn::Ours(token) => Ok(Some(token)),
            Turn::Theirs => Ok(None),
            Turn::Free(token) => {
                let taken = object::replace(self.s3, self.bucket, &self.key(), &etag, &self.held(token, now)).await?;
                Ok(taken.then_some(token))
            }
        }
    }

    /// The lease of a table that nobody has loaded, or of one whose lease was deleted: tokens that were given stay given.
    async fn first(&self, now: DateTime<Utc>, least: u64) -> Result<Option<u64>> {
        let folder = layout::groups(self.table);
        let listed = object::list(self.s3, self.bucket, &folder).await?;
        let given = listed.iter().filter_map(|object| token_of(object.key.strip_prefix(&folder)?)).max();
        let token = given.map_or(1, |given| given + 1).max(least);
        let lease = object::to_json(&self.held(token, now))?;
        match object::create(self.s3, self.bucket, &self.key(), lease).await? {
            object::Created::New | object::Created::Same => Ok(Some(token)),
            object::Created::Other => Ok(None),
        }
    }

    /// Whether the lease is still ours under this token; where half of its time is over, it is renewed.
    pub async fn keep(&self, now: DateTime<Utc>, token: u64) -> Result<bool> {
        let Some((lease, etag)) = self.read().await? else { return Ok(false) };
        if !self.is_ours(&lease, token) {
            return Ok(false);
        }
        if lease.until - now > LASTS / 2
            || object::replace(self.s3, self.bucket, &self.key(), &etag, &self.held(token, now)).await?
        {
            return Ok(true);
        }
        // Somebody else was faster, or it was us: the answer of a renewal may be lost, and the SDK asks again.
        let there = self.read().await?.map(|(lease, _)| lease);
        Ok(there.is_some_and(|lease| self.is_ours(&lease, token) && lease.until > now))
    }

    /// The token under which we hold the lease, if we do.
    pub async fn token(&self) -> Result<Option<u64>> {
        let lease = self.read().await?.map(|(lease, _)| lease);
        Ok(lease.filter(|lease| self.is_ours(lease, lease.token)).map(|lease| lease.token))
    }

    /// Gives the lease back. One that is somebody else's by now is left as it is.
    pub async fn give_back(&self, now: DateTime<Utc>, token: u64) -> Result<()> {
        let Some((lease, etag)) = self.read().await? else { return Ok(()) };
        if !self.is_ours(&lease, token) {
            return Ok(());
        }
        let free = Lease { holder: None, until: now, ..lease };
        object::replace(self.s3, self.bucket, &self.key(), &etag, &free).await.map(drop)
    }

    fn is_ours(&self, lease: &Lease, token: u64) -> bool {
        lease.token == token && lease.holder.as_ref() == Some(self.us)
    }

    fn held(&self, token: u64, now: DateTime<Utc>) -> Lease {
        Lease { version: Lease::VERSION, token, holder: Some(self.us.clone()), until: now + LASTS }
    }

    async fn read(&self) -> Result<Option<(Lease, String)>> {
        object::read_tagged(self.s3, self.bucket, &self.key()).await
    }

    fn key(&self) -> String {
        layout::lease(self.table)
    }
}

/// What a lease says to an execution that asks for a token no less than `least`.
pub fn turn(lease: &Lease, us: &ExecutionName, now: DateTime<Utc>, least: u64) -> Turn {
    let next = Turn::Free((lease.token + 1).max(least));
    match &lease.holder {
        Some(holder) if holder == us && lease.token >= least => Turn::Ours(lease.token),
        // A greater token was asked for, or an earlier execution of the run holds it: that has ended, or we were not here.
        Some(holder) if holder.run() == us.run() && holder.n() <= us.n() => next,
        Some(_) if now < lease.until => Turn::Theirs,
        _ => next,
    }
}

/// The token of an object in the folder of a table's groups: `17.json`, `17/copy.manifest`.
fn token_of(key: &str) -> Option<u64> {
    key.split(['.', '/']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(digit: char, n: u32) -> ExecutionName {
        ExecutionName::parse(&format!("sales-{}-{n}", digit.to_string().repeat(32))).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn look(holder: Option<ExecutionName>, now: i64, least: u64) -> Turn {
        let lease = Lease { version: 1, token: 7, holder, until: at(100) };
        turn(&lease, &execution('a', 2), at(now), least)
    }

    #[test]
    fn a_lease_is_free_when_it_was_given_back_or_has_ended() {
        assert_eq!(look(None, 50, 1), Turn::Free(8));
        assert_eq!(look(Some(execution('b', 1)), 99, 1), Turn::Theirs);
        assert_eq!(look(Some(execution('b', 1)), 100, 1), Turn::Free(8));
    }

    #[test]
    fn a_call_that_is_made_again_finds_its_own() {
        assert_eq!(look(Some(execution('a', 2)), 50, 7), Turn::Ours(7));
        assert_eq!(look(Some(execution('a', 2)), 500, 1), Turn::Ours(7), "nobody else has taken it since");
        assert_eq!(look(Some(execution('a', 2)), 50, 8), Turn::Free(8));
        assert_eq!(look(Some(execution('a', 2)), 50, 20), Turn::Free(20));
    }

    #[test]
    fn an_earlier_execution_of_the_run_has_ended_and_a_later_one_has_not() {
        assert_eq!(look(Some(execution('a', 1)), 50, 1), Turn::Free(8));
        assert_eq!(look(Some(execution('a', 3)), 50, 1), Turn::Theirs);
    }

    #[test]
    fn whatever_a_group_left_tells_its_token() {
        for (key, token) in [("17.json", Some(17)), ("17/failed/stage-1.json", Some(17)), ("x.json", None)] {
            assert_eq!(token_of(key), token, "{key}");
        }
    }
}
