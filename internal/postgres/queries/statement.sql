-- name: StatementOrders :many
-- A page of the orders that a span of time is about: created in it, or with entries in it. One
-- whose creation the dispatcher has not noted yet may be.
SELECT o.order_pk, o.order_no, o.policy FROM orders o
WHERE o.store = @store AND o.order_no > @behind
  AND (o.created_at IS NULL OR (o.created_at >= @from_at::timestamptz AND o.created_at < @until_at::timestamptz)
    OR EXISTS (SELECT FROM ledger l WHERE l.store = o.store AND l.order_no = o.order_no AND l.at >= @from_at::timestamptz AND l.at < @until_at::timestamptz))
ORDER BY o.order_no LIMIT @most;

-- name: FactsOfOrders :many
SELECT f.order_pk, i.raw FROM order_facts f JOIN inbox i ON i.seq = f.inbox_seq
WHERE f.order_pk = ANY (@pks::bigint[]) AND i.type = ANY (@types::text[])
ORDER BY f.order_pk, f.position;

-- name: EntriesUntil :many
SELECT order_no, kind, amount, currency, at FROM ledger
WHERE store = @store AND order_no = ANY (@orders::text[]) AND at < @until_at::timestamptz
ORDER BY order_no, at, key;

-- name: LedgerTotals :many
SELECT kind, currency, count(*) AS entries, sum(amount)::numeric AS total FROM ledger
WHERE store = @store AND at >= @from_at::timestamptz AND at < @until_at::timestamptz
GROUP BY kind, currency ORDER BY kind, currency;

-- name: LastStatement :one
SELECT * FROM statements WHERE store = @store AND month = @month ORDER BY serial DESC LIMIT 1;

-- name: KeepStatement :execrows
INSERT INTO statements (store, month, serial, sha256, totals, files, as_of)
VALUES (@store, @month, @serial, @sha256, @totals, @files, @as_of) ON CONFLICT DO NOTHING;

-- name: KeepStatementPart :exec
INSERT INTO statement_parts (store, month, serial, format, part, content)
VALUES (@store, @month, @serial, @format, @part, @content);

-- name: StatementPart :one
SELECT content FROM statement_parts
WHERE store = @store AND month = @month AND serial = @serial AND format = @format AND part = @part;

-- name: BillParcels :many
-- The parcels that have one of the numbers, by itself or as another number of the same parcel.
SELECT p.tracking_number AS asked, p.tracking_number, p.store, o.order_no, o.order_pk, o.policy
FROM parcels p JOIN orders o USING (order_pk) WHERE p.tracking_number = ANY (@numbers::text[])
UNION
SELECT a.alias, p.tracking_number, p.store, o.order_no, o.order_pk, o.policy
FROM aliases a JOIN parcels p ON p.store = a.store AND p.tracking_number = a.tracking_number JOIN orders o USING (order_pk)
WHERE a.alias = ANY (@numbers::text[])
ORDER BY asked, tracking_number, order_no;

-- name: BillLinesOf :many
-- Lines of other files about the numbers.
SELECT b.tracking_number, to_char(b.billed_on, 'YYYY-MM-DD') AS billed, b.fee, b.amount, b.currency FROM bill_lines b
WHERE b.store = @store AND b.file <> @file AND b.tracking_number = ANY (@numbers::text[])
  AND b.imported_at < coalesce((SELECT min(f.imported_at) FROM bill_lines f WHERE f.store = @store AND f.file = @file), now());

-- name: KeepBillLines :exec
INSERT INTO bill_lines (store, file, line, name, tracking_number, order_no, billed_on, weight, fee, amount, currency, parcel, of_order, reason, expected, expected_currency)
SELECT @store::text, @file::text, l.line, @name::text, l.number, l.order_no, l.billed_on::date, NULLIF(l.weight, '')::numeric, l.fee, l.amount::numeric,
    l.currency, l.parcel, l.of_order, l.reason, NULLIF(l.expected, '')::numeric, l.expected_currency
FROM (SELECT unnest(@lines::integer[]) AS line, unnest(@numbers::text[]) AS number, unnest(@orders::text[]) AS order_no,
             unnest(@dates::text[]) AS billed_on, unnest(@weights::text[]) AS weight, unnest(@fees::text[]) AS fee,
             unnest(@amounts::text[]) AS amount, unnest(@currencies::text[]) AS currency, unnest(@parcels::text[]) AS parcel,
             unnest(@of_orders::text[]) AS of_order, unnest(@reasons::text[]) AS reason, unnest(@expecteds::text[]) AS expected,
             unnest(@expected_currencies::text[]) AS expected_currency) l
ON CONFLICT (store, file, line) DO UPDATE SET parcel = excluded.parcel, of_order = excluded.of_order, reason = excluded.reason,
    expected = excluded.expected, expected_currency = excluded.expected_currency;

-- name: BillLinesBetween :many
SELECT file, line, name, tracking_number, order_no, to_char(billed_on, 'YYYY-MM-DD') AS billed, coalesce(weight::text, '')::text AS weight, fee, amount, currency, parcel,
    of_order, reason, coalesce(expected::text, '')::text AS expected, expected_currency
FROM bill_lines
WHERE store = @store AND billed_on >= sqlc.arg(from_day)::text::date AND billed_on < sqlc.arg(until_day)::text::date AND (file, line) > (@behind_file::text, @behind_line::integer)
ORDER BY file, line LIMIT @most;

-- name: Opened :many
SELECT raw FROM inbox WHERE store = @store AND type IN ('complaint.opened', 'dispute.opened')
  AND event_time >= @from_at::timestamptz AND event_time <= @until_at::timestamptz ORDER BY seq;

-- name: CountOrders :one
SELECT count(*) FROM orders WHERE store = @store AND created_at >= @from_at::timestamptz AND created_at < @until_at::timestamptz;

-- name: SetScores :exec
INSERT INTO store_scores (store, week, service_score, positive_rate_percent, programmes, by)
VALUES (@store, @week, sqlc.narg(service_score)::text::numeric, sqlc.narg(positive_rate_percent)::text::numeric, sqlc.narg(programmes)::text[], @by);

-- name: ScoresOf :many
SELECT * FROM store_scores WHERE store = @store AND week = @week ORDER BY id;

-- name: ProgrammesBy :one
SELECT coalesce(programmes, '{}')::text[] AS programmes FROM store_scores
WHERE store = @store AND week <= @week AND programmes IS NOT NULL ORDER BY week DESC, id DESC LIMIT 1;
