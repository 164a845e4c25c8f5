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

INSERT INTO "analytics"."sales" ("_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", "opens_at", "seen_at", "code", "attributes", "payload")
SELECT "_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", CAST("opens_at" AS time), "seen_at" AT TIME ZONE 'UTC', "code", JSON_PARSE("attributes"), "payload"
FROM "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07";

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
    'append',
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
    0,
    (SELECT COUNT(*) FROM "analytics"."sales" WHERE "_sluice_batch" = '0680e037a8c3ecea498a1e6796c44e83' AND "_sluice_run" <> 'sales-d43b626a46f2e31b1338918b54f18d07'),
    GETDATE(),
    '0.1.0',
    CAST('2013-01-01 00:00:00.000000' AS timestamp),
    0;

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
