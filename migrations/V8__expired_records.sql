-- Records that were due longer ago than rows are kept: neither rows nor dead letters. For each row,
-- next_offset - start_offset = rows + duplicates + replaced + dead_letters + expired + gaps + lost.
ALTER TABLE offsets ADD COLUMN expired bigint NOT NULL DEFAULT 0;
