LOCK "sluice"."lock_7295ea3ee92a3b849ccce16dc7a09c96";

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST('sluice: the run is in the ledger already, rows: ' || CAST(COUNT(*) AS varchar) AS integer)
END
FROM "sluice"."ledger"
WHERE "run" = 'sales-d43b626a46f2e31b1338918b54f18d07';

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST('sluice: a newer delivery of the batch is in the ledger, rows: ' || CAST(COUNT(*) AS varchar) AS integer)
END
FROM "sluice"."ledger"
WHERE "batch" = '0680e037a8c3ecea498a1e6796c44e83' AND "run" <> 'sales-d43b626a46f2e31b1338918b54f18d07' AND ("sequencer" > '0055AED6DCD90281E50000000000000000000000000000000000000000000000' OR ("sequencer" IS NULL AND "delivered_at" > CAST('2013-01-01 00:26:40.000000' AS timestamp)));

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST('sluice: the batch is in the ledger with another target, rows: ' || CAST(COUNT(*) AS varchar) AS integer)
END
FROM "sluice"."ledger"
WHERE "batch" = '0680e037a8c3ecea498a1e6796c44e83' AND "target" <> 'analytics.sales';

DELETE FROM "analytics"."sales"
USING "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07"
WHERE COALESCE("sales"."_sluice_batch", '') <> '0680e037a8c3ecea498a1e6796c44e83'
    AND "sales"."order_id" = "stage_sales_d43b626a46f2e31b1338918b54f18d07"."order_id"
    AND "sales"."seen_at" = "stage_sales_d43b626a46f2e31b1338918b54f18d07"."seen_at" AT TIME ZONE 'UTC'
    AND ("sales"."updated_at" < "stage_sales_d43b626a46f2e31b1338918b54f18d07"."updated_at" OR ("sales"."updated_at" IS NULL AND "stage_sales_d43b626a46f2e31b1338918b54f18d07"."updated_at" IS NOT NULL));

DELETE FROM "analytics"."sales"
USING "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07"
WHERE COALESCE("sales"."_sluice_batch", '') <> '0680e037a8c3ecea498a1e6796c44e83'
    AND "sales"."order_id" = "stage_sales_d43b626a46f2e31b1338918b54f18d07"."order_id"
    AND "sales"."seen_at" = "stage_sales_d43b626a46f2e31b1338918b54f18d07"."seen_at" AT TIME ZONE 'UTC'
    AND ("sales"."updated_at" = "stage_sales_d43b626a46f2e31b1338918b54f18d07"."updated_at" OR ("sales"."updated_at" IS NULL AND "stage_sales_d43b626a46f2e31b1338918b54f18d07"."updated_at" IS NULL))
    AND COALESCE("sales"."_sluice_run", '') NOT IN (
        SELECT "run" FROM "sluice"."ledger"
        WHERE "target" = 'analytics.sales' AND "batch" <> '0680e037a8c3ecea498a1e6796c44e83'
        AND ("batch_at" > CAST('2013-01-01 00:00:00.000000' AS timestamp) OR ("batch_at" = CAST('2013-01-01 00:00:00.000000' AS timestamp) AND "batch" > '0680e037a8c3ecea498a1e6796c44e83'))
    );

INSERT INTO "analytics"."sales" ("_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", "opens_at", "seen_at", "code", "attributes", "payload")
SELECT "_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", CAST("opens_at" AS time), "seen_at" AT TIME ZONE 'UTC', "code", JSON_PARSE("attributes"), "payload"
FROM (
    SELECT
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
        "payload",
        ROW_NUMBER() OVER (
            PARTITION BY "order_id", "seen_at"
            ORDER BY
                "updated_at" DESC NULLS LAST,
                "customer_name" DESC NULLS LAST,
                "sale_date" DESC NULLS LAST,
                "units_sold" DESC NULLS LAST,
                "small" DESC NULLS LAST,
                "sales_amount" DESC NULLS LAST,
                "rate" DESC NULLS LAST,
                "paid" DESC NULLS LAST,
                "ratio" DESC NULLS LAST,
                "opens_at" DESC NULLS LAST,
                "code" DESC NULLS LAST
        ) AS "_sluice_place"
    FROM "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07"
) AS "staged"
LEFT JOIN (
    SELECT DISTINCT
        "there"."order_id" AS "_sluice_key_1",
        "there"."seen_at" AS "_sluice_key_2"
    FROM "analytics"."sales" AS "there"
    INNER JOIN "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07" AS "again"
        ON "there"."order_id" = "again"."order_id"
        AND "there"."seen_at" = "again"."seen_at" AT TIME ZONE 'UTC'
    WHERE COALESCE("there"."_sluice_batch", '') <> '0680e037a8c3ecea498a1e6796c44e83'
) AS "kept"
    ON "kept"."_sluice_key_1" = "staged"."order_id"
    AND "kept"."_sluice_key_2" = "staged"."seen_at" AT TIME ZONE 'UTC'
WHERE "kept"."_sluice_key_1" IS NULL
    AND "staged"."_sluice_place" = 1;

