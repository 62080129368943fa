//! What is asked of PostgreSQL, each with a name: under it a failure is explained, and its time measured.

use std::{borrow::Cow, pin::pin, time::Instant};

use bytes::Bytes;
use deadpool_postgres::{GenericClient, Object, Transaction};
use futures_util::SinkExt;
use tokio_postgres::{IsolationLevel, Row, error::DbError, types::ToSql};

use crate::{errors::DatabaseError, numbers};

/// The values of a statement's parameters.
pub type Parameters<'a> = [&'a (dyn ToSql + Sync)];

/// A statement and what it is for. It is prepared once a connection and kept there, so its text must
/// be one of few: one that differs from call to call is for [`execute_once`](Self::execute_once).
#[derive(Clone, Debug)]
pub struct Statement {
    /// What is being done, as a person would say it: "storing rows". It is the statement's name.
    doing: &'static str,
    sql: Cow<'static, str>,
    /// Whether its parameters are values of records. If not, no record can be to blame for its
    /// failure, whatever the server says.
    carries_records: bool,
}

impl Statement {
    /// A statement whose text is known when the program is built.
    pub const fn new(doing: &'static str, sql: &'static str) -> Self {
        Self {
            doing,
            sql: Cow::Borrowed(sql),
            carries_records: false,
        }
    }

    /// A statement whose text is put together when the program runs.
    pub const fn built(doing: &'static str, sql: String) -> Self {
        Self {
            doing,
            sql: Cow::Owned(sql),
            carries_records: false,
        }
    }

    /// The same statement, whose parameters are values of records: its failure may be their fault.
    #[must_use]
    pub const fn carrying_records(mut self) -> Self {
        self.carries_records = true;
        self
    }

    /// Runs it, and says how many rows it met.
    pub async fn execute(
        &self,
        client: &impl GenericClient,
        parameters: &Parameters<'_>,
    ) -> Result<u64, DatabaseError> {
        self.ask(async {
            let prepared = client.prepare_cached(&self.sql).await?;
            client.execute(&prepared, parameters).await
        })
        .await
    }

    /// Runs it and leaves nothing of it on the connection.
    pub async fn execute_once(
        &self,
        client: &impl GenericClient,
        parameters: &Parameters<'_>,
    ) -> Result<u64, DatabaseError> {
        self.ask(client.execute(&*self.sql, parameters)).await
    }

    /// Runs it, and hands back its rows.
    pub async fn query(
        &self,
        client: &impl GenericClient,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, DatabaseError> {
        self.ask(async {
            let prepared = client.prepare_cached(&self.sql).await?;
            client.query(&prepared, parameters).await
        })
        .await
    }

    /// Runs it, hands back its rows, and leaves nothing of it on the connection.
    pub async fn query_once(
        &self,
        client: &impl GenericClient,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, DatabaseError> {
        self.ask(client.query(&*self.sql, parameters)).await
    }

    /// Runs it, and hands back the only row that it can have, if it has it.
    pub async fn query_opt(
        &self,
        client: &impl GenericClient,
        parameters: &Parameters<'_>,
    ) -> Result<Option<Row>, DatabaseError> {
        self.ask(async {
            let prepared = client.prepare_cached(&self.sql).await?;
            client.query_opt(&prepared, parameters).await
        })
        .await
    }

    /// Runs it, and hands back the row that it always has.
    pub async fn query_one(
        &self,
        client: &impl GenericClient,
        parameters: &Parameters<'_>,
    ) -> Result<Row, DatabaseError> {
        self.ask(async {
            let prepared = client.prepare_cached(&self.sql).await?;
            client.query_one(&prepared, parameters).await
        })
        .await
    }

    /// Runs a COPY … FROM STDIN with these bytes, and says how many rows it stored. They go as one
    /// message: so the server's error, not that of a next one which finds it done, is what comes back.
    pub async fn copy_in(
        &self,
        transaction: &Transaction<'_>,
        bytes: Bytes,
    ) -> Result<u64, DatabaseError> {
        self.ask(async {
            let prepared = transaction.prepare_cached(&self.sql).await?;
            let mut sink = pin!(transaction.copy_in(&prepared).await?);
            sink.feed(bytes).await?;
            sink.finish().await
        })
        .await
    }

    async fn ask<T>(
        &self,
        asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, DatabaseError> {
        let mut answer = named(self.doing, asked).await;
        if let Err(DatabaseError::Postgres {
            carries_records,
            source,
            ..
        }) = &mut answer
        {
            let column = source.as_db_error().and_then(DbError::column);
            *carries_records = self.carries_records && column.is_none_or(|it| self.names(it));
        }
        answer
    }

    /// Whether its text names a column: one that it does not name is given no value of a record.
    fn names(&self, column: &str) -> bool {
        let is_of_no_name = |char: char| !char.is_alphanumeric() && char != '_';
        self.sql.split(is_of_no_name).any(|word| word == column)
    }

    /// Runs one or more statements that have neither parameters nor rows, and prepares none: what
    /// makes tables cannot be prepared together.
    pub async fn run(&self, client: &impl GenericClient) -> Result<(), DatabaseError> {
        self.ask(client.batch_execute(&self.sql)).await
    }
}

/// Begins a transaction in which each statement sees what others committed before it, whatever the
/// database's own default is.
pub async fn begin(client: &mut Object) -> Result<Transaction<'_>, DatabaseError> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::ReadCommitted);
    named("beginning a transaction", transaction.start()).await
}

/// Commits a transaction. When this fails by a lost connection, nobody knows whether it did.
pub async fn commit(
    transaction: Transaction<'_>,
    doing: &'static str,
) -> Result<(), DatabaseError> {
    named(doing, transaction.commit()).await
}

/// Does one thing with PostgreSQL. Everything goes through here, so that each has its name. There are
/// as many series as names: these stand in the code, and nothing of a record is ever part of one.
pub(crate) async fn named<T>(
    doing: &'static str,
    asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, DatabaseError> {
    let began = Instant::now();
    let answer = asked.await;
    let took = began.elapsed().as_secs_f64();
    numbers::STATEMENTS.histogram_of(doing).record(took);
    answer.map_err(|source| DatabaseError::Postgres {
        doing,
        carries_records: false,
        source,
    })
}
