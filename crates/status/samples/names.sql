-- Names in scripts that run from right to left, and long ones.
INSERT INTO websites (id, url, target, created_at) SELECT id, 'https://site-' || id || '.example.com/',
    jsonb_build_object('name', name, 'group', website_group, 'tags', jsonb_build_array(tag), 'slow_after', 1),
    now() - interval '100 days'
FROM (VALUES (1, 'חנות הספרים', 'חנויות', 'לקוח'), (2, 'קופה shop.example', 'חנויות', 'לקוח'),
    (3, 'متجر الكتب', 'المتاجر', 'عميل'), (4, 'البحث والفهرس', 'المتاجر', 'عميل'), (5, '会社のホームページ', '会社', '顧客'),
    (6, 'Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikverkaufsportal', 'Österreich', 'kunde'))
    AS sites (id, name, website_group, tag);
INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, response_time, "interval", outcome,
    failure_reason)
SELECT id, 'תל אביב', now() - ago * interval '1 min', gen_random_uuid(), CASE id WHEN 1 THEN -1 ELSE 200 END,
    0.1 + 0.1 * random(), 60, CASE id WHEN 1 THEN 'down' ELSE 'up' END, CASE id WHEN 1 THEN 'connect_refused' END
FROM generate_series(1, 6) AS id, generate_series(0.1, 20, 1) AS ago;
INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, error_code, failure_reason,
    locations_down, locations_heard)
VALUES (1, now() - interval '12 min', now() - interval '11 min', gen_random_uuid(), 'תל אביב', -1, 'connect_refused', 1, 1);
INSERT INTO days (website_id, day, location, up, down, missed, skipped, doubted, maintenance, slow, down_time,
    response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts)
SELECT id, current_date - back, 'תל אביב', 1440 - bad, bad, 0, 0, 0, 0, 0, 60 * bad, 200, 1, 1, 1, 1, 1, '{}', '{}'
FROM (SELECT id, back, CASE WHEN (id * 31 + back * 17) % 23 = 0 THEN 40 ELSE 0 END AS bad
    FROM generate_series(1, 6) AS id, generate_series(0, 89) AS back) AS counts;
