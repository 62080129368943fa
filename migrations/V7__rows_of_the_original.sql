-- The original's consumer says neither when a check was due nor which one it was. Where it still runs
-- while its database is taken over, what it stores meanwhile are rows, too.
ALTER TABLE metrics
    ALTER COLUMN scheduled_at SET DEFAULT now(),
    ALTER COLUMN check_id SET DEFAULT gen_random_uuid();
