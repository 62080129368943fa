-- Fourteen websites, seen from three cities: some are down, slow, worked on, one was never checked, and one
-- city fell silent. Behind samples/roll_ups.sql, on one connection.
SELECT setseed(0.5);
CREATE TEMP TABLE s(id int, url text, name text, grp text, tags text[], every float8, slow float8, locs text[], base float8, extra jsonb DEFAULT '{}');
INSERT INTO s VALUES
(1,'https://shop:secret@shop.example.com/','Storefront','Shop','{customer}',180,1,'{Frankfurt,Virginia,Singapore}',0.2,'{"slo":"99.9%"}'),
(2,'https://checkout.example.com/health','Checkout','Shop','{customer}',180,1,'{Frankfurt,Virginia,Singapore}',0.15,'{}'),
(3,'https://account.example.com/login','Accounts','Shop','{customer}',180,1,'{Frankfurt,Virginia,Singapore}',0.18,'{}'),
(4,'https://search.example.com','Search','Shop','{customer}',90,1,'{Frankfurt,Virginia}',0.2,'{}'),
(5,'https://img.example.com','Product images','Shop','{customer}',180,1,'{Frankfurt,Virginia,Singapore}',0.06,'{}'),
(6,'https://api.example.net/v2/ping','API','Platform','{customer}',60,1,'{Frankfurt,Virginia,Singapore}',0.11,'{}'),
(7,'https://downloads.example.net','Downloads','Platform','{customer}',180,1,'{Frankfurt,Virginia,Singapore}',0.15,'{}'),
(8,'https://login.example.net','Single sign-on','Platform','{internal}',180,1,'{Frankfurt,Virginia,Singapore}',0.09,'{}'),
(9,'https://hooks.example.net/healthz','Webhooks','Platform','{internal}',180,1,'{Frankfurt,Virginia,Singapore}',0.08,'{}'),
(10,'https://mail.example.net','Mail gateway','Platform','{internal}',180,1,'{Frankfurt,Virginia,Singapore}',0.21,'{}'),
(11,'https://asia.example.org','Asia mirror','Company','{internal}',180,1,'{Singapore}',0.1,'{}'),
(12,'https://jobs.example.org','Careers','Company','{internal}',180,1,'{}',0.1,'{}'),
(13,'https://docs.example.org','Documentation','Company','{internal}',180,1,'{Frankfurt,Virginia,Singapore}',0.13,'{}'),
(14,'https://www.example.org','Website','Company','{customer}',180,1,'{Frankfurt,Virginia,Singapore}',0.12,'{}');
INSERT INTO websites(id,url,created_at,target) SELECT id,url,CASE WHEN id=12 THEN now() ELSE now()-interval '200 days' END, jsonb_build_object('name',name,'group',grp,'tags',to_jsonb(tags),'slow_after',slow)||extra FROM s;
SELECT setval(pg_get_serial_sequence('websites','id'), 14);
INSERT INTO group_slos VALUES ('Shop', 99), ('Platform', 99.9);
INSERT INTO certificates(id,not_after,issuer,subject) VALUES (1,now()+interval '61 days','CN=R3, O=Example CA','CN=shop.example.com'),(2,now()+interval '6 days 3 hours','CN=R3, O=Example CA','CN=downloads.example.net');
INSERT INTO maintenance_spans VALUES (13, date_trunc('hour',now())-interval '30 min', date_trunc('hour',now())+interval '2 hours','New search'),
 (13, now()-interval '7 days', now()-interval '7 days'+interval '2 hours','');
INSERT INTO maintenance_spans SELECT id, date_trunc('day',now())+interval '4 days 21 hours', date_trunc('day',now())+interval '4 days 22 hours','each Monday 23:00 in Europe/Amsterdam' FROM s WHERE id IN (8,10);
INSERT INTO metrics(website_id,scheduled_at,started_at,check_id,error_code,response_time,interval,location,outcome,schema_version,attempt,certificate_id,
 dns,connect,tls,first_byte,body,remote_address,http_version,tls_version,failure_reason,failure_phase,failure_detail,body_bytes,redirects,match)
