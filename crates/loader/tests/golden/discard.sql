DROP TABLE IF EXISTS "sluice"."stage_sales_d683d1d3fe5cb1ba58052e8dc05568e4";
