-- A town of which nothing is heard, no receipt and no answer, is an alarm of its own (柳林 2021-08-12: the power, the
-- masts and the roads of a whole town were gone, and its silence looked like a queue).
ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_kind_check
    CHECK (kind IN ('call', 'visit', 'unclear', 'contact', 'unreached', 'decide', 'ended', 'silent'));
CREATE UNIQUE INDEX one_open_task_per_town ON task (district, danger) WHERE kind = 'silent' AND closed_at IS NULL;

-- Orders that stand and of which none of those who are called has been reached or has answered.
CREATE VIEW unheard AS
SELECT o.district, o.unit, o.hazard, o.family, v.level, v.made_at, count(DISTINCT ob.person)::int AS people
FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
JOIN obligation ob ON ob.version = v.id AND ob.chased
-- a re-opened order asks only those who have not acted: its silence is not that of the town
WHERE o.lapsed_at IS NULL AND v.kind IN ('issue', 'update') AND v.not_after > engine_now()
GROUP BY o.id, v.id HAVING bool_and(ob.state = 'open');
