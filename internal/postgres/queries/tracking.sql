-- name: InsertTracked :exec
-- A number is to be asked about from its recording on, until the rules say how often.
INSERT INTO tracked (store, tracking_number, order_no, carrier, service_code)
SELECT unnest(@stores::text[]), unnest(@numbers::text[]), unnest(@orders::text[]), unnest(@carriers::text[]), unnest(@services::text[])
ON CONFLICT (store, tracking_number) DO NOTHING;

-- name: LockTracked :exec
-- Whoever changes several rows locks them first, by store and number, and only then looks.
SELECT FROM tracked t WHERE t.store = @store::text AND t.tracking_number = ANY(@numbers::text[])
ORDER BY t.tracking_number FOR NO KEY UPDATE;

-- name: NotePolled :exec
-- Whether an order, whose row is locked, wants its parcels asked about.
UPDATE parcels p SET polled = w.polled
FROM (SELECT unnest(@numbers::text[]) AS number, unnest(@polled::boolean[]) AS polled) w
WHERE p.order_pk = @order_pk AND p.store = @store::text AND p.tracking_number = w.number AND p.polled <> w.polled;

-- name: PlanPolls :exec
-- A plan never puts a poll off that is due sooner, unless it ends the polling, which no order
-- does while another wants the parcel asked about. A new number is asked about at once, so that
-- a service watches it.
UPDATE tracked t SET plan = w.plan, country = @country::text, check_by = NULLIF(w.check_by, 'infinity'),
    next_poll_at = CASE WHEN w.next = 'infinity' THEN NULL
                        WHEN t.leased_until > now() THEN w.next
                        WHEN t.asked_at IS NULL AND t.attempts = 0 THEN @judged::timestamptz
                        ELSE least(t.next_poll_at, w.next) END
FROM (SELECT unnest(@numbers::text[]) AS number, unnest(@plans::text[])::jsonb AS plan,
             unnest(@nexts::text[])::timestamptz AS next, unnest(@checks::text[])::timestamptz AS check_by) w
WHERE t.store = @store::text AND t.tracking_number = w.number AND (w.next <> 'infinity'
    OR NOT EXISTS (SELECT FROM parcels p WHERE p.store = t.store AND p.tracking_number = t.tracking_number AND p.polled));

-- name: ClaimTracked :many
-- The carriers that there are come from the index, one step each, and of each as many rows as may
-- be claimed: what is due of carriers out of scope is never read.
WITH RECURSIVE present AS (
    (SELECT upper(w.carrier) AS carrier FROM tracked w WHERE w.next_poll_at IS NOT NULL ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT upper(w.carrier) FROM tracked w WHERE w.next_poll_at IS NOT NULL AND upper(w.carrier) > p.carrier ORDER BY 1 LIMIT 1)
    FROM present p WHERE p.carrier IS NOT NULL
), c AS MATERIALIZED (
    SELECT d.store, d.tracking_number FROM present p CROSS JOIN LATERAL (
        SELECT w.store, w.tracking_number, w.next_poll_at FROM tracked w
        WHERE upper(w.carrier) = p.carrier AND w.next_poll_at <= @virtual_now::timestamptz AND w.leased_until <= now()
        ORDER BY w.next_poll_at LIMIT @most FOR NO KEY UPDATE SKIP LOCKED) d
    WHERE (p.carrier = ANY(@carriers::text[])) = @among::boolean
    ORDER BY d.next_poll_at LIMIT @most)
UPDATE tracked t SET leased_until = now() + make_interval(secs => @lease_seconds::float8)
FROM c WHERE t.store = c.store AND t.tracking_number = c.tracking_number
RETURNING t.*, coalesce(t.check_by IS NOT NULL AND NOT EXISTS (
    SELECT FROM tracked o WHERE o.store = t.store AND o.carrier = t.carrier AND o.heard), false)::boolean AS first_of_carrier;

-- name: FinishTracked :exec
-- An error leaves the answer before it standing; an answer forgotten meanwhile stays so, and so
-- does a number that was given up meanwhile. A plan made meanwhile has its own next poll.
WITH w AS MATERIALIZED (
    SELECT unnest(@stores::text[]) AS store, unnest(@numbers::text[]) AS number, unnest(@plans::text[])::jsonb AS plan,
           unnest(@nexts::text[])::timestamptz AS next, unnest(@errors::text[]) AS error,
           unnest(@claimed::bytea[]) AS claimed, unnest(@answers::bytea[]) AS answer,
           unnest(@claimed_watched::text[]) AS claimed_watched, unnest(@watched::text[]) AS watched, unnest(@heard::boolean[]) AS heard
), l AS MATERIALIZED (
    SELECT t.store, t.tracking_number FROM tracked t JOIN w ON t.store = w.store AND t.tracking_number = w.number
    ORDER BY t.store, t.tracking_number FOR NO KEY UPDATE OF t)
