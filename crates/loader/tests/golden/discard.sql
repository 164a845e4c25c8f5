DROP TABLE IF EXISTS "sluice"."stage_7295ea3ee92a3b849ccce16dc7a09c96_7";

DROP TABLE IF EXISTS "sluice"."members_7295ea3ee92a3b849ccce16dc7a09c96_7";

DROP TABLE IF EXISTS "sluice"."partitions_7295ea3ee92a3b849ccce16dc7a09c96_7";
