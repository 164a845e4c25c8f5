DROP TABLE IF EXISTS "sluice"."stage_sales_2b5914424ee7c8b54c1c9da852bca775";
