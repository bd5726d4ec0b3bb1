-- Below orange the channels of a person are used one after the other. A channel that waits has its delivery from the
-- beginning, and a chunk of one that is due when its turn comes by time; what happens on the channels before it may
-- bring that forward.
ALTER TABLE person ADD prefers text[] NOT NULL DEFAULT '{}';  -- channels in the order in which they are tried
ALTER TABLE chunk DROP CONSTRAINT chunk_purpose_check;
ALTER TABLE chunk ADD CONSTRAINT chunk_purpose_check
    CHECK (purpose IN ('first', 'retry', 'resend', 'reminder', 'next'));
CREATE INDEX chunk_in_turn ON chunk (only_delivery) WHERE purpose = 'next' AND finished_at IS NULL;
