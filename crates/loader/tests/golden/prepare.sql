CREATE SCHEMA IF NOT EXISTS "sluice";

CREATE TABLE IF NOT EXISTS "sluice"."ledger" (
    "run" varchar(80) NOT NULL,
    "batch" varchar(64) NOT NULL,
    "dataset" varchar(64) NOT NULL,
    "dataset_sha256" varchar(64) NOT NULL,
    "target" varchar(256) NOT NULL,
    "mode" varchar(32) NOT NULL,
    "manifest_url" varchar(1200) NOT NULL,
    "manifest_version" varchar(1200) NOT NULL,
    "manifest_sha256" varchar(64) NOT NULL,
    "sequencer" varchar(64),
    "delivered_at" timestamp NOT NULL,
    "as_of" timestamp,
    "files" bigint NOT NULL,
    "input_bytes" bigint NOT NULL,
    "parquet_files" bigint NOT NULL,
    "parquet_bytes" bigint NOT NULL,
    "rows_read" bigint NOT NULL,
    "rows_accepted" bigint NOT NULL,
    "rows_rejected" bigint NOT NULL,
    "rows_filtered" bigint NOT NULL,
    "rows_duplicate" bigint NOT NULL,
    "rows_staged" bigint NOT NULL,
    "rows_published" bigint NOT NULL,
    "rows_stale" bigint NOT NULL,
    "rows_replaced" bigint NOT NULL,
    "published_at" timestamp NOT NULL,
    "code_version" varchar(32) NOT NULL,
    "batch_at" timestamp NOT NULL,
    "rows_withdrawn" bigint NOT NULL,
    "queued_at" timestamp NOT NULL,
    "token" bigint NOT NULL,
    "rows_isolated" bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96" (
    "run" varchar(80) NOT NULL,
    "batch" varchar(64) NOT NULL,
    "dataset" varchar(64) NOT NULL,
    "dataset_sha256" varchar(64) NOT NULL,
    "target" varchar(256) NOT NULL,
    "mode" varchar(32) NOT NULL,
    "manifest_url" varchar(1200) NOT NULL,
    "manifest_version" varchar(1200) NOT NULL,
    "manifest_sha256" varchar(64) NOT NULL,
    "sequencer" varchar(64),
    "delivered_at" timestamp NOT NULL,
    "as_of" timestamp,
    "files" bigint NOT NULL,
    "input_bytes" bigint NOT NULL,
    "parquet_files" bigint NOT NULL,
    "parquet_bytes" bigint NOT NULL,
    "rows_read" bigint NOT NULL,
    "rows_accepted" bigint NOT NULL,
    "rows_rejected" bigint NOT NULL,
    "rows_filtered" bigint NOT NULL,
    "rows_duplicate" bigint NOT NULL,
    "rows_staged" bigint NOT NULL,
    "rows_published" bigint NOT NULL,
    "rows_stale" bigint NOT NULL,
    "rows_replaced" bigint NOT NULL,
    "published_at" timestamp NOT NULL,
    "code_version" varchar(32) NOT NULL,
    "batch_at" timestamp NOT NULL,
    "rows_withdrawn" bigint NOT NULL,
    "queued_at" timestamp NOT NULL,
    "token" bigint NOT NULL,
    "rows_isolated" bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS "sluice"."lock_7295ea3ee92a3b849ccce16dc7a09c96" (
    "nothing" smallint
);

CREATE TABLE IF NOT EXISTS "sluice"."tokens_7295ea3ee92a3b849ccce16dc7a09c96" (
    "token" bigint NOT NULL,
    "claimed_at" timestamp NOT NULL
);

CREATE SCHEMA IF NOT EXISTS "analytics";

CREATE TABLE IF NOT EXISTS "analytics"."sales" (
    "_sluice_batch" varchar(64) NOT NULL,
    "_sluice_run" varchar(80) NOT NULL,
    "order_id" bigint,
    "customer_name" varchar(120),
    "sale_date" date,
    "units_sold" integer,
    "small" smallint,
    "sales_amount" decimal(14,2),
    "rate" double precision,
    "paid" boolean,
    "updated_at" timestamp,
    "ratio" real,
    "opens_at" time,
    "seen_at" timestamptz,
    "code" char(8),
    "attributes" super,
    "payload" varbyte(64)
)
DISTSTYLE KEY DISTKEY ("order_id")
COMPOUND SORTKEY ("sale_date", "order_id");

LOCK "sluice"."lock_7295ea3ee92a3b849ccce16dc7a09c96";

DELETE FROM "sluice"."tokens_7295ea3ee92a3b849ccce16dc7a09c96"
WHERE "token" <= 7;

INSERT INTO "sluice"."tokens_7295ea3ee92a3b849ccce16dc7a09c96" ("token", "claimed_at")
SELECT 7, GETDATE();

DELETE FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96"
WHERE "run" NOT IN (SELECT "run" FROM "sluice"."ledger" WHERE "target" = 'analytics.sales');

INSERT INTO "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96" ("run", "batch", "dataset", "dataset_sha256", "target", "mode", "manifest_url", "manifest_version", "manifest_sha256", "sequencer", "delivered_at", "as_of", "files", "input_bytes", "parquet_files", "parquet_bytes", "rows_read", "rows_accepted", "rows_rejected", "rows_filtered", "rows_duplicate", "rows_staged", "rows_published", "rows_stale", "rows_replaced", "published_at", "code_version", "batch_at", "rows_withdrawn", "queued_at", "token", "rows_isolated")
SELECT "run", "batch", "dataset", "dataset_sha256", "target", "mode", "manifest_url", "manifest_version", "manifest_sha256", "sequencer", "delivered_at", "as_of", "files", "input_bytes", "parquet_files", "parquet_bytes", "rows_read", "rows_accepted", "rows_rejected", "rows_filtered", "rows_duplicate", "rows_staged", "rows_published", "rows_stale", "rows_replaced", "published_at", "code_version", "batch_at", "rows_withdrawn", "queued_at", "token", "rows_isolated"
FROM "sluice"."ledger"
WHERE "target" = 'analytics.sales'
    AND "run" NOT IN (SELECT "run" FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96");

SELECT MAX("token")
FROM "sluice"."tokens_7295ea3ee92a3b849ccce16dc7a09c96";

SELECT "run", "batch", "target", "sequencer", "delivered_at", "published_at", "rows_staged", "rows_published", "rows_stale", "rows_replaced", "rows_withdrawn", "rows_isolated"
FROM "sluice"."ledger"
WHERE "batch" IN ('0680e037a8c3ecea498a1e6796c44e83')
ORDER BY "published_at";

SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, ordinal_position
FROM svv_columns
WHERE table_schema = 'analytics' AND table_name = 'sales'
ORDER BY ordinal_position;

SELECT table_name
FROM svv_tables
WHERE table_schema = 'sluice' AND table_name LIKE '%\\_7295ea3ee92a3b849ccce16dc7a09c96\\_%';
