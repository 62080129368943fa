-- What was told goes some time after it is over, and a website's own when it is removed: neither looks at all rows.
CREATE INDEX outbox_website_id ON outbox (website_id);
CREATE INDEX outbox_subject ON outbox (subject) WHERE incident_id IS NULL;
