-- The chain seals what was written and sent, and is what counts where a table says otherwise.

-- The key of official's links is the same in every process, or links of one are unknown to the other.
ALTER TABLE installation ADD link_key bytea;   -- its fingerprint; moves once

CREATE INDEX audit_of_approval ON audit (((body ->> 'id')::bigint), seq) WHERE kind = 'approval';
CREATE INDEX audit_seals ON audit (seq) WHERE kind = 'seal';
CREATE INDEX bundle_by_time ON bundle USING brin (made_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX attempt_by_time ON attempt USING brin (intended_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX delivery_event_by_time ON delivery_event USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX part_by_time ON part USING brin (accepted_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX bundle_that_follows ON bundle (id) WHERE follows <> '{}';

-- The fold of evidence in both directions, for counts over many deliveries.
CREATE FUNCTION evidence_named(weight int) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT (ARRAY['withdrawn', 'expired', 'refused', 'failed', 'unknown', 'held', 'accepted', 'silent', 'undelivered',
                 'delivered'])[weight] $$;

-- What was void before it was sealed.
SELECT audit_append('approval', jsonb_build_object('id', id, 'district', district, 'sha256', encode(sha256, 'hex'),
                                                   'decision', decision, 'by', by))
FROM approval WHERE decision = 'void' ORDER BY id;

-- The first decision in the chain is the one that counts.
CREATE VIEW sealed_decision AS
SELECT DISTINCT ON ((body ->> 'id')::bigint) (body ->> 'id')::bigint AS approval, seq, body ->> 'decision' AS decision,
       body ->> 'sha256' AS sha256, body -> 'items' AS items
FROM audit WHERE kind = 'approval' AND body ->> 'id' IS NOT NULL ORDER BY (body ->> 'id')::bigint, seq;

-- Decisions of which the table says something else than the chain.
CREATE VIEW doubted_decision AS
SELECT a.id, a.district, a.decision, s.decision AS sealed, s.seq
FROM approval a LEFT JOIN sealed_decision s ON s.approval = a.id
WHERE a.decision IS DISTINCT FROM s.decision OR s.decision IS NOT NULL AND s.sha256 <> encode(a.sha256, 'hex');

-- Texts and answers as they are sealed; of what people wrote only the hash.
CREATE VIEW text_seal AS
SELECT id, jsonb_build_object('id', id, 'change', change, 'purpose', purpose, 'sha256', encode(sha256(convert_to(
           jsonb_build_array(versions, short, subject, body, html)::text, 'UTF8')), 'hex')) AS seal FROM text;
CREATE VIEW answer_seal AS
SELECT a.id, jsonb_build_object('id', a.id, 'bundle', a.bundle, 'person', b.person, 'step', a.step, 'manner', a.manner,
           'by', a.by, 'number', a.number, 'at', extract(epoch FROM a.at),
           'words', encode(sha256(convert_to(a.words, 'UTF8')), 'hex')) AS seal
FROM answer a JOIN bundle b ON b.id = a.bundle;

-- Bundles, attempts and events between each two of these moments, by the month whose partition they lie in.
CREATE FUNCTION sent_digests(bounds timestamptz[])
RETURNS TABLE (place int, month text, bundles bigint, attempts bigint, events bigint, sha256 text)
LANGUAGE sql STABLE AS
$$
    WITH line AS (
        SELECT width_bucket(made_at, bounds) AS place, id AS of, 'bundle' AS what,
               jsonb_build_array(id, change, person, purpose, versions, text, posts, approval)::text AS words
        FROM bundle WHERE made_at >= bounds[1] AND made_at < bounds[cardinality(bounds)]
        UNION ALL
        SELECT width_bucket(intended_at, bounds), delivery, 'attempt',
               concat_ws('|', number, chunk, gateway, client_id, purpose, text_sha256, extract(epoch FROM intended_at))
        FROM attempt WHERE intended_at >= bounds[1] AND intended_at < bounds[cardinality(bounds)]
        UNION ALL
        SELECT width_bucket(at, bounds), delivery, 'event',
               concat_ws('|', number, what, gateway, extract(epoch FROM at), detail)
        FROM delivery_event WHERE at >= bounds[1] AND at < bounds[cardinality(bounds)]
    )
    SELECT place, to_char(to_timestamp(((of >> 22) + 1577836800000) / 1000.0) AT TIME ZONE 'UTC', 'YYYYMM') AS month,
           count(*) FILTER (WHERE what = 'bundle'), count(*) FILTER (WHERE what = 'attempt'),
           count(*) FILTER (WHERE what = 'event'),
           encode(sha256(convert_to(string_agg(what || '|' || of || '|' || words, E'\n'
                                               ORDER BY of, what COLLATE "C", words COLLATE "C"), 'UTF8')), 'hex')
    FROM line GROUP BY 1, 2
$$;

-- How far everything is written: nobody who begins after this moment writes anything before it. Whoever began before
-- has a transaction id below `xid`, which is drawn last.
CREATE FUNCTION seal_mark() RETURNS jsonb LANGUAGE sql VOLATILE AS
$$
    SELECT jsonb_build_object(
        'at', ((engine_now() - interval '1 second') AT TIME ZONE 'UTC')::text,
        'text', coalesce(pg_sequence_last_value('text_id_seq'), 0),
        'answer', coalesce(pg_sequence_last_value('answer_id_seq'), 0),
        'version', coalesce(pg_sequence_last_value('order_version_id_seq'), 0),
        'xid', pg_current_xact_id()::text)
$$;

-- Seal everything from the last seal to a mark; null where there is nothing, or somebody who began before the mark is
-- still writing. It only reads under the chain's lock, so nobody can wait for it in a circle.
CREATE FUNCTION seal_up_to(mark jsonb) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
    last  jsonb;
    fresh jsonb;
    span  timestamptz[];
BEGIN
    IF pg_snapshot_xmin(pg_current_snapshot()) <= (mark ->> 'xid')::xid8 THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(7071);
    SELECT body -> 'upto' INTO last FROM audit WHERE kind = 'seal' ORDER BY seq DESC LIMIT 1;
    last := coalesce(last, '{"at": "-infinity", "text": 0, "answer": 0, "version": 0}');
    IF (mark ->> 'at')::timestamp <= (last ->> 'at')::timestamp
       OR (mark ->> 'at')::timestamp > engine_now() AT TIME ZONE 'UTC' THEN  -- a demo's clock was set back
        RETURN NULL;
    END IF;
    span := ARRAY[(last ->> 'at')::timestamp AT TIME ZONE 'UTC', (mark ->> 'at')::timestamp AT TIME ZONE 'UTC'];
    fresh := jsonb_build_object(
        'since', last, 'upto', mark - 'xid',
        'texts', (SELECT coalesce(jsonb_agg(seal ORDER BY id), '[]') FROM text_seal
                  WHERE id > (last ->> 'text')::bigint AND id <= (mark ->> 'text')::bigint),
        'answers', (SELECT coalesce(jsonb_agg(seal ORDER BY id), '[]') FROM answer_seal
                    WHERE id > (last ->> 'answer')::bigint AND id <= (mark ->> 'answer')::bigint),
        'sent', (SELECT coalesce(jsonb_agg(to_jsonb(d) - 'place' ORDER BY month), '[]')
                 FROM sent_digests(span) d));
    IF jsonb_array_length(fresh -> 'texts') + jsonb_array_length(fresh -> 'answers') + jsonb_array_length(fresh -> 'sent') = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM audit_append('seal', fresh);
    RETURN fresh;
END
$$;
