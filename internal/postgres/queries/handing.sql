-- name: ClaimWaiting :many
-- Materialized: a plan that ran the inner query more than once would claim more than asked.
WITH c AS MATERIALIZED (
    SELECT w.order_pk FROM orders w
    WHERE w.latest_position > w.seen_position AND w.next_try_at <= now()
    ORDER BY w.next_try_at LIMIT @most FOR NO KEY UPDATE SKIP LOCKED)
UPDATE orders o SET next_try_at = now() + make_interval(secs => @lease_seconds::float8)
FROM c WHERE o.order_pk = c.order_pk
RETURNING o.*;

-- name: ClaimRechecks :many
WITH c AS MATERIALIZED (
    SELECT w.order_pk FROM orders w
    WHERE w.recheck_at <= @virtual_now::timestamptz AND w.next_try_at <= now()
    ORDER BY w.recheck_at LIMIT @most FOR NO KEY UPDATE SKIP LOCKED)
UPDATE orders o SET next_try_at = now() + make_interval(secs => @lease_seconds::float8)
FROM c WHERE o.order_pk = c.order_pk
RETURNING o.*;

-- name: SaveHanding :execrows
-- Only who holds the lease saves, by the next_try_at that the claim set, and never an older
-- view over a newer one. A quiet fact is only settled when no workflow has loaded facts
-- meanwhile: the judgement rests on what the workflow believed.
UPDATE orders SET
    seen_position = @upto::bigint,
    handed_position = CASE WHEN @told::boolean THEN greatest(handed_position, @upto::bigint) ELSE handed_position END,
    started = started OR @told::boolean,
    run_id = CASE WHEN @run_id::text <> '' THEN @run_id::text ELSE run_id END,
    attempts = 0, last_error = '', next_try_at = now(),
    recheck_at = sqlc.narg(recheck_at)::timestamptz, policy = @policy::text, stage = @stage::text,
    next_deadline_kind = @next_deadline_kind::text, next_deadline = sqlc.narg(next_deadline)::timestamptz,
    expected_payout_usd = sqlc.narg(expected_payout_usd)::text::numeric, country = @country::text, cases = @cases::integer,
    end_reason = @end_reason::text, created_at = sqlc.narg(created_at)::timestamptz, updated_at = now(),
    shipments = ARRAY(SELECT s FROM unnest(shipments) s WHERE s <> ALL (coalesce(@shipments_ended::integer[], '{}')))
WHERE order_pk = @order_pk AND next_try_at = @claimed AND seen_position <= @upto::bigint AND (@told::boolean
    OR handed_position = @believed::bigint AND judged_at IS NOT DISTINCT FROM sqlc.narg(judged_at)::timestamptz);

-- name: AddShipment :exec
UPDATE orders SET shipments = array_append(shipments, @serial::integer)
WHERE store = @store AND order_no = @order_no AND @serial::integer <> ALL (shipments);

-- name: AddTicket :exec
INSERT INTO open_tickets (order_pk, workflow_id) VALUES (@order_pk, @workflow_id) ON CONFLICT DO NOTHING;

-- name: OpenTickets :many
SELECT workflow_id FROM open_tickets WHERE order_pk = @order_pk ORDER BY workflow_id;

-- name: DropTicket :exec
DELETE FROM open_tickets WHERE order_pk = @order_pk AND workflow_id = @workflow_id;

-- name: Release :exec
UPDATE orders SET attempts = attempts + @failures::integer, last_error = @last_error,
    next_try_at = now() + make_interval(secs => @after_seconds::float8)
WHERE order_pk = @order_pk AND next_try_at = @claimed;

-- name: UpsertCases :exec
INSERT INTO cases (order_pk, tracking_number, kind, opened_at, last_movement_at, alert_by, confirm_by, file_by,
    customs_document_by, status, superseded, next_deadline_kind, next_deadline, claim_id, expected_payout_usd)
SELECT @order_pk::bigint, c.number, c.kind, c.opened, c.last_movement, c.alert_by, c.confirm_by, c.file_by,
    NULLIF(c.customs_by, 'infinity'), c.status, c.superseded, c.next_kind, NULLIF(c.next, 'infinity'), c.claim,
    sqlc.narg(expected_payout_usd)::text::numeric
FROM (SELECT unnest(@numbers::text[]) AS number, unnest(@kinds::text[]) AS kind, unnest(@opened::timestamptz[]) AS opened,
             unnest(@last_movements::timestamptz[]) AS last_movement, unnest(@alert_bys::timestamptz[]) AS alert_by,
             unnest(@confirm_bys::timestamptz[]) AS confirm_by, unnest(@file_bys::timestamptz[]) AS file_by,
             unnest(@customs_bys::text[])::timestamptz AS customs_by, unnest(@statuses::text[]) AS status,
             unnest(@superseded::boolean[]) AS superseded, unnest(@next_kinds::text[]) AS next_kind,
             unnest(@nexts::text[])::timestamptz AS next, unnest(@claims::text[]) AS claim) c
ON CONFLICT (order_pk, tracking_number, kind, opened_at) DO UPDATE SET
    last_movement_at = excluded.last_movement_at, alert_by = excluded.alert_by, confirm_by = excluded.confirm_by,
    file_by = excluded.file_by, customs_document_by = excluded.customs_document_by, status = excluded.status,
    superseded = excluded.superseded, next_deadline_kind = excluded.next_deadline_kind,
    next_deadline = excluded.next_deadline, claim_id = excluded.claim_id,
    expected_payout_usd = excluded.expected_payout_usd, updated_at = now();

-- name: DropCases :exec
-- Cases that facts learnt later did away with.
DELETE FROM cases c WHERE c.order_pk = @order_pk AND NOT EXISTS (
    SELECT FROM (SELECT unnest(@numbers::text[]) AS number, unnest(@kinds::text[]) AS kind, unnest(@opened::timestamptz[]) AS opened) k
    WHERE k.number = c.tracking_number AND k.kind = c.kind AND k.opened = c.opened_at);

-- name: LockOrder :one
SELECT * FROM orders WHERE store = @store AND order_no = @order_no FOR NO KEY UPDATE;

-- name: NoteLoad :exec
UPDATE orders SET judged_at = greatest(judged_at, @judged_at::timestamptz),
    handed_position = CASE WHEN @for_order::boolean THEN greatest(handed_position, @upto::bigint) ELSE handed_position END
WHERE order_pk = @order_pk;

-- name: FactsOf :many
SELECT f.position, i.raw, i.received_at FROM order_facts f JOIN inbox i ON i.seq = f.inbox_seq
WHERE f.order_pk = @order_pk AND f.position > @behind
ORDER BY f.position;

-- name: FactsWithin :many
-- The first facts behind a position that make up no more than a number of bytes; the first
-- of all whatever its size.
SELECT w.position, w.raw FROM (
    SELECT f.position, i.raw, octet_length(i.raw) AS bytes, sum(octet_length(i.raw)) OVER (ORDER BY f.position) AS total
    FROM order_facts f JOIN inbox i ON i.seq = f.inbox_seq
    WHERE f.order_pk = @order_pk AND f.position > @behind) w
WHERE w.total <= @most_bytes::bigint OR w.total = w.bytes
ORDER BY w.position;
