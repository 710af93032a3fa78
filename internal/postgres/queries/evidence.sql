-- name: OpenChain :exec
INSERT INTO evidence_heads (store, position, seal) VALUES (@store, 0, '') ON CONFLICT DO NOTHING;

-- name: LockChain :one
SELECT position, seal FROM evidence_heads WHERE store = @store FOR UPDATE;

-- name: LatestEvidence :many
SELECT * FROM evidence
WHERE store = @store AND order_no = @order_no AND tracking_number = @tracking_number AND kind = @kind AND sha256 = @sha256
ORDER BY position DESC LIMIT 1;

-- name: AppendEvidence :exec
INSERT INTO evidence (store, position, order_no, tracking_number, kind, sha256, name, media_type, size, source, by_whom, taken_at, given, kept_at, previous, seal)
VALUES (@store, @position, @order_no, @tracking_number, @kind, @sha256, @name, @media_type, @size, @source, @by_whom, @taken_at, @given, @kept_at, @previous, @seal);

-- name: MoveChain :exec
UPDATE evidence_heads SET position = @position, seal = @seal WHERE store = @store;

-- name: EvidenceOf :many
SELECT * FROM evidence WHERE store = @store AND order_no = @order_no ORDER BY position;

-- name: EvidenceChain :many
SELECT * FROM evidence WHERE store = @store AND position > @behind ORDER BY position LIMIT @most;

-- name: EvidenceHeads :many
SELECT coalesce(h.store, e.store)::text AS store, coalesce(h.position, 0)::bigint AS position, coalesce(h.seal, '')::bytea AS seal, coalesce(e.last, 0)::bigint AS last
FROM evidence_heads h FULL JOIN (SELECT store, max(position) AS last FROM evidence GROUP BY store) e ON e.store = h.store
ORDER BY 1;