SELECT id, t, CASE WHEN miss THEN NULL ELSE t END, gen_random_uuid(),
 CASE WHEN miss THEN -1 WHEN dead THEN 599 WHEN dnsbad THEN 404 WHEN bad502 THEN 502 ELSE 200 END,
 CASE WHEN miss THEN -1 WHEN dead THEN 10.004 WHEN dnsbad THEN 0.8 ELSE total END, every, loc,
 CASE WHEN miss THEN 'missed' WHEN dead OR dnsbad OR bad502 THEN 'down' ELSE 'up' END, 1, 1,
 CASE WHEN miss OR dead OR dnsbad THEN NULL WHEN id=7 THEN 2 ELSE 1 END,
 CASE WHEN miss THEN NULL WHEN dnsbad THEN 0.8 WHEN dead THEN 0.004 ELSE 0.02*total END,
 CASE WHEN miss OR dnsbad THEN NULL WHEN dead THEN 10 ELSE 0.14*total END,
 CASE WHEN miss OR dead OR dnsbad THEN NULL ELSE 0.17*total END,
 CASE WHEN miss OR dead OR dnsbad THEN NULL ELSE 0.5*total END,
 CASE WHEN miss OR dead OR dnsbad THEN NULL ELSE 0.17*total END,
 CASE WHEN miss OR dnsbad THEN NULL ELSE '203.0.113.'||CASE WHEN id<4 THEN 17 ELSE id+30 END||':443' END, CASE WHEN miss OR dead OR dnsbad THEN NULL ELSE 'HTTP/2' END, CASE WHEN miss OR dead OR dnsbad THEN NULL ELSE 'TLSv1.3' END,
 CASE WHEN miss THEN 'prober_failed' WHEN dead THEN 'connect_timeout' WHEN dnsbad THEN 'dns_server_failure' WHEN bad502 THEN 'status_unexpected' END,
 CASE WHEN dead THEN 'connect' WHEN dnsbad THEN 'dns' WHEN bad502 THEN 'first_byte' END,
 CASE WHEN miss THEN 'the network of the prober itself was out' WHEN dead THEN 'no answer within 10 s' WHEN bad502 THEN '502' END,
 CASE WHEN miss OR dead OR dnsbad THEN NULL ELSE 51200 END, CASE WHEN miss OR dead OR dnsbad THEN NULL ELSE 0 END, CASE WHEN miss OR dead THEN 'not_evaluated' ELSE 'matched' END
FROM (SELECT s.*, loc, t, 
  (t BETWEEN now()-interval '11 h 20 min' AND now()-interval '10 h 40 min') AS miss,
  (id<=3 AND t > now()-interval '24 min') AS dead,
  (id=6 AND loc='Frankfurt' AND t > now()-interval '34 min') AS dnsbad,
  (id=14 AND t BETWEEN now()-interval '4 h 51 min' AND now()-interval '4 h 41 min') AS bad502,
  (base*(0.75+0.5*random()*random()+0.2*sin(extract(epoch FROM t)/9000.0))*CASE WHEN loc='Virginia' THEN 1.3 WHEN loc='Singapore' THEN 1.6 ELSE 1 END * CASE WHEN id=4 AND t > now()-interval '95 min' THEN 9 ELSE 1 END * CASE WHEN random()<0.004 THEN 4 ELSE 1 END)::real AS total
 FROM s CROSS JOIN unnest(locs) loc CROSS JOIN LATERAL (SELECT to_timestamp(floor(extract(epoch FROM now())/every)*every - n*every + (id*37)%every::int - every::int) AS t FROM generate_series(0, (52*3600/every)::int) n) g
 WHERE NOT (loc='Singapore' AND t > now()-interval '45 min')) x WHERE t <= now();
INSERT INTO incidents(id,website_id,started_at,opened_at,opened_by,last_good_at,location,error_code,failure_reason,failure_phase,failure_detail,remote_address,locations_down,locations_heard,cause_id)
SELECT id, id, f, f + interval '180 s', (SELECT check_id FROM metrics m WHERE m.website_id=s.id AND location='Frankfurt' AND outcome='down' AND scheduled_at > f ORDER BY scheduled_at LIMIT 1),
 (SELECT max(scheduled_at) FROM metrics m WHERE m.website_id=s.id AND outcome='up'),'Frankfurt',599,'connect_timeout','connect','no answer within 10 s','203.0.113.17:443',2,2,1
