-- A call by hand is a delivery like any other: the gateway is the duty room, the message a task on its list.
ALTER TABLE task ADD delivery bigint, ADD address text;
ALTER TABLE task ADD CONSTRAINT call_is_a_delivery CHECK (kind <> 'call' OR delivery IS NOT NULL AND address IS NOT NULL)
    NOT VALID;                       -- calls of before have no delivery
DROP INDEX one_task_per_bundle;
CREATE UNIQUE INDEX one_task_per_bundle ON task (bundle, kind) WHERE kind IN ('visit', 'unreached');
CREATE UNIQUE INDEX one_open_call_per_delivery ON task (delivery) WHERE kind = 'call' AND closed_at IS NULL;

-- The number of a further attempt: after all that exist or are planned.
CREATE FUNCTION next_number(of_delivery bigint) RETURNS int LANGUAGE sql STABLE AS
$$ SELECT 1 + greatest(coalesce((SELECT max(number) FROM attempt WHERE delivery = of_delivery), 1),
                       coalesce((SELECT max(number) FROM chunk WHERE only_delivery = of_delivery), 1)) $$;

-- The ways to people now: by telephone only to whom no SMS goes.
CREATE VIEW way AS
SELECT a.district, a.person, a.channel, a.address FROM address a
WHERE a.retired_at IS NULL
  AND (a.channel <> 'call' OR NOT EXISTS (SELECT FROM address m WHERE m.district = a.district AND m.person = a.person
                                          AND m.channel = 'sms' AND m.retired_at IS NULL));

ALTER TABLE address DROP CONSTRAINT address_channel_check;
ALTER TABLE address ADD CONSTRAINT address_channel_check CHECK (channel IN ('sms', 'push', 'email', 'call'));
