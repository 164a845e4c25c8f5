LOCK "sluice"."lock_7295ea3ee92a3b849ccce16dc7a09c96";

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST(
        'sluice: ' || COALESCE(MIN('a later holder of the lease has token ' || CAST("token" AS varchar)), 'a text is null') || ' (' || CAST(COUNT(*) AS varchar) || ' such)' AS integer
    )
END
FROM "sluice"."tokens_7295ea3ee92a3b849ccce16dc7a09c96"
WHERE "token" > 7;

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST(
        'sluice: ' || COALESCE(MIN("run" || ' is in the ledger already'), 'a text is null') || ' (' || CAST(COUNT(*) AS varchar) || ' such)' AS integer
    )
END
FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96"
WHERE "run" IN (SELECT "run" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7");

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST(
        'sluice: ' || COALESCE(MIN("entry"."run" || ', a newer delivery of the batch, is in the ledger'), 'a text is null') || ' (' || CAST(COUNT(*) AS varchar) || ' such)' AS integer
    )
END
FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96" AS "entry"
INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
    ON "entry"."batch" = "member"."batch"
WHERE "entry"."run" <> "member"."run"
    AND (
        "entry"."sequencer" > "member"."sequencer"
        OR (
            ("entry"."sequencer" IS NULL OR "member"."sequencer" IS NULL)
            AND "entry"."delivered_at" > "member"."delivered_at"
        )
    );

CREATE TABLE "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7" (
    "_sluice_key_1" timestamp,
    "_sluice_key_2" integer,
    "_sluice_key_3" timestamp,
    "_sluice_key_4" integer,
    "_sluice_key_5" timestamp,
    "_sluice_key_6" integer,
    "_sluice_key_7" varchar(65535),
    "_sluice_key_8" varchar(65535),
    "_sluice_key_9" integer,
    "_sluice_key_10" integer,
    "_sluice_key_11" boolean,
    "_sluice_key_12" integer,
    "place" integer
);

INSERT INTO "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7"
SELECT
        COALESCE(DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_1",
        CASE WHEN DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END AS "_sluice_key_2",
        COALESCE(DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_3",
        CASE WHEN DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END AS "_sluice_key_4",
        COALESCE(DATE_TRUNC('month', "staged"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_5",
        CASE WHEN DATE_TRUNC('month', "staged"."updated_at") IS NULL THEN 1 ELSE 0 END AS "_sluice_key_6",
        COALESCE(NULLIF("staged"."code", '__HIVE_DEFAULT_PARTITION__'), '') AS "_sluice_key_7",
        COALESCE(NULLIF("staged"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.' AS "_sluice_key_8",
        COALESCE("staged"."units_sold", 0) AS "_sluice_key_9",
        CASE WHEN "staged"."units_sold" IS NULL THEN 1 ELSE 0 END AS "_sluice_key_10",
        COALESCE("staged"."paid", FALSE) AS "_sluice_key_11",
        CASE WHEN "staged"."paid" IS NULL THEN 1 ELSE 0 END AS "_sluice_key_12",
        MAX("member"."place")
FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "staged"
INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
    ON "member"."run" = "staged"."_sluice_run"
GROUP BY
        COALESCE(DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp)),
        CASE WHEN DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END,
        COALESCE(DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp)),
        CASE WHEN DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END,
        COALESCE(DATE_TRUNC('month', "staged"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp)),
        CASE WHEN DATE_TRUNC('month', "staged"."updated_at") IS NULL THEN 1 ELSE 0 END,
        COALESCE(NULLIF("staged"."code", '__HIVE_DEFAULT_PARTITION__'), ''),
        COALESCE(NULLIF("staged"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.',
        COALESCE("staged"."units_sold", 0),
        CASE WHEN "staged"."units_sold" IS NULL THEN 1 ELSE 0 END,
        COALESCE("staged"."paid", FALSE),
        CASE WHEN "staged"."paid" IS NULL THEN 1 ELSE 0 END;

DELETE FROM "analytics"."sales"
USING "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "_sluice_of",
    "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "_sluice_member",
    "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96" AS "_sluice_entry"
WHERE COALESCE("sales"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
    AND "_sluice_of"."_sluice_key_1" = COALESCE(DATE_TRUNC('day', CAST("sales"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "_sluice_of"."_sluice_key_2" = CASE WHEN DATE_TRUNC('day', CAST("sales"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_3" = COALESCE(DATE_TRUNC('hour', "sales"."seen_at" AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "_sluice_of"."_sluice_key_4" = CASE WHEN DATE_TRUNC('hour', "sales"."seen_at" AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_5" = COALESCE(DATE_TRUNC('month', "sales"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "_sluice_of"."_sluice_key_6" = CASE WHEN DATE_TRUNC('month', "sales"."updated_at") IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_7" = COALESCE(NULLIF("sales"."code", '__HIVE_DEFAULT_PARTITION__'), '')
    AND "_sluice_of"."_sluice_key_8" = COALESCE(NULLIF("sales"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.'
    AND "_sluice_of"."_sluice_key_9" = COALESCE("sales"."units_sold", 0)
    AND "_sluice_of"."_sluice_key_10" = CASE WHEN "sales"."units_sold" IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_11" = COALESCE("sales"."paid", FALSE)
    AND "_sluice_of"."_sluice_key_12" = CASE WHEN "sales"."paid" IS NULL THEN 1 ELSE 0 END
    AND "_sluice_member"."place" = "_sluice_of"."place"
    AND "_sluice_entry"."run" = "sales"."_sluice_run"
    AND (
        "_sluice_entry"."batch_at" < "_sluice_member"."batch_at"
        OR ("_sluice_entry"."batch_at" = "_sluice_member"."batch_at" AND "_sluice_entry"."batch" < "_sluice_member"."batch")
    );

DELETE FROM "analytics"."sales"
USING "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "_sluice_of"
WHERE COALESCE("sales"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
    AND "_sluice_of"."_sluice_key_1" = COALESCE(DATE_TRUNC('day', CAST("sales"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "_sluice_of"."_sluice_key_2" = CASE WHEN DATE_TRUNC('day', CAST("sales"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_3" = COALESCE(DATE_TRUNC('hour', "sales"."seen_at" AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "_sluice_of"."_sluice_key_4" = CASE WHEN DATE_TRUNC('hour', "sales"."seen_at" AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_5" = COALESCE(DATE_TRUNC('month', "sales"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "_sluice_of"."_sluice_key_6" = CASE WHEN DATE_TRUNC('month', "sales"."updated_at") IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_7" = COALESCE(NULLIF("sales"."code", '__HIVE_DEFAULT_PARTITION__'), '')
    AND "_sluice_of"."_sluice_key_8" = COALESCE(NULLIF("sales"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.'
    AND "_sluice_of"."_sluice_key_9" = COALESCE("sales"."units_sold", 0)
    AND "_sluice_of"."_sluice_key_10" = CASE WHEN "sales"."units_sold" IS NULL THEN 1 ELSE 0 END
    AND "_sluice_of"."_sluice_key_11" = COALESCE("sales"."paid", FALSE)
    AND "_sluice_of"."_sluice_key_12" = CASE WHEN "sales"."paid" IS NULL THEN 1 ELSE 0 END
    AND COALESCE("sales"."_sluice_run", '') NOT IN (SELECT "run" FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96");

INSERT INTO "analytics"."sales" ("_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", "opens_at", "seen_at", "code", "attributes", "payload")
SELECT "staged"."_sluice_batch", "staged"."_sluice_run", "staged"."order_id", "staged"."customer_name", "staged"."sale_date", "staged"."units_sold", "staged"."small", "staged"."sales_amount", "staged"."rate", "staged"."paid", "staged"."updated_at", "staged"."ratio", CAST("staged"."opens_at" AS time), "staged"."seen_at" AT TIME ZONE 'UTC', "staged"."code", JSON_PARSE("staged"."attributes"), "staged"."payload"
FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "staged"
INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
    ON "member"."run" = "staged"."_sluice_run"
INNER JOIN "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "of"
    ON "of"."_sluice_key_1" = COALESCE(DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "of"."_sluice_key_2" = CASE WHEN DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END
    AND "of"."_sluice_key_3" = COALESCE(DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "of"."_sluice_key_4" = CASE WHEN DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END
    AND "of"."_sluice_key_5" = COALESCE(DATE_TRUNC('month', "staged"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp))
    AND "of"."_sluice_key_6" = CASE WHEN DATE_TRUNC('month', "staged"."updated_at") IS NULL THEN 1 ELSE 0 END
    AND "of"."_sluice_key_7" = COALESCE(NULLIF("staged"."code", '__HIVE_DEFAULT_PARTITION__'), '')
    AND "of"."_sluice_key_8" = COALESCE(NULLIF("staged"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.'
    AND "of"."_sluice_key_9" = COALESCE("staged"."units_sold", 0)
    AND "of"."_sluice_key_10" = CASE WHEN "staged"."units_sold" IS NULL THEN 1 ELSE 0 END
    AND "of"."_sluice_key_11" = COALESCE("staged"."paid", FALSE)
    AND "of"."_sluice_key_12" = CASE WHEN "staged"."paid" IS NULL THEN 1 ELSE 0 END
LEFT JOIN (
    SELECT DISTINCT
        COALESCE(DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_1",
        CASE WHEN DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END AS "_sluice_key_2",
        COALESCE(DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_3",
        CASE WHEN DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END AS "_sluice_key_4",
        COALESCE(DATE_TRUNC('month', "there"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_5",
        CASE WHEN DATE_TRUNC('month', "there"."updated_at") IS NULL THEN 1 ELSE 0 END AS "_sluice_key_6",
        COALESCE(NULLIF("there"."code", '__HIVE_DEFAULT_PARTITION__'), '') AS "_sluice_key_7",
        COALESCE(NULLIF("there"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.' AS "_sluice_key_8",
        COALESCE("there"."units_sold", 0) AS "_sluice_key_9",
        CASE WHEN "there"."units_sold" IS NULL THEN 1 ELSE 0 END AS "_sluice_key_10",
        COALESCE("there"."paid", FALSE) AS "_sluice_key_11",
        CASE WHEN "there"."paid" IS NULL THEN 1 ELSE 0 END AS "_sluice_key_12"
    FROM "analytics"."sales" AS "there"
    INNER JOIN "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "again"
        ON "again"."_sluice_key_1" = COALESCE(DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp))
        AND "again"."_sluice_key_2" = CASE WHEN DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END
        AND "again"."_sluice_key_3" = COALESCE(DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp))
        AND "again"."_sluice_key_4" = CASE WHEN DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END
        AND "again"."_sluice_key_5" = COALESCE(DATE_TRUNC('month', "there"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp))
        AND "again"."_sluice_key_6" = CASE WHEN DATE_TRUNC('month', "there"."updated_at") IS NULL THEN 1 ELSE 0 END
        AND "again"."_sluice_key_7" = COALESCE(NULLIF("there"."code", '__HIVE_DEFAULT_PARTITION__'), '')
        AND "again"."_sluice_key_8" = COALESCE(NULLIF("there"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.'
        AND "again"."_sluice_key_9" = COALESCE("there"."units_sold", 0)
        AND "again"."_sluice_key_10" = CASE WHEN "there"."units_sold" IS NULL THEN 1 ELSE 0 END
        AND "again"."_sluice_key_11" = COALESCE("there"."paid", FALSE)
        AND "again"."_sluice_key_12" = CASE WHEN "there"."paid" IS NULL THEN 1 ELSE 0 END
    WHERE COALESCE("there"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
) AS "kept"
    ON "kept"."_sluice_key_1" = "of"."_sluice_key_1"
    AND "kept"."_sluice_key_2" = "of"."_sluice_key_2"
    AND "kept"."_sluice_key_3" = "of"."_sluice_key_3"
    AND "kept"."_sluice_key_4" = "of"."_sluice_key_4"
    AND "kept"."_sluice_key_5" = "of"."_sluice_key_5"
    AND "kept"."_sluice_key_6" = "of"."_sluice_key_6"
    AND "kept"."_sluice_key_7" = "of"."_sluice_key_7"
    AND "kept"."_sluice_key_8" = "of"."_sluice_key_8"
    AND "kept"."_sluice_key_9" = "of"."_sluice_key_9"
    AND "kept"."_sluice_key_10" = "of"."_sluice_key_10"
    AND "kept"."_sluice_key_11" = "of"."_sluice_key_11"
    AND "kept"."_sluice_key_12" = "of"."_sluice_key_12"
WHERE "member"."place" = "of"."place"
    AND "kept"."_sluice_key_1" IS NULL;

INSERT INTO "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96" (
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
    "rows_withdrawn",
    "queued_at",
    "token",
    "rows_isolated"
)
SELECT
    "member"."run",
    "member"."batch",
    "member"."dataset",
    "member"."dataset_sha256",
    'analytics.sales',
    'replace_partitions',
    "member"."manifest_url",
    "member"."manifest_version",
    "member"."manifest_sha256",
    "member"."sequencer",
    "member"."delivered_at",
    "member"."as_of",
    "member"."files",
    "member"."input_bytes",
    "member"."parquet_files",
    "member"."parquet_bytes",
    "member"."rows_read",
    "member"."rows_accepted",
    "member"."rows_rejected",
    "member"."rows_filtered",
    "member"."rows_duplicate",
    COALESCE("staged"."rows", 0),
    COALESCE("published"."rows", 0),
    COALESCE("stale"."rows", 0),
    COALESCE("replaced"."rows", 0),
    GETDATE(),
    '0.1.0',
    "member"."batch_at",
    COALESCE("withdrawn"."rows", 0),
    "member"."queued_at",
    7,
    "member"."rows_isolated"
FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
LEFT JOIN (
    SELECT "_sluice_run" AS "run", COUNT(*) AS "rows"
    FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7"
    GROUP BY "_sluice_run"
) AS "staged"
    ON "staged"."run" = "member"."run"
LEFT JOIN (
    SELECT "of"."run" AS "run", COUNT(*) AS "rows"
    FROM "analytics"."sales" AS "there"
    INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "of"
        ON "of"."run" = "there"."_sluice_run"
    GROUP BY "of"."run"
) AS "published"
    ON "published"."run" = "member"."run"
LEFT JOIN (
    SELECT "staged"."_sluice_run" AS "run", COUNT(*) AS "rows"
    FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "staged"
    INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
        ON "member"."run" = "staged"."_sluice_run"
    INNER JOIN "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "of"
        ON "of"."_sluice_key_1" = COALESCE(DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp))
        AND "of"."_sluice_key_2" = CASE WHEN DATE_TRUNC('day', CAST("staged"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END
        AND "of"."_sluice_key_3" = COALESCE(DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp))
        AND "of"."_sluice_key_4" = CASE WHEN DATE_TRUNC('hour', "staged"."seen_at" AT TIME ZONE 'UTC' AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END
        AND "of"."_sluice_key_5" = COALESCE(DATE_TRUNC('month', "staged"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp))
        AND "of"."_sluice_key_6" = CASE WHEN DATE_TRUNC('month', "staged"."updated_at") IS NULL THEN 1 ELSE 0 END
        AND "of"."_sluice_key_7" = COALESCE(NULLIF("staged"."code", '__HIVE_DEFAULT_PARTITION__'), '')
        AND "of"."_sluice_key_8" = COALESCE(NULLIF("staged"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.'
        AND "of"."_sluice_key_9" = COALESCE("staged"."units_sold", 0)
        AND "of"."_sluice_key_10" = CASE WHEN "staged"."units_sold" IS NULL THEN 1 ELSE 0 END
        AND "of"."_sluice_key_11" = COALESCE("staged"."paid", FALSE)
        AND "of"."_sluice_key_12" = CASE WHEN "staged"."paid" IS NULL THEN 1 ELSE 0 END
    LEFT JOIN (
        SELECT DISTINCT
            COALESCE(DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_1",
            CASE WHEN DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END AS "_sluice_key_2",
            COALESCE(DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_3",
            CASE WHEN DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END AS "_sluice_key_4",
            COALESCE(DATE_TRUNC('month', "there"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp)) AS "_sluice_key_5",
            CASE WHEN DATE_TRUNC('month', "there"."updated_at") IS NULL THEN 1 ELSE 0 END AS "_sluice_key_6",
            COALESCE(NULLIF("there"."code", '__HIVE_DEFAULT_PARTITION__'), '') AS "_sluice_key_7",
            COALESCE(NULLIF("there"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.' AS "_sluice_key_8",
            COALESCE("there"."units_sold", 0) AS "_sluice_key_9",
            CASE WHEN "there"."units_sold" IS NULL THEN 1 ELSE 0 END AS "_sluice_key_10",
            COALESCE("there"."paid", FALSE) AS "_sluice_key_11",
            CASE WHEN "there"."paid" IS NULL THEN 1 ELSE 0 END AS "_sluice_key_12"
        FROM "analytics"."sales" AS "there"
        INNER JOIN "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "again"
            ON "again"."_sluice_key_1" = COALESCE(DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)), CAST('1970-01-01 00:00:00' AS timestamp))
            AND "again"."_sluice_key_2" = CASE WHEN DATE_TRUNC('day', CAST("there"."sale_date" AS timestamp)) IS NULL THEN 1 ELSE 0 END
            AND "again"."_sluice_key_3" = COALESCE(DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC'), CAST('1970-01-01 00:00:00' AS timestamp))
            AND "again"."_sluice_key_4" = CASE WHEN DATE_TRUNC('hour', "there"."seen_at" AT TIME ZONE 'UTC') IS NULL THEN 1 ELSE 0 END
            AND "again"."_sluice_key_5" = COALESCE(DATE_TRUNC('month', "there"."updated_at"), CAST('1970-01-01 00:00:00' AS timestamp))
            AND "again"."_sluice_key_6" = CASE WHEN DATE_TRUNC('month', "there"."updated_at") IS NULL THEN 1 ELSE 0 END
            AND "again"."_sluice_key_7" = COALESCE(NULLIF("there"."code", '__HIVE_DEFAULT_PARTITION__'), '')
            AND "again"."_sluice_key_8" = COALESCE(NULLIF("there"."customer_name", '__HIVE_DEFAULT_PARTITION__'), '') || '.'
            AND "again"."_sluice_key_9" = COALESCE("there"."units_sold", 0)
            AND "again"."_sluice_key_10" = CASE WHEN "there"."units_sold" IS NULL THEN 1 ELSE 0 END
            AND "again"."_sluice_key_11" = COALESCE("there"."paid", FALSE)
            AND "again"."_sluice_key_12" = CASE WHEN "there"."paid" IS NULL THEN 1 ELSE 0 END
        WHERE COALESCE("there"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
    ) AS "kept"
        ON "kept"."_sluice_key_1" = "of"."_sluice_key_1"
        AND "kept"."_sluice_key_2" = "of"."_sluice_key_2"
        AND "kept"."_sluice_key_3" = "of"."_sluice_key_3"
        AND "kept"."_sluice_key_4" = "of"."_sluice_key_4"
        AND "kept"."_sluice_key_5" = "of"."_sluice_key_5"
        AND "kept"."_sluice_key_6" = "of"."_sluice_key_6"
        AND "kept"."_sluice_key_7" = "of"."_sluice_key_7"
        AND "kept"."_sluice_key_8" = "of"."_sluice_key_8"
        AND "kept"."_sluice_key_9" = "of"."_sluice_key_9"
        AND "kept"."_sluice_key_10" = "of"."_sluice_key_10"
        AND "kept"."_sluice_key_11" = "of"."_sluice_key_11"
        AND "kept"."_sluice_key_12" = "of"."_sluice_key_12"
    WHERE NOT ("member"."place" = "of"."place"
        AND "kept"."_sluice_key_1" IS NULL)
    GROUP BY "staged"."_sluice_run"
) AS "stale"
    ON "stale"."run" = "member"."run"
LEFT JOIN (
    SELECT "of"."run" AS "run", COUNT(*) AS "rows"
    FROM "analytics"."sales" AS "there"
    INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "of"
        ON "of"."batch" = "there"."_sluice_batch"
    WHERE "there"."_sluice_run" <> "of"."run"
    GROUP BY "of"."run"
) AS "replaced"
    ON "replaced"."run" = "member"."run"
LEFT JOIN (
    SELECT "run", 0 AS "rows"
    FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7"
    WHERE 1 = 0
) AS "withdrawn"
    ON "withdrawn"."run" = "member"."run";

DELETE FROM "analytics"."sales"
USING "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "_sluice_member"
WHERE "sales"."_sluice_batch" = "_sluice_member"."batch"
    AND "sales"."_sluice_run" <> "_sluice_member"."run";

SELECT CASE
    WHEN COUNT(*) = 0 THEN 1
    ELSE CAST(
        'sluice: ' || COALESCE(MIN("member"."run" || ': '
            || CAST("member"."rows_accepted" AS varchar) || ' rows accepted, '
            || CAST("member"."rows_isolated" AS varchar) || ' isolated, '
            || CAST(COALESCE("entry"."staged", -1) AS varchar) || ' staged, '
            || CAST(COALESCE("entry"."published", -1) AS varchar) || ' published, '
            || CAST(COALESCE("entry"."stale", -1) AS varchar) || ' stale, '
            || CAST(COALESCE("there"."present", 0) AS varchar) || ' of the batch in the target, '
            || CAST(COALESCE("entry"."entries", -1) AS varchar) || ' rows of the run'), 'a text is null') || ' (' || CAST(COUNT(*) AS varchar) || ' such)' AS integer
    )
END
FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
LEFT JOIN (
    SELECT
        "run",
        COUNT(*) AS "entries",
        MAX("rows_staged") AS "staged",
        MAX("rows_published") AS "published",
        MAX("rows_stale") AS "stale"
    FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96"
    WHERE "run" IN (SELECT "run" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
    GROUP BY "run"
) AS "entry"
    ON "entry"."run" = "member"."run"
LEFT JOIN (
    SELECT "of"."run" AS "run", COUNT(*) AS "present"
    FROM "analytics"."sales" AS "present"
    INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "of"
        ON "of"."batch" = "present"."_sluice_batch"
    GROUP BY "of"."run"
) AS "there"
    ON "there"."run" = "member"."run"
WHERE COALESCE("entry"."entries", -1) <> 1
    OR COALESCE("entry"."staged", -1) + "member"."rows_isolated" <> "member"."rows_accepted"
    OR COALESCE("entry"."published", -1) + COALESCE("entry"."stale", -1) <> COALESCE("entry"."staged", -1)
    OR COALESCE("entry"."published", -1) <> COALESCE("there"."present", 0);

DELETE FROM "sluice"."tokens_7295ea3ee92a3b849ccce16dc7a09c96"
WHERE "token" <= 7;

INSERT INTO "sluice"."tokens_7295ea3ee92a3b849ccce16dc7a09c96" ("token", "claimed_at")
SELECT 7, GETDATE();

DROP TABLE IF EXISTS "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7";

DROP TABLE IF EXISTS "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7";

INSERT INTO "sluice"."ledger" ("run", "batch", "dataset", "dataset_sha256", "target", "mode", "manifest_url", "manifest_version", "manifest_sha256", "sequencer", "delivered_at", "as_of", "files", "input_bytes", "parquet_files", "parquet_bytes", "rows_read", "rows_accepted", "rows_rejected", "rows_filtered", "rows_duplicate", "rows_staged", "rows_published", "rows_stale", "rows_replaced", "published_at", "code_version", "batch_at", "rows_withdrawn", "queued_at", "token", "rows_isolated")
SELECT "run", "batch", "dataset", "dataset_sha256", "target", "mode", "manifest_url", "manifest_version", "manifest_sha256", "sequencer", "delivered_at", "as_of", "files", "input_bytes", "parquet_files", "parquet_bytes", "rows_read", "rows_accepted", "rows_rejected", "rows_filtered", "rows_duplicate", "rows_staged", "rows_published", "rows_stale", "rows_replaced", "published_at", "code_version", "batch_at", "rows_withdrawn", "queued_at", "token", "rows_isolated"
FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96"
WHERE "run" IN (SELECT "run" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7");

DROP TABLE IF EXISTS "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7";
