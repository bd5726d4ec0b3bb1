-- Below orange the channels of a person are used one after the other. A channel that waits has its delivery from the
-- beginning, and a chunk of one that is due when its turn comes by time; what happens on the channels before it may
-- bring that forward.
ALTER TABLE person ADD prefers text[] NOT NULL DEFAULT '{}';  -- channels in the order in which they are tried
ALTER TABLE chunk DROP CONSTRAINT chunk_purpose_check;
ALTER TABLE chunk ADD CONSTRAINT chunk_purpose_check
    CHECK (purpose IN ('first', 'retry', 'resend', 'reminder', 'next'));
CREATE INDEX chunk_in_turn ON chunk (only_delivery) WHERE purpose = 'next' AND finished_at IS NULL;

-- What left for somebody lately, or was due to: orders and what the ladder writes, reminders, not requests. A bundle is
-- as one text, on however many channels; its first delivery stands for it. What never left does not count.
CREATE FUNCTION texts_lately(of_district text, of_person text, within interval)
RETURNS TABLE (at timestamptz, bundle bigint, level smallint, purpose text) LANGUAGE sql STABLE AS
$$ SELECT said.at, b.id, b.level, b.purpose FROM bundle b
   CROSS JOIN LATERAL (
       SELECT c.due AS at FROM delivery d JOIN chunk c ON c.id = d.chunk WHERE d.id = b.id
       UNION ALL
       SELECT c.due FROM chunk c WHERE c.only_delivery = b.id AND c.purpose = 'reminder'
          AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = b.id AND e.number = c.number
                          AND e.what IN ('withdrawn', 'expired', 'failed'))) AS said
   WHERE b.district = of_district AND b.person = of_person AND b.approval IS NULL
     AND b.id >= (SELECT id_at(clock_timestamp() - interval '2 days'))
     AND said.at > (SELECT engine_now() - within) AND said.at <= (SELECT engine_now())
     AND (EXISTS (SELECT FROM attempt a WHERE a.delivery = b.id)
          OR NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = b.id)
             AND NOT EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)) $$;

ALTER TABLE timer ADD first_due timestamptz;  -- what waits has its due moved; when it was due at first
