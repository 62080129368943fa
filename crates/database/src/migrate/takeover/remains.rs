//! What people have put on the original's tables, and find on ours again: rights and comments.

use deadpool_postgres::Transaction;

use crate::{errors::DatabaseError, statement::Statement};

/// Whoever might read or write a table, some of its columns or its sequence, still may.
const RIGHTS: Statement = Statement::new(
    "granting what was granted on the original's tables",
    "DO $$
    DECLARE privilege record;
    BEGIN
        FOR privilege IN
            WITH original AS (SELECT oid, relname, substr(relname, 10) AS ours, relowner, relacl FROM pg_class
                WHERE oid IN ('original_websites'::regclass, 'original_metrics'::regclass)),
            rights (target, part, owner, acl) AS (
                SELECT format('TABLE %I', ours), '', relowner, relacl FROM original
                UNION ALL SELECT format('TABLE %I', ours), format(' (%I)', attname), relowner, attacl
                FROM original JOIN pg_attribute ON attrelid = oid WHERE attnum > 0 AND NOT attisdropped
                UNION ALL SELECT format('SEQUENCE %s', pg_get_serial_sequence(ours, 'id')), '',
                    sequence.relowner, sequence.relacl
                FROM original JOIN pg_class AS sequence
                ON sequence.oid = pg_get_serial_sequence(original.relname, 'id')::regclass)
            SELECT target, part, privilege_type, is_grantable,
                CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS grantee
            FROM rights, aclexplode(acl) WHERE grantee <> owner
        LOOP
            EXECUTE format('GRANT %s%s ON %s TO %s%s', privilege.privilege_type, privilege.part,
                privilege.target, privilege.grantee,
                CASE WHEN privilege.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
        END LOOP;
    END $$",
);
const COMMENTS: Statement = Statement::new(
    "keeping the comments on the original's tables",
    "DO $$
    DECLARE comment record;
    BEGIN
        FOR comment IN
            SELECT substr(relname, 10) AS ours, attname, description FROM pg_description
            JOIN pg_class ON pg_class.oid = objoid
            LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
            WHERE classoid = 'pg_class'::regclass
                AND objoid IN ('original_websites'::regclass, 'original_metrics'::regclass)
        LOOP
            IF comment.attname IS NULL THEN
                EXECUTE format('COMMENT ON TABLE %I IS %L', comment.ours, comment.description);
            ELSE
                EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', comment.ours, comment.attname,
                    comment.description);
            END IF;
        END LOOP;
    END $$",
);

/// Carries them over.
pub(super) async fn carry_over(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    RIGHTS.run(transaction).await?;
    COMMENTS.run(transaction).await
}
