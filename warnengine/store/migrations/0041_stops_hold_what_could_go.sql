-- works with: 0036
-- A stop holds what could go. What a newer version has replaced goes nowhere: it is dropped as such, stop or not, and does
-- not come up again and again until somebody ends the stop.
CREATE OR REPLACE FUNCTION stopped(one bundle, halts text[]) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT halts <> '{}' AND ('all' = ANY (halts) OR 'district ' || one.district = ANY (halts)
       OR one.kind <> 'lapse' AND one.approval IS NULL
          AND EXISTS (SELECT FROM order_version v WHERE v.id = ANY (one.versions) AND 'order ' || v.standing_order = ANY (halts))
          AND NOT EXISTS (SELECT FROM order_version v WHERE v.id = ANY (one.versions) AND v.superseded_at IS NOT NULL)) $$;
