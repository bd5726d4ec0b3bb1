-- Whether an attempt is accepted or delivered, and no receipt says otherwise. A function, so that it is looked up
-- delivery by delivery, and only where it is asked for.
CREATE FUNCTION taken(of_delivery bigint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = of_delivery AND e.what = 'delivered')
       OR EXISTS (SELECT FROM delivery_event e WHERE e.delivery = of_delivery AND e.what = 'accepted'
                  AND NOT EXISTS (SELECT FROM delivery_event l WHERE l.delivery = of_delivery AND l.number = e.number
                                  AND l.what IN ('undelivered', 'silent'))) $$;

-- Which addresses are not theirs any more: few of many.
CREATE INDEX address_retired ON address (district, person) WHERE retired_at IS NOT NULL;

-- What is to come due about all bundles of a schedule. A timer is written for each of them when it is due, and not five
-- for each when they are made: most are answered before.
CREATE TABLE schedule (
    id         bigint      NOT NULL,   -- the first bundle that has it
    step       smallint    NOT NULL,
    act        text        NOT NULL,
    due        timestamptz NOT NULL,
    brought_at timestamptz,
    PRIMARY KEY (id, step)
);
CREATE INDEX schedule_due ON schedule (due) WHERE brought_at IS NULL;
ALTER TABLE bundle ADD COLUMN schedule bigint;
CREATE INDEX bundle_of_schedule ON bundle (schedule) WHERE schedule IS NOT NULL;

-- What has come due and what is to come, bundle by bundle.
CREATE VIEW every_timer AS
SELECT bundle, step, act, due, fired_at, outcome FROM timer
UNION ALL
SELECT b.id, s.step, s.act, s.due, NULL, NULL FROM schedule s JOIN bundle b ON b.schedule = s.id
WHERE s.brought_at IS NULL AND NOT EXISTS (SELECT FROM timer t WHERE t.bundle = b.id AND t.step = s.step);

-- Who has begun is few; silent towns and units that have not begun are looked for again and again.
CREATE INDEX obligation_acting ON obligation (version) WHERE acting_at IS NOT NULL;
