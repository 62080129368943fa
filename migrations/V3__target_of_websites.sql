-- What the target's settings say beyond url and pattern, as the newest record has it; NULL when
-- nothing is set. Set by the same record as `regexp`, so `regexp_scheduled_at` is its time too.
-- Without a default, no row is rewritten.
ALTER TABLE websites ADD COLUMN target jsonb;
