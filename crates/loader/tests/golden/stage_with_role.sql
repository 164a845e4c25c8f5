DROP TABLE IF EXISTS "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07";

CREATE TABLE "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07" (
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

COPY "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07" (
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
FROM 's3://control/runs/sales/sales-d43b626a46f2e31b1338918b54f18d07/copy.manifest'
IAM_ROLE 'arn:aws:iam::123456789012:role/copy'
FORMAT AS PARQUET
MANIFEST;

SELECT CASE
    WHEN COUNT(*) = 897 THEN 1
    ELSE CAST('sluice: 897 rows accepted, ' || CAST(COUNT(*) AS varchar) || ' staged' AS integer)
END
FROM "sluice"."stage_sales_d43b626a46f2e31b1338918b54f18d07";
