-- name: Book :exec
INSERT INTO ledger (key, store, order_no, claim_id, kind, amount, currency, at)
SELECT e.key, e.store, e.order_no, e.claim_id, e.kind, e.amount::numeric, e.currency, e.at
FROM (SELECT unnest(@keys::text[]) AS key, unnest(@stores::text[]) AS store, unnest(@orders::text[]) AS order_no,
             unnest(@claims::text[]) AS claim_id, unnest(@kinds::text[]) AS kind, unnest(@amounts::text[]) AS amount,
             unnest(@currencies::text[]) AS currency, unnest(@times::timestamptz[]) AS at) e
ON CONFLICT (key) DO NOTHING;

-- name: Entries :many
SELECT * FROM ledger WHERE store = @store AND order_no = @order_no ORDER BY at, key;

-- name: Tell :execrows
INSERT INTO notices (key, store, order_no, workflow_id, kind, manager, due, zh, en)
VALUES (@key, @store, @order_no, @workflow_id, @kind, @manager, @due, @zh, @en)
ON CONFLICT (key) DO NOTHING;

-- name: Log :exec
INSERT INTO audit_log (actor, action, store, order_no, detail) VALUES (@actor, @action, @store, @order_no, @detail);

-- name: Logged :one
-- The first entry of an action on an order whose detail bears a key.
SELECT detail FROM audit_log
WHERE store = @store AND order_no = @order_no AND action = @action AND detail ->> 'key' = @key::text
ORDER BY id LIMIT 1;
