-- Records that the topic's retention removed before they were read, apart from the other gaps: for
-- each row, next_offset - start_offset = rows + duplicates + replaced + dead_letters + gaps + lost.
-- What was counted as gaps until now stays there: nobody knows which of them were lost.
ALTER TABLE offsets ADD COLUMN lost bigint NOT NULL DEFAULT 0;