UPDATE tracked t SET leased_until = '-infinity',
    next_poll_at = CASE WHEN t.plan = w.plan THEN NULLIF(w.next, 'infinity') ELSE t.next_poll_at END, last_error = w.error,
    attempts = CASE WHEN w.error = '' THEN 0 ELSE t.attempts + 1 END,
    asked_at = CASE WHEN w.error = '' THEN @asked_at::timestamptz ELSE t.asked_at END,
    answer_hash = CASE WHEN w.error = '' AND t.answer_hash IS NOT DISTINCT FROM w.claimed THEN w.answer ELSE t.answer_hash END,
    heard = t.heard OR w.heard, watched_by = CASE WHEN t.watched_by = w.claimed_watched THEN w.watched ELSE t.watched_by END
FROM l JOIN w ON w.store = l.store AND w.number = l.tracking_number
WHERE t.store = l.store AND t.tracking_number = l.tracking_number;

-- name: ReleaseTracked :exec
WITH l AS MATERIALIZED (
    SELECT t.store, t.tracking_number FROM tracked t
    JOIN (SELECT unnest(@stores::text[]) AS store, unnest(@numbers::text[]) AS number) w ON t.store = w.store AND t.tracking_number = w.number
    ORDER BY t.store, t.tracking_number FOR NO KEY UPDATE OF t)
UPDATE tracked t SET leased_until = '-infinity'
FROM l WHERE t.store = l.store AND t.tracking_number = l.tracking_number;

-- name: OwnersOf :many
-- Which stores have recorded which of these numbers, by either of a parcel's numbers, and the
-- order that did so first.
SELECT t.tracking_number AS asked, t.store, t.tracking_number, t.order_no FROM tracked t
WHERE t.tracking_number = ANY(@numbers::text[])
UNION
SELECT a.alias AS asked, t.store, t.tracking_number, t.order_no FROM aliases a
JOIN tracked t ON t.store = a.store AND t.tracking_number = a.tracking_number
WHERE a.alias = ANY(@numbers::text[]);

-- name: RowsOf :many
SELECT t.store, t.tracking_number, t.at, t.milestone, t.code, t.source, t.location, t.description, t.signed_by, t.authorised FROM traces t
JOIN (SELECT unnest(@stores::text[]) AS store, unnest(@numbers::text[]) AS number) w ON w.store = t.store AND w.number = t.tracking_number;

-- name: InsertAliases :exec
INSERT INTO aliases (alias, store, tracking_number, service)
SELECT DISTINCT w.alias, w.store, w.number, @service::text
FROM (SELECT unnest(@aliases::text[]) AS alias, unnest(@stores::text[]) AS store, unnest(@numbers::text[]) AS number) w
ORDER BY w.alias, w.store, w.number
ON CONFLICT DO NOTHING;

-- name: InsertReplacement :exec
-- What is learnt of a number that replaces another goes to the other's trace too, and so on
-- along a chain of corrections, in whatever order they come in.
WITH later AS (
    SELECT @number::text AS alias
    UNION
    SELECT a.alias FROM aliases a WHERE a.store = @store::text AND a.tracking_number = @number::text
), earlier AS (
    SELECT @old::text AS number
    UNION
    SELECT a.tracking_number FROM aliases a WHERE a.alias = @old::text AND a.store = @store::text
)
INSERT INTO aliases (alias, store, tracking_number, service)
SELECT l.alias, @store::text, e.number, 'replaced' FROM later l CROSS JOIN earlier e WHERE l.alias <> e.number
ORDER BY l.alias, e.number
ON CONFLICT DO NOTHING;

-- name: ForgetAnswers :exec
-- The next answer about these numbers is looked at again, though it may be the same; one is
-- asked for though nothing else hangs on it.
WITH l AS MATERIALIZED (
    SELECT t.store, t.tracking_number FROM tracked t
    JOIN (SELECT unnest(@stores::text[]) AS store, unnest(@numbers::text[]) AS number) w ON t.store = w.store AND t.tracking_number = w.number
    WHERE t.answer_hash IS NOT NULL
    ORDER BY t.store, t.tracking_number FOR NO KEY UPDATE OF t)
UPDATE tracked t SET answer_hash = NULL, next_poll_at = coalesce(t.next_poll_at, t.asked_at)
FROM l WHERE t.store = l.store AND t.tracking_number = l.tracking_number;

-- name: InsertStrays :exec
INSERT INTO strays (service, tracking_number, hash, answer)
SELECT DISTINCT ON (w.number, w.hash) @service::text, w.number, w.hash, w.answer
FROM (SELECT unnest(@numbers::text[]) AS number, unnest(@hashes::bytea[]) AS hash, unnest(@answers::text[])::jsonb AS answer) w
ORDER BY w.number, w.hash
ON CONFLICT DO NOTHING;