FROM (SELECT id, (SELECT min(scheduled_at) FROM metrics m WHERE m.website_id=s.id AND outcome='down' AND scheduled_at > now()-interval '1 h') f FROM s WHERE id<=3) s;
INSERT INTO incidents(id,website_id,started_at,opened_at,opened_by,ended_at,closed_at,closed_by,last_good_at,location,error_code,failure_reason,failure_phase,failure_detail,remote_address,locations_down,locations_heard,cause_id)
SELECT 4,14,now()-interval '4 h 51 min',now()-interval '4 h 48 min',gen_random_uuid(),now()-interval '4 h 42 min',now()-interval '4 h 42 min',gen_random_uuid(),now()-interval '4 h 54 min','Frankfurt',502,'status_unexpected','first_byte','502','203.0.113.44:443',3,3,4;
UPDATE incidents i SET opened_by=(SELECT check_id FROM metrics WHERE website_id=14 AND outcome='down' ORDER BY scheduled_at OFFSET 3 LIMIT 1) WHERE false;
SELECT setval(pg_get_serial_sequence('incidents','id'), 4);
INSERT INTO incidents(website_id,started_at,opened_at,opened_by,ended_at,closed_at,closed_by,last_good_at,location,error_code,failure_reason,failure_phase,remote_address,locations_down,locations_heard,cause_id)
SELECT x,date_trunc('day',now())-interval '5 days'+interval '3 h 12 min',date_trunc('day',now())-interval '5 days'+interval '3 h 15 min',gen_random_uuid(),date_trunc('day',now())-interval '5 days'+interval '9 h 12 min',date_trunc('day',now())-interval '5 days'+interval '9 h 12 min',gen_random_uuid(),date_trunc('day',now())-interval '5 days'+interval '3 h 9 min','Frankfurt',-1,'connect_refused','connect','203.0.113.17:443',3,3,5 FROM generate_series(1,3) x;
INSERT INTO incidents(website_id,started_at,opened_at,opened_by,ended_at,closed_at,closed_by,last_good_at,location,error_code,failure_reason,failure_phase,remote_address,locations_down,locations_heard,cause_id)
SELECT 6,date_trunc('day',now())-interval '9 days',date_trunc('day',now())-interval '9 days'+interval '2 min',gen_random_uuid(),date_trunc('day',now())-interval '9 days'+interval '13 min',date_trunc('day',now())-interval '9 days'+interval '13 min',gen_random_uuid(),NULL,'Frankfurt',-1,'tls_expired','tls','203.0.113.36:443',3,3,8;
INSERT INTO states(website_id,location,is_down,since,newest_at) SELECT website_id, location, false, now()-interval '100 days', min(scheduled_at) FROM metrics GROUP BY 1,2;
UPDATE states SET is_down=true, since=now()-interval '24 min' WHERE website_id<=3 AND location<>'Singapore';
UPDATE states SET is_down=true, since=now()-interval '33 min' WHERE website_id=6 AND location='Frankfurt';
INSERT INTO alerts(id,receiver,kind,content,sent_at) VALUES ('00000000-0000-4000-8000-000000000001','on-call','down','{}',now()-interval '20 min');
INSERT INTO outbox(receiver,kind,subject,incident_id,website_id,alert_id) SELECT 'on-call','down','incident '||id,id,id,'00000000-0000-4000-8000-000000000001' FROM s WHERE id<=3;
SELECT pg_temp.roll();
DELETE FROM days WHERE day < current_date;
INSERT INTO days (website_id, day, location, up, down, missed, skipped, maintenance, slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts, doubted) SELECT id, d::date, loc, n-b-m, b, m, 0, CASE WHEN id=13 AND random()<0.04 THEN 40 ELSE 0 END, CASE WHEN random()<0.02 THEN n/2 ELSE 0 END, b*every, base*(n-b-m), 0.02*base*n,0.14*base*n,0.17*base*n,0.5*base*n,0.17*base*n,array(select generate_series(round(ln(base*800)/ln(1.02))::int,round(ln(base*1400)/ln(1.02))::int)::smallint),array(select 1+(x*7)%5 from generate_series(round(ln(base*800)/ln(1.02))::int,round(ln(base*1400)/ln(1.02))::int) x),0
FROM (SELECT *, CASE WHEN d::date=current_date-5 AND id<=3 THEN n/4 WHEN d::date=current_date-9 AND id=6 THEN 13 WHEN random()<0.01 THEN (random()*n*0.1)::int WHEN random()<0.02 THEN 1 ELSE 0 END b,
 CASE WHEN d::date=current_date-40 THEN n WHEN d::date=current_date-41 THEN n/15 WHEN random()<0.02 THEN (n*0.03)::int ELSE 0 END m
FROM (SELECT s.*, loc, d, (86400/every)::int n FROM s CROSS JOIN unnest(locs) loc CROSS JOIN generate_series(current_date-CASE WHEN id=10 THEN 58 ELSE 95 END, current_date-1, '1 day') d) y) x WHERE true;
UPDATE days SET up=0, down=0 WHERE day=current_date-40;
ANALYZE;
