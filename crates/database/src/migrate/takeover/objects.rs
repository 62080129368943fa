//! What the original's tables are, and what hangs on them that ours would not have.

use deadpool_postgres::{ClientWrapper, Transaction};
use service::command_line::BadInput;

use crate::{
    errors::DatabaseError,
    migrate::error::PrepareError,
    statement::{Statement, named},
};

/// Objects that are named in one refusal; the others are counted.
const NAMED_MAX: usize = 10;

/// The original's columns, with their types but for the lengths of texts.
const COLUMNS: &str = "('websites', 'id', 'integer'), ('websites', 'url', 'character varying'), \
    ('websites', 'regexp', 'character varying'), \
    ('websites', 'created_at', 'timestamp without time zone'), \
    ('metrics', 'id', 'integer'), ('metrics', 'website_id', 'integer'), \
    ('metrics', 'error_code', 'integer'), ('metrics', 'response_time', 'real'), \
    ('metrics', 'matched_text', 'character varying'), \
    ('metrics', 'created_at', 'timestamp without time zone')";

/// Whether both tables are there, side by side, with all of the original's columns: then they are not
/// another system's with the same names.
pub(super) async fn are_the_originals(client: &ClientWrapper) -> Result<bool, DatabaseError> {
    let sql = format!(
        "SELECT (SELECT count(DISTINCT relnamespace) = 1 FROM pg_class \
            WHERE oid IN (to_regclass('websites'), to_regclass('metrics'))) \
        AND NOT EXISTS (SELECT FROM (VALUES {COLUMNS}) AS original (relation, name, type) \
        WHERE NOT EXISTS (SELECT FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
            WHERE attrelid = to_regclass(relation) AND attname = name AND NOT attisdropped \
            AND relkind = 'r' AND format_type(atttypid, NULL) = type))"
    );
    let found = client.query_one(&sql, &[]);
    let row = named("looking for the original's tables", found).await?;
    Ok(row.get(0))
}

/// Columns, and all else that would be lost or would stand in the way.
fn foreign_objects() -> Statement {
    let sql = format!(
        "WITH original AS (SELECT oid, relname FROM pg_class \
            WHERE oid IN ('websites'::regclass, 'metrics'::regclass)), \
        found (class, object, part) AS ( \
            SELECT 'pg_class'::regclass, attrelid, attnum::integer FROM pg_attribute \
            JOIN original ON oid = attrelid WHERE attnum > 0 AND NOT attisdropped AND NOT EXISTS ( \
                SELECT FROM (VALUES {COLUMNS}) AS known (relation, name, type) \
                WHERE relation = relname AND name = attname) \
            UNION ALL SELECT 'pg_class'::regclass, indexrelid, 0 FROM pg_index JOIN original \
            ON oid = indrelid \
            WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) \
            UNION ALL SELECT 'pg_constraint'::regclass, con.oid, 0 FROM pg_constraint AS con \
            JOIN original ON original.oid IN (conrelid, confrelid) \
            WHERE contype NOT IN ('p', 'n') AND NOT (contype = 'u' AND relname = 'websites' \
                AND (SELECT array_agg(attname::text) = '{{url}}' FROM pg_attribute \
                    WHERE attrelid = conrelid AND attnum = ANY (conkey))) \
            AND NOT (contype = 'f' AND conrelid = 'metrics'::regclass \
                AND confrelid = 'websites'::regclass) \
            UNION ALL SELECT 'pg_trigger'::regclass, pg_trigger.oid, 0 FROM pg_trigger \
            JOIN original ON original.oid = tgrelid WHERE NOT tgisinternal \
            UNION ALL SELECT 'pg_class'::regclass, ev_class, 0 FROM pg_depend \
            JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid \
            JOIN original ON refclassid = 'pg_class'::regclass AND refobjid = original.oid \
            WHERE ev_class NOT IN (SELECT oid FROM original) \
            UNION ALL SELECT 'pg_rewrite'::regclass, pg_rewrite.oid, 0 FROM pg_rewrite \
            JOIN original ON ev_class = original.oid \
            UNION ALL SELECT 'pg_policy'::regclass, pg_policy.oid, 0 FROM pg_policy \
            JOIN original ON original.oid = polrelid \
            UNION ALL SELECT 'pg_publication_rel'::regclass, pg_publication_rel.oid, 0 \
            FROM pg_publication_rel JOIN original ON original.oid = prrelid \
            UNION ALL SELECT 'pg_statistic_ext'::regclass, pg_statistic_ext.oid, 0 \
            FROM pg_statistic_ext JOIN original ON original.oid = stxrelid \
            UNION ALL SELECT 'pg_class'::regclass, inhrelid, 0 FROM pg_inherits \
            JOIN original ON oid = inhparent \
            UNION ALL SELECT 'pg_class'::regclass, inhparent, 0 FROM pg_inherits \
            JOIN original ON oid = inhrelid) \
        SELECT DISTINCT pg_describe_object(class, object, part), part > 0 FROM found ORDER BY 1"
    );
    Statement::built("looking at what hangs on the original's tables", sql)
}

/// The tables have their keys, and nothing hangs on them that would be lost.
pub(super) async fn check(transaction: &Transaction<'_>) -> Result<(), PrepareError> {
    let rows = foreign_objects().query_once(transaction, &[]).await?;
    let objects: Vec<(String, bool)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    if objects.is_empty() {
        return Ok(());
    }
    let mut names: Vec<_> = objects.iter().map(|(name, _)| name.as_str()).collect();
    let more = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let advice = if objects.iter().any(|(_, is_column)| *is_column) {
        "keep a column of your own in another table, by the rows' id, and drop it here; drop what \
         else is named, and make it anew once the tables are taken over"
    } else {
        "drop them, and make them anew once the tables are taken over"
    };
    Err(BadInput::new(format!(
        "PG_URI: the original's tables cannot be taken over while these hang on them, which would be \
         lost: {}{more}; {advice}. Nothing was changed",
        names.join(", ")
    ))
    .into())
}
