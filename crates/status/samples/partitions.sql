-- Room for the results of a week, and of the day to come.
DO $$ DECLARE day timestamptz; BEGIN
    FOR back IN -1..6 LOOP
        day := date_trunc('day', now(), 'UTC') - back * interval '1 day';
        EXECUTE format('CREATE TABLE IF NOT EXISTS sample_%s PARTITION OF metrics FOR VALUES FROM (%L) TO (%L)',
            back + 1, day, day + interval '1 day');
    END LOOP;
EXCEPTION WHEN invalid_object_definition THEN NULL; END $$;
