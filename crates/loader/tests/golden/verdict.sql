SELECT "run", "batch", "target", "sequencer", "delivered_at", "published_at", "rows_staged", "rows_published", "rows_stale", "rows_replaced", "rows_withdrawn", "rows_isolated"
FROM "sluice"."ledger"
WHERE "batch" IN ('0680e037a8c3ecea498a1e6796c44e83')
ORDER BY "published_at";
