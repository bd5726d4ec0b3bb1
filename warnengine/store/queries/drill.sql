-- name: live_stands()$
-- All that a drill may see of live.
SELECT stands FROM public.grave_order_stands;

-- name: beyond_reach()$
-- A live table that this role can read, or whose owner it can become; null where there is none.
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname = 'public' AND c.relname <> 'grave_order_stands'
  AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = to_regclass('public.grave_order_stands'))
  AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')
       OR pg_has_role(c.relowner, 'MEMBER'))
ORDER BY 1 LIMIT 1;

-- name: schema()$
SELECT current_schema();

-- name: role()$
SELECT current_user;

-- name: pause(words)!
INSERT INTO task (district, kind, words)
SELECT code, 'unclear', :words FROM district
WHERE NOT EXISTS (SELECT FROM task WHERE kind = 'unclear' AND closed_at IS NULL AND words LIKE '%演练暂停%')
ORDER BY code LIMIT 1;

-- name: go_on()!
UPDATE task SET closed_at = engine_now(), result = 'done', by = '演练继续'
WHERE kind = 'unclear' AND closed_at IS NULL AND words LIKE '%演练暂停%';

-- name: keep_routes(fingerprints)!
INSERT INTO route (fingerprint) SELECT DISTINCT unnest(:fingerprints::bytea[])
ON CONFLICT (fingerprint) DO UPDATE SET seen_at = clock_timestamp();

-- name: other_side(name)$
-- Whether the other side has been made in this database.
SELECT to_regprocedure(:name) IS NOT NULL;

-- name: known_live(fingerprints)$
SELECT public.known_route(:fingerprints::bytea[]);

-- name: known_drill(fingerprints)$
SELECT drill.known_route(:fingerprints::bytea[]);

-- name: prepared(role)$
-- Whether the schema is made and the flag may be seen.
SELECT to_regnamespace('drill') IS NOT NULL AND coalesce((SELECT has_table_privilege(oid, 'public.grave_order_stands', 'SELECT')
       AND EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                   WHERE s.setrole = r.oid AND d.datname = current_database())
       FROM pg_roles r WHERE rolname = :role), false);

-- name: has_role(role)$
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role);

-- name: literal(value)$
SELECT coalesce(quote_literal(:value::text), 'NULL');

-- name: database()$
SELECT quote_ident(current_database());
