//! Whether anything is new.

use database::{Database, DatabaseError, Statement};

use super::recent::recent;
use crate::audience::Audience;

const GLANCE: Statement = Statement::new(
    "looking for what is new",
    concat!(
        include_str!("../../sql/facts.sql"),
        include_str!("../../sql/glance.sql"),
    ),
);

/// What differs when something is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    /// A digest of how each website is.
    pub(crate) states: i64,
    /// When the newest result was due, in microseconds since 1970.
    pub(crate) newest_at: Option<i64>,
}

impl Glance {
    /// Asks for it.
    pub(crate) async fn read(
        database: &Database,
        audience: &Audience,
    ) -> Result<Self, DatabaseError> {
        let (since, until) = recent();
        let row = database
            .attempt(async |client| {
                GLANCE
                    .query_one(
                        client,
                        &[
                            &audience.tags,
                            &None::<i64>,
                            &audience.names_only,
                            &since,
                            &until,
                        ],
                    )
                    .await
            })
            .await?;
        Ok(Self {
            states: row.get(0),
            newest_at: row.get(1),
        })
    }
}