-- name: FoundStrays :many
-- Strays whose number has been recorded meanwhile.
SELECT s.* FROM strays s
WHERE EXISTS (SELECT FROM tracked t WHERE t.tracking_number = s.tracking_number)
   OR EXISTS (SELECT FROM aliases a WHERE a.alias = s.tracking_number)
ORDER BY s.received_at LIMIT @most;

-- name: DropStrays :exec
DELETE FROM strays s USING (SELECT unnest(@services::text[]) AS service, unnest(@numbers::text[]) AS number, unnest(@hashes::bytea[]) AS hash) w
WHERE s.service = w.service AND s.tracking_number = w.number AND s.hash = w.hash;

-- name: DropOldStrays :exec
-- No order that is kept is older than its story.
DELETE FROM strays WHERE received_at < now() - interval '180 days';

-- name: CountStrays :one
SELECT count(*) FROM strays;

-- name: KeepUnreadable :exec
-- The latest thousand of a service are enough to see what is wrong.
WITH old AS (DELETE FROM unreadable WHERE id IN (
    SELECT o.id FROM unreadable o WHERE o.service = @service ORDER BY o.id DESC OFFSET 999))
INSERT INTO unreadable (service, reason, body, bytes) VALUES (@service, @reason, @body, @bytes);

-- name: KeepUnplaced :exec
-- Each row once, however often it is told.
WITH old AS (DELETE FROM unreadable WHERE id IN (
    SELECT o.id FROM unreadable o WHERE o.service = @service ORDER BY o.id DESC OFFSET 999))
INSERT INTO unreadable (service, reason, body, bytes, hash)
SELECT DISTINCT ON (w.hash) @service::text, @reason::text, w.body, octet_length(w.body), w.hash
FROM (SELECT unnest(@bodies::bytea[]) AS body, unnest(@hashes::bytea[]) AS hash) w ORDER BY w.hash
ON CONFLICT (service, hash) DO NOTHING;

-- name: EnsureService :exec
INSERT INTO service_limits (service) VALUES (@service) ON CONFLICT DO NOTHING;

-- name: ServeService :exec
-- A worker that has a service tells so.
INSERT INTO service_limits (service) VALUES (@service) ON CONFLICT (service) DO UPDATE SET served_at = now();

-- name: ServedWithin :one
SELECT EXISTS (SELECT FROM service_limits WHERE service = @service AND served_at > now() - make_interval(secs => @seconds::float8))::boolean;

-- name: TakeLook :execrows
-- Whoever changes the row has the look.
UPDATE service_limits SET next_look_at = @next_look_at WHERE service = @service AND next_look_at <= @virtual_now::timestamptz;

-- name: WatchedNumbers :many
-- Numbers that a service watches and that are still asked about, each once.
SELECT DISTINCT t.tracking_number FROM tracked t
WHERE t.watched_by = @service::text AND t.next_poll_at IS NOT NULL AND t.tracking_number > @after::text
ORDER BY t.tracking_number LIMIT @most;

-- name: TakeSlot :one
-- Takes the next free slot of a service and tells how long to wait for it; no row when that
-- is too long.
UPDATE service_limits SET free_at = greatest(free_at, clock_timestamp()) + make_interval(secs => @every_seconds::float8)
WHERE service = @service AND free_at <= clock_timestamp() + make_interval(secs => @most_seconds::float8)
RETURNING extract(epoch FROM greatest(free_at - make_interval(secs => @every_seconds::float8) - clock_timestamp(), interval '0'))::float8 AS wait_seconds;

-- name: PauseService :exec
-- Nobody calls the service for a while: for what it asked for, and from the fifth failure in a
-- row on twice as long after each.
UPDATE service_limits SET failures = failures + 1,
    free_at = greatest(free_at, clock_timestamp() + make_interval(secs => greatest(@after_seconds::float8,
        CASE WHEN failures < @patience::integer THEN 0 ELSE least(@most_seconds::float8, power(2, least(failures - @patience::integer, 20))) END)))
WHERE service = @service;

-- name: ServiceAnswered :exec
UPDATE service_limits SET failures = 0 WHERE service = @service AND failures > 0;

-- name: Unwatch :exec
-- A service has given numbers up: they are to be watched anew.
WITH l AS MATERIALIZED (
    SELECT t.store, t.tracking_number FROM tracked t WHERE t.tracking_number = ANY(@numbers::text[]) AND t.watched_by = @service::text
    ORDER BY t.store, t.tracking_number FOR NO KEY UPDATE)
UPDATE tracked t SET watched_by = '' FROM l WHERE t.store = l.store AND t.tracking_number = l.tracking_number;
