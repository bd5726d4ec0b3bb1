-- Whoever has heard of no earlier version of an order reads the whole of it, others only the difference.
ALTER TABLE text ADD known bigint[] NOT NULL DEFAULT '{}';
DROP INDEX one_text_per_set;
CREATE UNIQUE INDEX one_text_per_set ON text (change, purpose, versions, known) WHERE purpose <> 'approval';

-- Whether anything of a bundle may have reached its person: by a gateway, by an answer, by somebody at the door.
CREATE FUNCTION reached(of_bundle bigint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM possibly_reached r WHERE r.delivery BETWEEN of_bundle AND of_bundle + 15)
       OR EXISTS (SELECT FROM answer a WHERE a.bundle = of_bundle)
       OR EXISTS (SELECT FROM task t WHERE t.bundle = of_bundle AND t.kind = 'visit' AND t.result IN ('answered', 'done')) $$;

-- Whether a person may have been reached with this version of an order, or with an earlier one.
CREATE FUNCTION heard_of(of_district text, of_person text, of_order bigint, until int) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM order_version w
                  JOIN bundle b ON b.district = of_district AND b.person = of_person AND b.change >= w.change
                               AND w.id = ANY (b.versions) AND b.approval IS NULL
                  WHERE w.standing_order = of_order AND w.version <= until AND reached(b.id)) $$;

-- What stands beyond its end waits for a person: 到期待确认.
ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_kind_check
    CHECK (kind IN ('call', 'visit', 'unclear', 'contact', 'unreached', 'decide', 'ended'));
ALTER TABLE task ADD danger text;          -- ended: hazard and family
CREATE UNIQUE INDEX one_open_task_per_end ON task (district, danger) WHERE kind = 'ended' AND closed_at IS NULL;

-- Requests that somebody can still be asked for: nobody decides about what has ended.
CREATE VIEW askable AS
SELECT a.id, a.due FROM approval a
WHERE a.decided_at IS NULL
  AND EXISTS (SELECT FROM approval_item i JOIN order_version v ON v.standing_order = i.standing_order
              WHERE i.approval = a.id AND i.voided_at IS NULL AND v.superseded_at IS NULL AND v.not_after > engine_now());
