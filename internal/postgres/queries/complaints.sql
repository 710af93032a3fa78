-- name: UpsertComplaints :exec
INSERT INTO complaints (order_pk, complaint_id, opened_at, respond_by, answered_at, decided_at, status, points, at_risk, frozen, currency)
SELECT @order_pk::bigint, c.id, c.opened, c.respond_by, NULLIF(c.answered, 'infinity'), NULLIF(c.decided, 'infinity'), c.status, c.points,
    NULLIF(c.at_risk, '')::numeric, NULLIF(c.frozen, '')::numeric, c.currency
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@opened::timestamptz[]) AS opened, unnest(@respond_bys::timestamptz[]) AS respond_by,
             unnest(@answered::text[])::timestamptz AS answered, unnest(@decided::text[])::timestamptz AS decided,
             unnest(@statuses::text[]) AS status, unnest(@points::integer[]) AS points, unnest(@at_risk::text[]) AS at_risk,
             unnest(@frozen::text[]) AS frozen, unnest(@currencies::text[]) AS currency) c
ON CONFLICT (order_pk, complaint_id) DO UPDATE SET
    opened_at = excluded.opened_at, respond_by = excluded.respond_by, answered_at = excluded.answered_at, decided_at = excluded.decided_at,
    status = excluded.status, points = excluded.points, at_risk = excluded.at_risk, frozen = excluded.frozen, currency = excluded.currency,
    updated_at = now();

-- name: ComplaintsOf :many
SELECT c.* FROM complaints c JOIN orders o USING (order_pk)
WHERE o.store = @store AND o.order_no = @order_no
ORDER BY c.opened_at, c.complaint_id;
