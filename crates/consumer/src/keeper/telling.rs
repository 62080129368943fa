//! Writes what is to be told besides incidents into the outbox.

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::GenericClient;
use serde_json::Value;

/// A website's own receivers are told of it, and of what is no website's, those who are told by default.
const TELL: Statement = Statement::new(
    "storing what is to be told besides incidents",
    "INSERT INTO outbox (receiver, kind, subject, website_id, content) \
    SELECT receiver, content::jsonb ->> 'kind', subject, website_id, content::jsonb \
    FROM unnest($1::text[], $2::bigint[], $3::text[]) AS told (subject, website_id, content) \
    LEFT JOIN websites ON websites.id = website_id \
    CROSS JOIN LATERAL ( \
        SELECT unnest($4::text[]) WHERE coalesce(target -> 'alerts', '[]') IN ('[]', 'null') \
        UNION SELECT unnest($5::text[]) INTERSECT SELECT jsonb_array_elements_text(target -> 'alerts') \
            WHERE jsonb_typeof(target -> 'alerts') = 'array' AND NOT target -> 'alerts' ? 'none' \
    ) AS of_website (receiver) \
    ON CONFLICT ON CONSTRAINT outbox_told_once DO NOTHING",
);
/// Whoever is told that it began is told that it ended.
const TELL_ENDS: Statement = Statement::new(
    "storing that something is over",
    "INSERT INTO outbox (receiver, kind, subject, website_id, content) \
    SELECT began.receiver, content.it ->> 'kind', began.subject, began.website_id, content.it \
    FROM unnest($1::text[], $2::text[]) AS told (subject, content) \
    CROSS JOIN LATERAL (SELECT told.content::jsonb) AS content (it) \
    JOIN outbox AS began ON began.subject = told.subject AND began.kind = $3 \
    AND began.alert_id IS NOT NULL \
    ON CONFLICT ON CONSTRAINT outbox_told_once DO NOTHING",
);
const WITHHOLD: Statement = Statement::new(
    "withholding what is over",
    "UPDATE outbox SET withheld = 'over before it was told' \
    WHERE kind = $2 AND subject = ANY ($1) AND alert_id IS NULL AND withheld IS NULL",
);
const REWRITE: Statement = Statement::new(
    "telling what is over by now",
    "UPDATE outbox SET content = told.content::jsonb || jsonb_build_object('kind', kind) \
    FROM unnest($1::text[], $2::text[]) AS told (subject, content) \
    WHERE outbox.kind = $3 AND outbox.subject = told.subject AND alert_id IS NULL AND withheld IS NULL",
);

/// The names of those who can be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// All of them.
    pub(crate) all: Vec<String>,
    /// Those who are told of websites that name nobody.
    pub(crate) defaults: Vec<String>,
}

/// Something to be told.
#[derive(Debug)]
pub(super) struct Notice {
    /// By which it is told once, and which its end has as well.
    pub(super) subject: String,
    /// Whose it is, where it is a website's.
    pub(super) website_id: Option<i64>,
    /// All that the alert says.
    pub(super) content: Value,
}

/// What becomes of that something began, where it is over before anybody was told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Untold {
    /// Nobody is told.
    Withhold,
    /// It is told once, as what is over.
    Rewrite,
}

/// Writes what is to be told.
pub(super) async fn tell(
    client: &impl GenericClient,
    notices: &[Notice],
    names: &Names,
) -> Result<(), DatabaseError> {
    if notices.is_empty() {
        return Ok(());
    }
    let (subjects, contents) = written(notices);
    let websites: Vec<_> = notices.iter().map(|it| it.website_id).collect();
    let Names { all, defaults } = names;
    let parameters: &Parameters<'_> = &[&subjects, &websites, &contents, defaults, all];
    TELL.execute(client, parameters).await?;
    Ok(())
}

/// Writes that what began as a notice of that kind is over.
pub(super) async fn tell_ends(
    client: &impl GenericClient,
    notices: &[Notice],
    began: &str,
    untold: Untold,
) -> Result<(), DatabaseError> {
    if notices.is_empty() {
        return Ok(());
    }
    let (subjects, contents) = written(notices);
    match untold {
        Untold::Withhold => WITHHOLD.execute(client, &[&subjects, &began]).await?,
        Untold::Rewrite => {
            let parameters: &Parameters<'_> = &[&subjects, &contents, &began];
            REWRITE.execute(client, parameters).await?
        }
    };
    let parameters: &Parameters<'_> = &[&subjects, &contents, &began];
    TELL_ENDS.execute(client, parameters).await?;
    Ok(())
}

fn written(notices: &[Notice]) -> (Vec<&str>, Vec<String>) {
    let subjects = notices.iter().map(|it| it.subject.as_str());
    let contents = notices.iter().map(|it| it.content.to_string());
    (subjects.collect(), contents.collect())
}
