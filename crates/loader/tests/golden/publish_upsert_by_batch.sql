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

DELETE FROM "analytics"."sales"
USING "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "_sluice_staged",
    "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "_sluice_member",
    "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96" AS "_sluice_entry"
WHERE COALESCE("sales"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
    AND "sales"."order_id" = "_sluice_staged"."order_id"
    AND "_sluice_member"."run" = "_sluice_staged"."_sluice_run"
    AND "_sluice_entry"."run" = "sales"."_sluice_run"
    AND (
        "_sluice_entry"."batch_at" < "_sluice_member"."batch_at"
        OR ("_sluice_entry"."batch_at" = "_sluice_member"."batch_at" AND "_sluice_entry"."batch" < "_sluice_member"."batch")
    );

DELETE FROM "analytics"."sales"
USING "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "_sluice_staged"
WHERE COALESCE("sales"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
    AND "sales"."order_id" = "_sluice_staged"."order_id"
    AND COALESCE("sales"."_sluice_run", '') NOT IN (SELECT "run" FROM "sluice"."runs_7295ea3ee92a3b849ccce16dc7a09c96");

INSERT INTO "analytics"."sales" ("_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", "opens_at", "seen_at", "code", "attributes", "payload")
SELECT "staged"."_sluice_batch", "staged"."_sluice_run", "staged"."order_id", "staged"."customer_name", "staged"."sale_date", "staged"."units_sold", "staged"."small", "staged"."sales_amount", "staged"."rate", "staged"."paid", "staged"."updated_at", "staged"."ratio", CAST("staged"."opens_at" AS time), "staged"."seen_at" AT TIME ZONE 'UTC', "staged"."code", JSON_PARSE("staged"."attributes"), "staged"."payload"
FROM (
    SELECT
        "each"."_sluice_batch",
        "each"."_sluice_run",
        "each"."order_id",
        "each"."customer_name",
        "each"."sale_date",
        "each"."units_sold",
        "each"."small",
        "each"."sales_amount",
        "each"."rate",
        "each"."paid",
        "each"."updated_at",
        "each"."ratio",
        "each"."opens_at",
        "each"."seen_at",
        "each"."code",
        "each"."attributes",
        "each"."payload",
        ROW_NUMBER() OVER (
            PARTITION BY "each"."order_id"
            ORDER BY
                "member"."place" DESC,
                "each"."customer_name" DESC NULLS LAST,
                "each"."sale_date" DESC NULLS LAST,
                "each"."units_sold" DESC NULLS LAST,
                "each"."small" DESC NULLS LAST,
                "each"."sales_amount" DESC NULLS LAST,
                "each"."rate" DESC NULLS LAST,
                "each"."paid" DESC NULLS LAST,
                "each"."updated_at" DESC NULLS LAST,
                "each"."ratio" DESC NULLS LAST,
                "each"."opens_at" DESC NULLS LAST,
                "each"."seen_at" DESC NULLS LAST,
                "each"."code" DESC NULLS LAST
        ) AS "_sluice_place"
    FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "each"
    INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
        ON "member"."run" = "each"."_sluice_run"
) AS "staged"
LEFT JOIN (
    SELECT DISTINCT
        "there"."order_id" AS "_sluice_key_1"
    FROM "analytics"."sales" AS "there"
    INNER JOIN "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "again"
        ON "there"."order_id" = "again"."order_id"
    WHERE COALESCE("there"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
) AS "kept"
    ON "kept"."_sluice_key_1" = "staged"."order_id"
WHERE "kept"."_sluice_key_1" IS NULL
    AND "staged"."_sluice_place" = 1;

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
    'upsert',
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
    FROM (
        SELECT
            "each"."_sluice_batch",
            "each"."_sluice_run",
            "each"."order_id",
            "each"."customer_name",
            "each"."sale_date",
            "each"."units_sold",
            "each"."small",
            "each"."sales_amount",
            "each"."rate",
            "each"."paid",
            "each"."updated_at",
            "each"."ratio",
            "each"."opens_at",
            "each"."seen_at",
            "each"."code",
            "each"."attributes",
            "each"."payload",
            ROW_NUMBER() OVER (
                PARTITION BY "each"."order_id"
                ORDER BY
                    "member"."place" DESC,
                    "each"."customer_name" DESC NULLS LAST,
                    "each"."sale_date" DESC NULLS LAST,
                    "each"."units_sold" DESC NULLS LAST,
                    "each"."small" DESC NULLS LAST,
                    "each"."sales_amount" DESC NULLS LAST,
                    "each"."rate" DESC NULLS LAST,
                    "each"."paid" DESC NULLS LAST,
                    "each"."updated_at" DESC NULLS LAST,
                    "each"."ratio" DESC NULLS LAST,
                    "each"."opens_at" DESC NULLS LAST,
                    "each"."seen_at" DESC NULLS LAST,
                    "each"."code" DESC NULLS LAST
            ) AS "_sluice_place"
        FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "each"
        INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "member"
            ON "member"."run" = "each"."_sluice_run"
    ) AS "staged"
    LEFT JOIN (
        SELECT DISTINCT
            "there"."order_id" AS "_sluice_key_1"
        FROM "analytics"."sales" AS "there"
        INNER JOIN "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "again"
            ON "there"."order_id" = "again"."order_id"
        WHERE COALESCE("there"."_sluice_batch", '') NOT IN (SELECT "batch" FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7")
    ) AS "kept"
        ON "kept"."_sluice_key_1" = "staged"."order_id"
    WHERE "kept"."_sluice_key_1" IS NOT NULL
        OR "staged"."_sluice_place" > 1
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
    SELECT "of"."run" AS "run", COUNT(*) AS "rows"
    FROM "analytics"."sales" AS "earlier"
    INNER JOIN "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7" AS "of"
        ON "of"."batch" = "earlier"."_sluice_batch"
    LEFT JOIN (
        SELECT DISTINCT
            "_sluice_run" AS "run",
            "order_id" AS "_sluice_key_1"
        FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7"
    ) AS "again"
        ON "again"."run" = "of"."run"
        AND "again"."_sluice_key_1" = "earlier"."order_id"
    WHERE "earlier"."_sluice_run" <> "of"."run"
        AND "again"."_sluice_key_1" IS NULL
    GROUP BY "of"."run"
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
