-- Until when rows may name a certificate: one whose time lies before every partition of metrics is
-- named by no row, which is known without looking at any. Records are due at most a day ahead.
ALTER TABLE certificates ADD COLUMN named_until timestamptz NOT NULL DEFAULT 'infinity';
UPDATE certificates SET named_until = now() + interval '9 days';