INSERT INTO "sluice"."ledger" (
    "run",
    "batch",
    "dataset",
    "dataset_sha256",
    "target",
    "mode",
    "manifest_url",
    "manifest_version",
    "manifest_sha256",
    "sequencer",
    "delivered_at",
    "as_of",
    "files",
    "input_bytes",
    "parquet_files",
    "parquet_bytes",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "rows_filtered",
    "rows_duplicate",
    "rows_staged",
    "rows_published",
    "rows_stale",
    "rows_replaced",
    "published_at",
    "code_version",
    "batch_at",
    "rows_withdrawn"
)
SELECT
    'sales-d43b626a46f2e31b1338918b54f18d07',
    '0680e037a8c3ecea498a1e6796c44e83',
    'sales',
    '08a0659d190af8feb5ab373521284540bb9102086f7a29a030ca3637d61830b8',
    'analytics.sales',
    'upsert',
    's3://landing/sales/it''s\\2013-01-01/_manifest.json',
    '9b2cf535f27731c974343645a3985328@1357000000',
    '5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9',
    '0055AED6DCD90281E50000000000000000000000000000000000000000000000',
    CAST('2013-01-01 00:26:40.000000' AS timestamp),
    CAST('2013-01-01 00:00:00.500000' AS timestamp),
    2,
    629145600,
    2,
    30000,
    900,
    897,
    3,
    0,
    0,
    (SELECT COUNT(*) FROM "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07"),
    (SELECT COUNT(*) FROM "analytics"."sales" WHERE "_sluice_run" = 'sales-d43b626a46f2e31b1338918b54f18d07'),
    (SELECT COUNT(*) FROM (
    SELECT
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
        "payload",
        ROW_NUMBER() OVER (
            PARTITION BY "order_id", "seen_at"
            ORDER BY
                "updated_at" DESC NULLS LAST,
                "customer_name" DESC NULLS LAST,
                "sale_date" DESC NULLS LAST,
                "units_sold" DESC NULLS LAST,
                "small" DESC NULLS LAST,
                "sales_amount" DESC NULLS LAST,
                "rate" DESC NULLS LAST,
                "paid" DESC NULLS LAST,
                "ratio" DESC NULLS LAST,
                "opens_at" DESC NULLS LAST,
                "code" DESC NULLS LAST
        ) AS "_sluice_place"
    FROM "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07"
) AS "staged"
LEFT JOIN (
    SELECT DISTINCT
        "there"."order_id" AS "_sluice_key_1",
        "there"."seen_at" AS "_sluice_key_2"
    FROM "analytics"."sales" AS "there"
    INNER JOIN "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07" AS "again"
        ON "there"."order_id" = "again"."order_id"
        AND "there"."seen_at" = "again"."seen_at" AT TIME ZONE 'UTC'
    WHERE COALESCE("there"."_sluice_batch", '') <> '0680e037a8c3ecea498a1e6796c44e83'
) AS "kept"
    ON "kept"."_sluice_key_1" = "staged"."order_id"
    AND "kept"."_sluice_key_2" = "staged"."seen_at" AT TIME ZONE 'UTC'
WHERE "kept"."_sluice_key_1" IS NOT NULL
    OR "staged"."_sluice_place" > 1),
    (SELECT COUNT(*) FROM "analytics"."sales" WHERE "_sluice_batch" = '0680e037a8c3ecea498a1e6796c44e83' AND "_sluice_run" <> 'sales-d43b626a46f2e31b1338918b54f18d07'),
    GETDATE(),
    '0.1.0',
    CAST('2013-01-01 00:00:00.000000' AS timestamp),
    (SELECT COUNT(*) FROM "analytics"."sales" AS "earlier"
LEFT JOIN (
    SELECT DISTINCT
        "stage_sales_d43b626a46f2e31b1338918b54f18d07"."order_id" AS "_sluice_key_1",
        "stage_sales_d43b626a46f2e31b1338918b54f18d07"."seen_at" AT TIME ZONE 'UTC' AS "_sluice_key_2"
    FROM "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07"
) AS "again"
    ON "again"."_sluice_key_1" = "earlier"."order_id"
    AND "again"."_sluice_key_2" = "earlier"."seen_at"
WHERE "earlier"."_sluice_batch" = '0680e037a8c3ecea498a1e6796c44e83'
    AND "earlier"."_sluice_run" <> 'sales-d43b626a46f2e31b1338918b54f18d07'
    AND "again"."_sluice_key_1" IS NULL);

DELETE FROM "analytics"."sales"
WHERE "_sluice_batch" = '0680e037a8c3ecea498a1e6796c44e83' AND "_sluice_run" <> 'sales-d43b626a46f2e31b1338918b54f18d07';

SELECT CASE
    WHEN "entry"."entries" = 1
        AND "entry"."staged" = 897
        AND "entry"."published" + "entry"."stale" = 897
        AND "entry"."published" = "there"."present" THEN 1
    ELSE CAST(
        'sluice: 897 rows accepted, ' || CAST("entry"."staged" AS varchar) || ' staged, '
        || CAST("entry"."published" AS varchar) || ' published, ' || CAST("entry"."stale" AS varchar) || ' stale, '
        || CAST("there"."present" AS varchar) || ' of the batch in the target, '
        || CAST("entry"."entries" AS varchar) || ' ledger rows' AS integer
    )
END
FROM (
    SELECT
        COUNT(*) AS "entries",
        COALESCE(MAX("rows_staged"), -1) AS "staged",
        COALESCE(MAX("rows_published"), -1) AS "published",
        COALESCE(MAX("rows_stale"), -1) AS "stale"
    FROM "sluice"."ledger"
    WHERE "run" = 'sales-d43b626a46f2e31b1338918b54f18d07'
) AS "entry"
CROSS JOIN (
    SELECT COUNT(*) AS "present"
    FROM "analytics"."sales"
    WHERE "_sluice_batch" = '0680e037a8c3ecea498a1e6796c44e83'
) AS "there";

DROP TABLE "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07";
