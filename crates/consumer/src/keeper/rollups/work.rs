//! What is to be counted next, and the transaction in which it is.

use std::time::{Duration, Instant, SystemTime};

use database::{Database, DatabaseError, Statement, begin, commit};
use deadpool_postgres::{Object, Transaction};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{days, hours, marks, pace::Pace, progress::Progress};
use crate::{keeper::pause::pause, numbers};

const HOUR: Duration = Duration::from_hours(1);
/// How often it is looked for marks.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// How soon it is tried again after a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// The lock under which one keeper counts. Any number will do that nobody else uses: `wm_roll` in
/// ASCII.
const LOCK_KEY: i64 = 0x0077_6d5f_726f_6c6c;

/// No statement takes longer: a slice that does is tried again smaller.
const LIMIT: Statement = Statement::new(
    "waiting to count",
    "SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '2s'",
);
const LOCK: Statement = Statement::new("waiting to count", "SELECT pg_try_advisory_xact_lock($1)");
/// The newest hour whose oldest mark is old enough; how many hours have marks, and how long the oldest one
/// has waited. Marks from the future are of a clock that was set back.
const NEXT_HOUR: Statement = Statement::new(
    "looking for hours to be counted",
    "SELECT max(hour) FILTER (WHERE hour <> ALL ($2::timestamptz[]) \
        AND (oldest <= now() - $1 * interval '1 second' OR newest > now() + interval '1 minute')), \
        count(*), \
        coalesce(extract(epoch FROM now() - min(oldest) FILTER (WHERE isfinite(oldest))), 0)::double precision \
    FROM (SELECT hour, min(created_at) AS oldest, max(created_at) AS newest \
        FROM dirty_hours GROUP BY hour) AS marked",
);
/// The newest day that waits for no hour of its own, or has waited long.
const NEXT_DAY: Statement = Statement::new(
    "looking for days to be counted",
    "SELECT max(day)::text FROM (SELECT day, min(created_at) AS oldest, max(created_at) AS newest \
        FROM dirty_days GROUP BY day) AS marked \
    WHERE oldest <= now() - $2 * interval '1 second' OR newest > now() + interval '1 minute' \
        OR oldest <= now() - $1 * interval '1 second' AND NOT EXISTS (SELECT FROM dirty_hours \
            WHERE (hour AT TIME ZONE 'UTC')::date = marked.day)",
);

/// How old a mark is when it is taken: whatever else comes meanwhile is counted with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ages {
    /// Of an hour: one is counted at most so often.
    pub(super) hour: Duration,
    /// Of a day of which hours are still to be counted, as today.
    pub(super) day: Duration,
}

const AGES: Ages = Ages {
    hour: Duration::from_mins(1),
    day: Duration::from_mins(10),
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Nothing is to be done, or somebody else is at it.
    Nothing,
    /// Some websites were counted, and more are left of the same hour or day.
    Part,
    /// Those were the last.
    Last,
}

/// Counts what is to be counted, until `stop`.
pub(crate) async fn count(database: Database, stop: CancellationToken) {
    let mut counting = Counting::new(database, AGES);
    // Said once, not every half minute of an outage, of which others tell, too.
    let mut said = None;
    loop {
        let began = Instant::now();
        let pause_time = match stop.run_until_cancelled(counting.step()).await {
            None => return,
            Some(Ok(done)) => {
                said = None;
                counting.pause_after(done, began.elapsed())
            }
            Some(Err(error)) => {
                counting.pace.failed();
                let story = counting.database.explain(&error);
                if said.as_ref() != Some(&story) {
                    warn!("The roll-ups are behind; trying again: {story}");
                    said = Some(story);
                }
                RETRY_INTERVAL
            }
        };
        if !pause(pause_time, &stop).await {
            return;
        }
    }
}

/// Whoever counts.
pub(super) struct Counting {
    database: Database,
    ages: Ages,
    pace: Pace,
    progress: Progress,
}

impl Counting {
    pub(super) fn new(database: Database, ages: Ages) -> Self {
        Self {
            database,
            ages,
            pace: Pace::default(),
            progress: Progress::default(),
        }
    }

    /// Counts one slice of what is due, in a transaction: its marks are gone and its counts there, or
    /// neither.
    pub(super) async fn step(&mut self) -> Result<Done, DatabaseError> {
        let database = self.database.clone();
        database
            .attempt(async |client| self.step_on(client).await)
            .await
    }

    async fn step_on(&mut self, client: &mut Object) -> Result<Done, DatabaseError> {
        let transaction = begin(client).await?;
        LIMIT.run(&transaction).await?;
        let lock = LOCK.query_one(&transaction, &[&LOCK_KEY]).await?;
        if !lock.get::<_, bool>(0) {
            return Ok(Done::Nothing);
        }
        let now = Instant::now();
        let done = if let Some(hour) = self.next_hour(&transaction, now).await? {
            self.count_hour(&transaction, hour).await?
        } else if let Some(day) = self.next_day(&transaction).await? {
            let taken = marks::take_day(&transaction, &day, self.pace.slice()).await?;
            days::count(&transaction, &taken.now, &day).await?;
            Done::of(&taken)
        } else {
            return Ok(Done::Nothing);
        };
        commit(transaction, "committing roll-ups").await?;
        numbers::ROLL_UPS
            .histogram()
            .record(now.elapsed().as_secs_f64());
        Ok(done)
    }

    async fn count_hour(
        &mut self,
        transaction: &Transaction<'_>,
        hour: SystemTime,
    ) -> Result<Done, DatabaseError> {
        let began = Instant::now();
        let taken = marks::take_hour(transaction, hour, self.pace.slice()).await?;
        hours::count(transaction, &taken.now, hour, hour + HOUR).await?;
        let is_last = taken.rest.is_empty();
        self.pace
            .hour_counted(hour, began.elapsed(), is_last, Instant::now());
        Ok(Done::of(&taken))
    }

    async fn next_hour(
        &mut self,
        transaction: &Transaction<'_>,
        now: Instant,
    ) -> Result<Option<SystemTime>, DatabaseError> {
        let age = self.ages.hour.as_secs_f64();
        let held = self.pace.held(now);
        let row = NEXT_HOUR.query_one(transaction, &[&age, &held]).await?;
        self.progress.left(row.get(1), row.get(2));
        Ok(row.get(0))
    }

    async fn next_day(
        &self,
        transaction: &Transaction<'_>,
    ) -> Result<Option<String>, DatabaseError> {
        let (hour, day) = (self.ages.hour.as_secs_f64(), self.ages.day.as_secs_f64());
        let row = NEXT_DAY.query_one(transaction, &[&hour, &day]).await?;
        Ok(row.get(0))
    }

    fn pause_after(&mut self, done: Done, took: Duration) -> Duration {
        match done {
            Done::Nothing => LOOK_INTERVAL,
            Done::Part => self.pace.after(took, true),
            Done::Last => self.pace.after(took, false),
        }
    }
}

impl Done {
    fn of(taken: &marks::Taken) -> Self {
        if taken.rest.is_empty() {
            Self::Last
        } else {
            Self::Part
        }
    }
}
