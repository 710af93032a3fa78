-- name: SaveToken :exec
INSERT INTO platform_stores (platform, store, token) VALUES (@platform, @store, @token::jsonb)
ON CONFLICT (platform, store) DO UPDATE SET token = excluded.token, saved_at = now();

-- name: LoadToken :one
SELECT token FROM platform_stores WHERE platform = @platform AND store = @store AND token IS NOT NULL;

-- name: ReadUpto :one
SELECT read_upto FROM platform_stores WHERE platform = @platform AND store = @store;

-- name: NoteListed :exec
INSERT INTO platform_stores (platform, store, read_upto) VALUES (@platform, @store, @upto::timestamptz)
ON CONFLICT (platform, store) DO UPDATE SET read_upto = greatest(platform_stores.read_upto, excluded.read_upto);

-- name: NoteChanged :exec
-- Whatever differs from what was read is read again: the platform's times go back where summer
-- time ends.
INSERT INTO order_reads (platform, store, order_no, updated_at, state, due_at)
SELECT @platform::text, @store::text, w.order_no, w.updated_at, w.state, @due_at::timestamptz
FROM (SELECT unnest(@orders::text[]) AS order_no, unnest(@updates::timestamptz[]) AS updated_at, unnest(@states::text[]) AS state) w
ORDER BY w.order_no
ON CONFLICT (platform, store, order_no) DO UPDATE
SET updated_at = excluded.updated_at, state = excluded.state, due_at = excluded.due_at, attempts = 0, last_error = ''
WHERE (order_reads.updated_at, order_reads.state) IS DISTINCT FROM (excluded.updated_at, excluded.state);

-- name: ForgetReads :exec
DELETE FROM order_reads WHERE platform = @platform AND store = @store AND due_at IS NULL AND updated_at < @before::timestamptz;

-- name: UnreadOrders :many
SELECT order_no, updated_at, state, attempts FROM order_reads
WHERE platform = @platform AND store = @store AND due_at <= @at::timestamptz
ORDER BY updated_at, order_no LIMIT @most;

-- name: NoteOrderRead :exec
-- An order that was listed as changed once more meanwhile stays due.
UPDATE order_reads SET due_at = @next, last_error = @error::text,
    attempts = CASE WHEN @error::text = '' THEN 0 ELSE attempts + 1 END
WHERE platform = @platform AND store = @store AND order_no = @order_no AND updated_at = @updated_at AND state = @state;

-- name: CountUnread :one
SELECT count(*) FROM order_reads WHERE platform = @platform AND store = @store AND due_at IS NOT NULL;

-- name: ListedUpto :one
SELECT upto FROM platform_lists WHERE platform = @platform AND store = @store AND list = @list;

-- name: NoteListedUpto :exec
INSERT INTO platform_lists (platform, store, list, upto) VALUES (@platform, @store, @list, @upto)
ON CONFLICT (platform, store, list) DO UPDATE SET upto = excluded.upto;

-- name: KeepSettlements :exec
-- Amounts come as texts: an empty one is none.
INSERT INTO settlements (platform, store, order_no, child_order_no, status, wait_reason, currency, loan, real_loan, escrow_fee, affiliate, refund, real_refund, at)
SELECT @platform::text, @store::text, s.order_no, s.child, s.status, s.reason, s.currency, nullif(s.loan, '')::numeric, nullif(s.real_loan, '')::numeric,
       nullif(s.fee, '')::numeric, nullif(s.affiliate, '')::numeric, nullif(s.refund, '')::numeric, nullif(s.real_refund, '')::numeric, @at::timestamptz
FROM (SELECT unnest(@orders::text[]) AS order_no, unnest(@children::text[]) AS child, unnest(@statuses::text[]) AS status,
             unnest(@reasons::text[]) AS reason, unnest(@currencies::text[]) AS currency, unnest(@loans::text[]) AS loan,
             unnest(@real_loans::text[]) AS real_loan, unnest(@fees::text[]) AS fee, unnest(@affiliates::text[]) AS affiliate,
             unnest(@refunds::text[]) AS refund, unnest(@real_refunds::text[]) AS real_refund) s
ORDER BY s.order_no, s.child
ON CONFLICT (platform, store, order_no, child_order_no) DO UPDATE
SET status = excluded.status, wait_reason = excluded.wait_reason, currency = excluded.currency, loan = excluded.loan, real_loan = excluded.real_loan,
    escrow_fee = excluded.escrow_fee, affiliate = excluded.affiliate, refund = excluded.refund, real_refund = excluded.real_refund, at = excluded.at
WHERE (settlements.status, settlements.wait_reason, settlements.currency, settlements.loan, settlements.real_loan, settlements.escrow_fee,
       settlements.affiliate, settlements.refund, settlements.real_refund)
   IS DISTINCT FROM (excluded.status, excluded.wait_reason, excluded.currency, excluded.loan, excluded.real_loan, excluded.escrow_fee,
       excluded.affiliate, excluded.refund, excluded.real_refund);

-- name: SettlementsOf :many
SELECT * FROM settlements WHERE store = @store AND order_no = @order_no ORDER BY child_order_no;
