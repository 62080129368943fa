-- Counts the results by hours and days, as the consumer's keeper does, roughly.
CREATE FUNCTION pg_temp.roll() RETURNS void LANGUAGE sql AS $$
INSERT INTO hours (website_id, hour, location, up, down, missed, skipped, maintenance, slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts, doubted) SELECT m.website_id, date_trunc('hour', scheduled_at), location,
 count(*) FILTER (WHERE outcome='up' AND m.scheduled_at NOT BETWEEN coalesce(s.starts_at,'infinity') AND coalesce(s.ends_at,'infinity')),
 count(*) FILTER (WHERE outcome='down' AND s.starts_at IS NULL), count(*) FILTER (WHERE outcome='missed'), 0,
 count(*) FILTER (WHERE s.starts_at IS NOT NULL),
 count(*) FILTER (WHERE outcome='up' AND response_time > coalesce((w.target->>'slow_after')::float8, 'infinity')),
 coalesce(sum(interval) FILTER (WHERE outcome='down'),0),
 coalesce(sum(response_time) FILTER (WHERE outcome='up'),0), coalesce(sum(dns) FILTER (WHERE outcome='up'),0), coalesce(sum(m.connect) FILTER (WHERE outcome='up'),0),
 coalesce(sum(tls) FILTER (WHERE outcome='up'),0), coalesce(sum(first_byte) FILTER (WHERE outcome='up'),0), coalesce(sum(body) FILTER (WHERE outcome='up'),0),
 '{}','{}',0
 FROM metrics m JOIN websites w ON w.id=website_id LEFT JOIN maintenance_spans s ON s.website_id=w.id AND m.scheduled_at >= s.starts_at AND m.scheduled_at < s.ends_at
 GROUP BY 1,2,3;
UPDATE hours h SET buckets=b, bucket_counts=c FROM (
 SELECT website_id, hour, location, array_agg(bucket ORDER BY bucket) b, array_agg(n ORDER BY bucket) c FROM (
  SELECT website_id, date_trunc('hour', scheduled_at) AS hour, location, ceil(ln(greatest(response_time*1000,1))/ln(1.02))::smallint AS bucket, count(*)::int n
  FROM metrics WHERE outcome='up' GROUP BY 1,2,3,4) x GROUP BY 1,2,3) y
 WHERE h.website_id=y.website_id AND h.hour=y.hour AND h.location=y.location;
INSERT INTO days (website_id, day, location, up, down, missed, skipped, maintenance, slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts, doubted) SELECT website_id, (hour AT TIME ZONE 'UTC')::date, location, sum(up),sum(down),sum(missed),sum(skipped),sum(maintenance),sum(slow),sum(down_time),
 sum(response_time),sum(dns),sum(connect),sum(tls),sum(first_byte),sum(body),
 '{}'::smallint[], '{}'::integer[], 0 FROM hours GROUP BY 1,2,3;
$$;
