-- Below orange the channels of a person are used one after the other. A channel that waits has its delivery from the
-- beginning, and a chunk of one that is due when its turn comes by time; what happens on the channels before it may
-- bring that forward.
ALTER TABLE person ADD prefers text[] NOT NULL DEFAULT '{}';  -- channels in the order in which they are tried
ALTER TABLE chunk DROP CONSTRAINT chunk_purpose_check;
ALTER TABLE chunk ADD CONSTRAINT chunk_purpose_check
    CHECK (purpose IN ('first', 'retry', 'resend', 'reminder', 'next'));
CREATE INDEX chunk_that_waits ON chunk (due) WHERE purpose = 'first' AND finished_at IS NULL AND lane >= 2;
CREATE INDEX chunk_in_turn ON chunk (only_delivery) WHERE purpose = 'next' AND finished_at IS NULL;

-- What left for somebody lately, or was due to: orders and what the ladder writes, reminders, not requests. A bundle is
-- as one text, on however many channels; its first delivery stands for it. What never left does not count.
-- Every step is one look into an index: the planner knows nothing of tables that have just been filled.
CREATE FUNCTION texts_lately(of_district text, of_person text, within interval)
RETURNS TABLE (at timestamptz, bundle bigint, level smallint, purpose text) LANGUAGE sql STABLE AS
$$ SELECT said.at, b.id, b.level, b.purpose
   FROM (SELECT * FROM bundle WHERE district = of_district AND person = of_person AND approval IS NULL
         AND id >= (SELECT id_at(clock_timestamp() - interval '2 days')) OFFSET 0) AS b
   CROSS JOIN LATERAL (
       SELECT c.due AS at FROM (SELECT chunk FROM delivery WHERE id = b.id LIMIT 1) AS d
       CROSS JOIN LATERAL (SELECT due FROM chunk WHERE id = d.chunk LIMIT 1) AS c
       UNION ALL
       SELECT c.due FROM chunk c WHERE c.only_delivery = b.id AND c.purpose = 'reminder'
          AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = b.id AND e.number = c.number
                          AND e.what IN ('withdrawn', 'expired', 'failed'))
       OFFSET 0) AS said
   WHERE said.at > (SELECT engine_now() - within) AND said.at <= (SELECT engine_now())
     AND (EXISTS (SELECT FROM attempt a WHERE a.delivery = b.id)
          OR NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = b.id)
             AND NOT EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)) $$;

ALTER TABLE timer ADD first_due timestamptz;  -- what waits has its due moved; when it was due at first
