-- Of samples/shops.sql: no result came for twenty minutes.
DELETE FROM metrics WHERE scheduled_at > now() - interval '20 min';
