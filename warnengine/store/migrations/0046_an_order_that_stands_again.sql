-- works with: 0045
-- Whether all orders whose end a bundle tells stand again, and its person has them again: then the end must not be heard
-- after the new beginning. A function, so that it is looked up only for all-clears.
CREATE FUNCTION stands_again(one bundle) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT one.kind = 'lapse' AND NOT EXISTS (
       SELECT FROM unnest(one.versions) AS told JOIN order_version v ON v.id = told JOIN standing_order o ON o.id = v.standing_order
       WHERE NOT EXISTS (
           SELECT FROM standing_order n JOIN order_version w ON w.standing_order = n.id AND w.superseded_at IS NULL
           JOIN obligation ob ON ob.version = w.id AND ob.person = one.person
           WHERE n.district = o.district AND n.unit = o.unit AND n.hazard = o.hazard AND n.family = o.family
             AND n.lapsed_at IS NULL)) $$;
