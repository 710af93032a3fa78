-- +goose Up

-- The vault's index: what each original is, in a chain for each store. Each row bears the seal
-- of the row before, so that a changed, removed or swapped one shows; port.EvidenceItem says what
-- a seal is taken of. Contents lie in the bucket, under their hash.
ALTER TABLE evidence RENAME TO evidence_noted;
ALTER TABLE evidence_noted DROP CONSTRAINT evidence_pkey;
CREATE TABLE evidence (
    store           text COLLATE "C" NOT NULL,
    position        bigint NOT NULL,
    order_no        text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL, -- empty: of the order as a whole
    kind            text COLLATE "C" NOT NULL,
    sha256          text COLLATE "C" NOT NULL,
    name            text NOT NULL,
    media_type      text NOT NULL,
    size            bigint NOT NULL,           -- 0: noted before there was a vault, its content was never kept
    source          text NOT NULL,
    by_whom         text NOT NULL,
    taken_at        timestamptz,
    given           text NOT NULL,             -- JSON as it was sealed
    kept_at         timestamptz NOT NULL,      -- real
    previous        bytea NOT NULL,            -- seal of the row before; empty: it is the first
    seal            bytea NOT NULL,
    PRIMARY KEY (store, position)
);
CREATE INDEX evidence_of_order ON evidence (store, order_no, position);

-- Where each chain ends; the row's lock lets one writer after the other in.
CREATE TABLE evidence_heads (
    store    text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    seal     bytea NOT NULL
);

-- +goose StatementBegin
DO $$
DECLARE
    r record;
    part text;
    sealed bytea;
BEGIN
    FOR r IN
        SELECT n.*, row_number() OVER (PARTITION BY store ORDER BY kept_at, order_no, tracking_number, kind, sha256) AS position
        FROM evidence_noted n ORDER BY store, position
    LOOP
        IF r.position = 1 THEN
            sealed := ''::bytea;
        END IF;
        INSERT INTO evidence VALUES (r.store, r.position, r.order_no, r.tracking_number, r.kind, r.sha256, r.name, '', 0, '', '', NULL, '{}', r.kept_at, sealed, '');
        sealed := octet_length(sealed)::text::bytea || ':'::bytea || sealed || ','::bytea;
        FOREACH part IN ARRAY ARRAY[r.store, r.position::text, r.order_no, r.tracking_number, r.kind, r.sha256, r.name, '', '0', '', '', '', '{}',
            (extract(epoch FROM r.kept_at) * 1000000)::bigint::text]
        LOOP
            sealed := sealed || convert_to(octet_length(convert_to(part, 'UTF8'))::text || ':' || part || ',', 'UTF8');
        END LOOP;
        sealed := sha256(sealed);
        UPDATE evidence e SET seal = sealed WHERE e.store = r.store AND e.position = r.position;
        INSERT INTO evidence_heads VALUES (r.store, r.position, sealed)
        ON CONFLICT (store) DO UPDATE SET position = excluded.position, seal = excluded.seal;
    END LOOP;
END $$;
-- +goose StatementEnd
DROP TABLE evidence_noted;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
CREATE TABLE evidence_noted (
    store           text COLLATE "C" NOT NULL,
    order_no        text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL,
    kind            text COLLATE "C" NOT NULL,
    sha256          text COLLATE "C" NOT NULL,
    name            text NOT NULL,
    kept_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store, order_no, tracking_number, kind, sha256)
);
INSERT INTO evidence_noted SELECT store, order_no, tracking_number, kind, sha256, name, kept_at FROM evidence ORDER BY position ON CONFLICT DO NOTHING;
DROP TABLE evidence, evidence_heads;
ALTER TABLE evidence_noted RENAME TO evidence;
ALTER INDEX evidence_noted_pkey RENAME TO evidence_pkey;
