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

INSERT INTO "analytics"."sales" ("_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", "opens_at", "seen_at", "code", "attributes", "payload")
SELECT "_sluice_batch", "_sluice_run", "order_id", "customer_name", "sale_date", "units_sold", "small", "sales_amount", "rate", "paid", "updated_at", "ratio", CAST("opens_at" AS time), "seen_at" AT TIME ZONE 'UTC', "code", JSON_PARSE("attributes"), "payload"
FROM "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7";

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
    'append',
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
    SELECT "run", 0 AS "rows"
    FROM "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7"
    WHERE 1 = 0
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
