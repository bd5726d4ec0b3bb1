-- works with: 0046
-- Whether a bundle may have reached somebody is asked for each person of an upgrade. EXISTS below OR, and NOT EXISTS
-- below a range, let the planner hash all outcomes for every single question; a scalar subquery goes by its index.

CREATE OR REPLACE VIEW possibly_reached AS
SELECT a.delivery, a.number FROM attempt a
WHERE (SELECT true FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number
       AND e.what IN ('withdrawn', 'expired', 'refused', 'failed', 'undelivered') LIMIT 1) IS NULL
   OR (SELECT true FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number
       AND e.what = 'delivered' LIMIT 1) IS NOT NULL
   OR (SELECT true FROM part p WHERE p.delivery = a.delivery AND p.number = a.number AND p.fate = 'delivered'
       LIMIT 1) IS NOT NULL;

CREATE OR REPLACE FUNCTION reached(of_bundle bigint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(
       (SELECT true FROM possibly_reached r WHERE r.delivery BETWEEN of_bundle AND of_bundle + 15 LIMIT 1),
       (SELECT true FROM answer a WHERE a.bundle = of_bundle LIMIT 1),
       (SELECT true FROM task t WHERE t.bundle = of_bundle AND t.kind = 'visit' AND t.result IN ('answered', 'done')
        LIMIT 1),
       false) $$;

CREATE OR REPLACE FUNCTION unsettled(of_bundle bigint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT (SELECT true FROM attempt a WHERE a.delivery BETWEEN of_bundle AND of_bundle + 15
           AND (SELECT true FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number LIMIT 1) IS NULL
           LIMIT 1) IS NOT NULL $$;

CREATE OR REPLACE FUNCTION tried(of_delivery bigint, of_number smallint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(
       (SELECT true FROM attempt a WHERE a.delivery = of_delivery AND a.number = of_number LIMIT 1),
       (SELECT true FROM delivery_event e WHERE e.delivery = of_delivery AND e.number = of_number LIMIT 1),
       false) $$;

CREATE OR REPLACE FUNCTION heard_of(of_district text, of_person text, of_order bigint, until int) RETURNS boolean
LANGUAGE sql STABLE AS
$$ SELECT (SELECT true FROM order_version w
           JOIN bundle b ON b.district = of_district AND b.person = of_person AND b.change >= w.change
                        AND w.id = ANY (b.versions) AND b.approval IS NULL
           WHERE w.standing_order = of_order AND w.version <= until AND reached(b.id) LIMIT 1) IS NOT NULL $$;
