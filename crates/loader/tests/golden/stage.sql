DROP TABLE IF EXISTS "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7";

DROP TABLE IF EXISTS "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7";

DROP TABLE IF EXISTS "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7";

CREATE TABLE "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" (
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
    "opens_at" varchar(15),
    "seen_at" timestamp,
    "code" char(8),
    "attributes" varchar(65535),
    "payload" varbyte(64)
);

CREATE TABLE "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" (
    "run" varchar(80) NOT NULL,
    "batch" varchar(64) NOT NULL,
    "dataset" varchar(64) NOT NULL,
    "dataset_sha256" varchar(64) NOT NULL,
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
    "batch_at" timestamp NOT NULL,
    "rows_isolated" bigint NOT NULL,
    "queued_at" timestamp NOT NULL,
    "place" integer NOT NULL
);

INSERT INTO "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" ("run", "batch", "dataset", "dataset_sha256", "manifest_url", "manifest_version", "manifest_sha256", "sequencer", "delivered_at", "as_of", "files", "input_bytes", "parquet_files", "parquet_bytes", "rows_read", "rows_accepted", "rows_rejected", "rows_filtered", "rows_duplicate", "batch_at", "rows_isolated", "queued_at", "place")
VALUES
('sales-d43b626a46f2e31b1338918b54f18d07', '0680e037a8c3ecea498a1e6796c44e83', 'sales', '08a0659d190af8feb5ab373521284540bb9102086f7a29a030ca3637d61830b8', 's3://landing/sales/it''s\\2013-01-01/_manifest.json', '9b2cf535f27731c974343645a3985328@1357000000', '5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9', '0055AED6DCD90281E50000000000000000000000000000000000000000000000', CAST('2013-01-01 00:26:40.000000' AS timestamp), CAST('2013-01-01 00:00:00.500000' AS timestamp), 2, 629145600, 2, 30000, 900, 897, 3, 0, 0, CAST('2013-01-01 00:00:00.000000' AS timestamp), 0, CAST('2013-01-01 00:28:20.000000' AS timestamp), 0);

COPY "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" (
    "_sluice_batch",
    "_sluice_run",
    "order_id",
    "customer_name",
    "sale_date",
    "units_sold",
    "small",
    "sales_amount",
    "rate",
    "paid",
    "updated_at",
    "ratio",
    "opens_at",
    "seen_at",
    "code",
    "attributes",
    "payload"
)
FROM 's3://control/groups/analytics.sales/7/copy.manifest'
IAM_ROLE default
FORMAT AS PARQUET
MANIFEST;

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST(
        'sluice: ' || COALESCE(MIN(COALESCE("member"."run", 'a run that is not of the group') || ': ' || COALESCE(CAST("member"."rows_accepted" AS varchar), '0') || ' rows accepted, ' || COALESCE(CAST("member"."rows_isolated" AS varchar), '0') || ' isolated, ' || COALESCE(CAST("staged"."rows" AS varchar), '0') || ' staged'), 'a text is null') || ' (' || CAST(COUNT(*) AS varchar) || ' such)' AS integer
    )
END
FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
FULL JOIN (
    SELECT "_sluice_run" AS "run", COUNT(*) AS "rows"
    FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7"
    GROUP BY "_sluice_run"
) AS "staged"
    ON "staged"."run" = "member"."run"
WHERE COALESCE("member"."rows_accepted" - "member"."rows_isolated", 0) <> COALESCE("staged"."rows", 0);
