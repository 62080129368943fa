-- Which version of TLS was spoken, and whether the prober's own network was to blame. Rows that are
-- there keep NULL: nobody knows. Without a default, no row is rewritten.
ALTER TABLE metrics
    ADD COLUMN tls_version text,
    ADD COLUMN witness text;
