-- name: GetOrder :one
SELECT * FROM orders WHERE store = @store AND order_no = @order_no;

-- name: ListOrders :many
SELECT * FROM orders WHERE (store, order_no) > (@store::text, @order_no::text)
ORDER BY store, order_no LIMIT @most;

-- name: CasesOf :many
SELECT c.* FROM cases c JOIN orders o USING (order_pk)
WHERE o.store = @store AND o.order_no = @order_no
ORDER BY c.opened_at, c.tracking_number, c.kind;

-- name: TraceOf :many
SELECT * FROM traces WHERE store = @store AND tracking_number = @tracking_number
ORDER BY at, inbox_seq, place;

-- name: Counts :one
SELECT (SELECT count(*) FROM inbox) AS events,
       (SELECT count(*) FROM orders) AS orders,
       (SELECT count(*) FROM orders o WHERE o.latest_position > o.seen_position) AS waiting,
       (SELECT count(*) FROM orders f WHERE f.latest_position > f.seen_position AND f.attempts > 0) AS failing;

-- name: UnknownTypes :many
SELECT type, count(*) AS events FROM inbox WHERE NOT known GROUP BY type ORDER BY type;

-- name: Stores :many
-- Every store that has an order, by a look into the index for each store instead of each order.
WITH RECURSIVE known AS (
    (SELECT o.store FROM orders o ORDER BY o.store LIMIT 1)
    UNION ALL
    SELECT (SELECT o.store FROM orders o WHERE o.store > k.store ORDER BY o.store LIMIT 1) FROM known k WHERE k.store IS NOT NULL)
SELECT k.store::text AS store FROM known k WHERE k.store IS NOT NULL ORDER BY k.store;
