-- name: LockNumbers :exec
-- One statement takes all locks, in the order of the keys given: two that took them in
-- another order could wait for each other.
SELECT CASE WHEN n.exclusive THEN pg_advisory_xact_lock(n.key) ELSE pg_advisory_xact_lock_shared(n.key) END
FROM (SELECT unnest(@keys::bigint[]) AS key, unnest(@exclusive::boolean[]) AS exclusive) n;

-- name: InsertEvents :many
INSERT INTO inbox (source, id, type, store, order_no, tracking_number, of_parcel, known, event_time, raw)
SELECT e.source, e.id, e.type, e.store, e.order_no, NULLIF(e.tracking_number, ''), e.of_parcel, e.known, e.event_time, e.raw
FROM (SELECT unnest(@sources::text[]) AS source, unnest(@ids::text[]) AS id, unnest(@types::text[]) AS type,
             unnest(@stores::text[]) AS store, unnest(@orders::text[]) AS order_no,
             unnest(@numbers::text[]) AS tracking_number, unnest(@of_parcels::boolean[]) AS of_parcel,
             unnest(@knowns::boolean[]) AS known, unnest(@times::timestamptz[]) AS event_time, unnest(@raws::text[]) AS raw) e
ON CONFLICT (source, id) DO NOTHING
RETURNING seq, source, id;

-- name: EnsureOrders :exec
INSERT INTO orders (store, order_no)
SELECT w.store, w.order_no
FROM (SELECT unnest(@stores::text[]) AS store, unnest(@orders::text[]) AS order_no) w
WHERE NOT EXISTS (SELECT FROM orders o WHERE o.store = w.store AND o.order_no = w.order_no)
ORDER BY w.store COLLATE "C", w.order_no COLLATE "C"
ON CONFLICT (store, order_no) DO NOTHING;

-- name: InsertParcels :exec
INSERT INTO parcels (inbox_seq, order_pk, store, tracking_number, carrier, service_code)
SELECT w.seq, o.order_pk, w.store, w.tracking_number, w.carrier, w.service_code
FROM (SELECT unnest(@seqs::bigint[]) AS seq, unnest(@stores::text[]) AS store, unnest(@orders::text[]) AS order_no,
             unnest(@numbers::text[]) AS tracking_number, unnest(@carriers::text[]) AS carrier,
             unnest(@services::text[]) AS service_code) w
JOIN orders o ON o.store = w.store AND o.order_no = w.order_no
ON CONFLICT (inbox_seq, order_pk) DO NOTHING;

-- name: InsertTraces :exec
INSERT INTO traces (inbox_seq, place, store, tracking_number, at, milestone, code, source, location, description, signed_by, authorised)
SELECT unnest(@seqs::bigint[]), unnest(@places::integer[]), unnest(@stores::text[]), unnest(@numbers::text[]),
       unnest(@times::timestamptz[]), unnest(@milestones::text[]), unnest(@codes::text[]), unnest(@sources::text[]), unnest(@locations::text[]),
       unnest(@descriptions::text[]), unnest(@signers::text[]), unnest(@authorised::boolean[]);

-- name: LockOrdersOf :exec
-- Every order that gets a new fact: that of the subject, those that have the parcel, and
-- those that a recording names.
SELECT o.order_pk FROM orders o
WHERE o.order_pk IN (
    SELECT s.order_pk FROM inbox i JOIN orders s ON s.store = i.store AND s.order_no = i.order_no
    WHERE i.seq = ANY(@seqs::bigint[]) AND i.known
    UNION ALL
    SELECT p.order_pk FROM inbox i JOIN parcels p ON p.store = i.store AND p.tracking_number = i.tracking_number
    WHERE i.seq = ANY(@seqs::bigint[]) AND i.of_parcel
    UNION ALL
    SELECT p.order_pk FROM parcels p WHERE p.inbox_seq = ANY(@seqs::bigint[]))
ORDER BY o.order_pk
FOR NO KEY UPDATE;

-- name: LinkFacts :exec
-- A recording also brings what was known of the number before.
WITH links AS (
    SELECT s.order_pk, i.seq FROM inbox i JOIN orders s ON s.store = i.store AND s.order_no = i.order_no
    WHERE i.seq = ANY(@seqs::bigint[]) AND i.known
    UNION
    SELECT p.order_pk, i.seq FROM inbox i JOIN parcels p ON p.store = i.store AND p.tracking_number = i.tracking_number
    WHERE i.seq = ANY(@seqs::bigint[]) AND i.of_parcel
    UNION
    SELECT p.order_pk, i.seq FROM parcels p JOIN inbox i ON i.store = p.store AND i.tracking_number = p.tracking_number
    WHERE p.inbox_seq = ANY(@seqs::bigint[]) AND i.of_parcel
    UNION
    SELECT p.order_pk, p.inbox_seq FROM parcels p WHERE p.inbox_seq = ANY(@seqs::bigint[])
), added AS (
    INSERT INTO order_facts (order_pk, inbox_seq, position)
    SELECT l.order_pk, l.seq, nextval('fact_position') FROM (SELECT * FROM links ORDER BY seq, order_pk) l
    ON CONFLICT (order_pk, inbox_seq) DO NOTHING
    RETURNING order_pk, position
)
UPDATE orders o SET latest_position = a.latest
FROM (SELECT order_pk, max(position) AS latest FROM added GROUP BY order_pk) a
WHERE o.order_pk = a.order_pk;
