"""The pipeline by nothing but S3 events: boto3 uploads, and independent readers look at what arrived."""

import io
import json
from decimal import Decimal

import awswrangler as wr
import duckdb
import pyarrow.parquet as parquet
import pytest

from conftest import ROOT, until

HEADER = "id,Customer Name,items,priority,amount,weight,paid,sold_on,changed_at\n"
FIRST = (
    HEADER
    + "1, Ann ,2,3,10.50,0.25,true,2026-01-01,2026-01-01 10:11:12.345678\n"
    + '2,"O\'Neil, ""Bo""\nJr",1,NA,99999999999.99,-1.5,false,02/01/2026,NA\n'
    + "3,Çağ,NA,1,NA,NA,NA,2026-01-01,2026-01-01 00:00:00\n"
)
CORRECTED = HEADER + "1,Ann,2,3,11.50,0.25,true,2026-01-01,NA\n4,Di,1,1,1.00,1,true,2026-01-03,NA\n"


@pytest.fixture(scope="module")
def delivered(laptop):
    """A laptop with the dataset, and its first batch in the warehouse."""
    laptop.sluice("check", "tests/python/orders.yaml", "--upload")
    laptop.manifest = laptop.deliver("orders", "2026-01-01", {"a.csv": FIRST}, record_count=3)
    laptop.first = laptop.report("orders", laptop.manifest)
    assert laptop.first["status"] == "succeeded", laptop.first
    return laptop


def rows(laptop, where: str = "") -> list[list]:
    return laptop.query(f"SELECT id, customer, amount FROM analytics.orders {where} ORDER BY id")


def parquet_files(laptop) -> list[tuple[str, bytes]]:
    keys = [key for key in laptop.keys("lake", "orders/") if key.endswith(".parquet")]
    return [(key, laptop.get("lake", key)) for key in keys]


def test_rows_arrive_cleaned_and_typed(delivered):
    assert rows(delivered) == [
        [1, "ann", "10.50"],
        [2, 'o\'neil, "bo"\njr', "99999999999.99"],
        [3, "çağ", None],
    ]
    [[earliest, latest]] = delivered.query("SELECT MIN(sold_on), MAX(sold_on) FROM analytics.orders")
    assert (earliest, latest) == ("2026-01-01", "2026-01-02")


def test_the_report_accounts_for_every_row(delivered):
    report = delivered.first
    assert report["counts"] == {"read": 3, "accepted": 3, "rejected": 0, "filtered": 0, "duplicate": 0}
    assert (report["load"]["staged"], report["load"]["published"], report["load"]["stale"]) == (3, 3, 0)
    assert report["equation"] and all(equality["holds"] for equality in report["equation"])


def test_the_ledger_has_one_row_of_the_run(delivered):
    run = delivered.first["run"]
    [row] = delivered.query(
        f"SELECT rows_read, rows_accepted, rows_published, files, manifest_url FROM sluice.ledger WHERE run = '{run}'"
    )
    assert row == [3, 3, 3, 1, f"s3://{delivered.exports['SLUICE_LANDING_BUCKET']}/{delivered.manifest}"]


def test_parquet_has_the_physical_types_that_copy_wants(delivered):
    files = parquet_files(delivered)
    assert len(files) == 2, "one a day"
    for _, content in files:
        file = parquet.ParquetFile(io.BytesIO(content))
        columns = [file.schema.column(number) for number in range(len(file.schema))]
        physical = {column.name: (column.physical_type, str(column.logical_type)) for column in columns}
        assert physical == {
            "_sluice_batch": ("BYTE_ARRAY", "String"),
            "_sluice_run": ("BYTE_ARRAY", "String"),
            "id": ("INT64", "None"),
            "customer": ("BYTE_ARRAY", "String"),
            "items": ("INT32", "None"),
            "priority": ("INT32", "Int(bitWidth=16, isSigned=true)"),
            "amount": (physical["amount"][0], "Decimal(precision=14, scale=2)"),
            "weight": ("DOUBLE", "None"),
            "paid": ("BOOLEAN", "None"),
            "sold_on": ("INT32", "Date"),
            "changed_at": (
                "INT64",
                "Timestamp(isAdjustedToUTC=false, timeUnit=microseconds, is_from_converted_type=false, "
                "force_set_converted_type=false)",
            ),
        }
        assert physical["amount"][0] in {"INT64", "FIXED_LEN_BYTE_ARRAY"}
        assert all(column.max_definition_level == 1 for column in columns), "every column is optional"
        for group in range(file.num_row_groups):
            row_group = file.metadata.row_group(group)
            assert {row_group.column(number).compression for number in range(len(columns))} == {"SNAPPY"}


def test_pyarrow_and_duckdb_read_what_the_warehouse_has(delivered, tmp_path):
    seen = []
    for number, (_, content) in enumerate(parquet_files(delivered)):
        path = tmp_path / f"{number}.parquet"
        path.write_bytes(content)
        by_arrow = parquet.read_table(path, columns=["id", "customer", "amount"]).to_pylist()
        by_duckdb = duckdb.sql(f"SELECT id, customer, amount FROM read_parquet('{path}')").fetchall()
        assert [tuple(row.values()) for row in by_arrow] == by_duckdb
        seen += by_duckdb
    in_warehouse = [(row[0], row[1], row[2] and Decimal(row[2])) for row in rows(delivered)]
    assert sorted(seen) == in_warehouse


def test_partitions_are_in_the_catalog(delivered):
    glue, run = delivered.client("glue"), delivered.first["run"]
    table = glue.get_table(DatabaseName="lake", Name="orders")["Table"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["dt", "sluice_run"]
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert types["amount"] == "decimal(14,2)"
    assert (types["priority"], types["items"], types["id"]) == ("smallint", "int", "bigint")
    partitions = glue.get_partitions(DatabaseName="lake", TableName="orders")["Partitions"]
    assert sorted(partition["Values"] for partition in partitions) == [["2026-01-01", run], ["2026-01-02", run]]
    bucket = delivered.exports["SLUICE_LAKE_BUCKET"]
    for partition in partitions:
        location = partition["StorageDescriptor"]["Location"]
        assert location == f"s3://{bucket}/orders/dt={partition['Values'][0]}/sluice_run={run}/"
        assert delivered.keys("lake", location.removeprefix(f"s3://{bucket}/"))


def test_awswrangler_reads_lake_catalog_and_warehouse(delivered, monkeypatch):
    for name, value in delivered.exports.items():
        monkeypatch.setenv(name, value)
    frame = wr.s3.read_parquet(f"s3://{delivered.exports['SLUICE_LAKE_BUCKET']}/orders/", dataset=True)
    assert sorted(frame["id"]) == [1, 2, 3]
    assert set(frame["dt"].astype(str)) == {"2026-01-01", "2026-01-02"}
    assert list(wr.catalog.tables(database="lake")["Table"]) == ["orders"]
    assert len(wr.catalog.get_parquet_partitions("lake", "orders")) == 2
    warehouse = wr.data_api.redshift.connect(
        workgroup_name=delivered.exports["SLUICE_WORKGROUP"], database=delivered.exports["SLUICE_DATABASE"]
    )
    frame = wr.data_api.redshift.read_sql_query("SELECT id, customer FROM analytics.orders ORDER BY id", warehouse)
    assert [list(row) for row in frame.itertuples(index=False)] == [row[:2] for row in rows(delivered)]


def test_the_same_event_again_loads_nothing_again(delivered):
    bucket, run = delivered.exports["SLUICE_LANDING_BUCKET"], delivered.first["run"]
    head = delivered.client("s3").head_object(Bucket=bucket, Key=delivered.manifest)
    kept = json.loads(delivered.get("control", f"runs/orders/{run}/manifest.json"))
    event = json.loads((ROOT / "events" / "starter-s3-put.json").read_text())
    event["Records"][0]["s3"]["bucket"] |= {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"}
    event["Records"][0]["s3"]["object"] = {
        "key": delivered.manifest,
        "size": head["ContentLength"],
        "eTag": head["ETag"].strip('"'),
        "sequencer": kept["sequencer"],
    }
    called = delivered.client("lambda").invoke(FunctionName="starter", Payload=json.dumps(event))
    assert "FunctionError" not in called, called["Payload"].read()
    answer = json.load(called["Payload"])
    assert "duplicate" in json.dumps(answer) and run in json.dumps(answer), answer
    assert len(delivered.reports("orders", delivered.manifest)) == 1
    assert len(rows(delivered)) == 3


def test_a_corrected_delivery_replaces_the_batch(delivered):
    other = delivered.deliver("orders", "2026-01-04", {"a.csv": HEADER + "9,Zoe,1,1,9.00,1,true,2026-01-04,NA\n"})
    assert delivered.report("orders", other)["status"] == "succeeded"

    assert delivered.deliver("orders", "2026-01-01", {"a.csv": CORRECTED}) == delivered.manifest
    report = delivered.report("orders", delivered.manifest, count=2)
    assert report["status"] == "succeeded", report
    assert (report["load"]["published"], report["load"]["replaced"]) == (2, 3)
    assert report["load"]["supersedes"] == [delivered.first["run"]]
    assert rows(delivered) == [[1, "ann", "11.50"], [4, "di", "1.00"], [9, "zoe", "9.00"]]
    partitions = delivered.client("glue").get_partitions(DatabaseName="lake", TableName="orders")["Partitions"]
    runs = {partition["Values"][1] for partition in partitions}
    assert report["run"] in runs and delivered.first["run"] not in runs


def test_bad_rows_are_set_apart_and_the_good_ones_load(delivered):
    good = "".join(f"{n},x,1,1,1.00,1,true,2026-01-05,NA\n" for n in range(100, 108))
    text = HEADER + good + "108,x,1,1,abc,1,true,2026-01-05,NA\n" + "NA,x,1,1,1.00,1,true,2026-01-05,NA\n"
    report = delivered.report("orders", delivered.deliver("orders", "2026-01-05", {"a.csv": text}))
    assert report["status"] == "succeeded", report
    assert (report["counts"]["accepted"], report["counts"]["rejected"]) == (8, 2)
    assert len(rows(delivered, "WHERE sold_on = '2026-01-05'")) == 8
    [url] = report["rejects"]
    rejects = [json.loads(line) for line in delivered.get("control", url.split("/", 3)[3]).splitlines()]
    assert [(reject["line"], reject["column"]) for reject in rejects] == [(10, "amount"), (11, "id")]
    for reject in rejects:
        begin, end = reject["byte_offset"], reject["byte_offset"] + reject["byte_length"]
        assert text.encode()[begin:end].decode().rstrip("\n") == reject["text"]


def test_beyond_the_limit_of_rejects_nothing_loads(delivered):
    text = HEADER + "200,x,1,1,abc,1,true,2026-01-06,NA\n201,x,1,1,1.00,1,true,2026-01-06,NA\n"
    report = delivered.report("orders", delivered.deliver("orders", "2026-01-06", {"a.csv": text}))
    assert (report["status"], report["error"]["kind"]) == ("failed", "Data")
    assert rows(delivered, "WHERE sold_on = '2026-01-06'") == []
    assert delivered.query(f"SELECT COUNT(*) FROM sluice.ledger WHERE run = '{report['run']}'") == [[0]]
    notices = delivered.folder / "state" / "notices.jsonl"
    until("a notice of the failure", lambda: notices.exists() and report["run"] in notices.read_text())


@pytest.mark.parametrize(
    ("batch", "manifest", "words"),
    [
        ("missing", '{"entries": [{"url": "s3://landing/orders/missing/a.csv"}]}', ["orders/missing/a.csv"]),
        ("broken", '{"entries": [\n  {"url"}]}', ["line 2"]),
        ("empty", '{"entries": []}', []),
        ("outside", '{"entries": [{"url": "s3://landing/elsewhere/a.csv"}]}', ["elsewhere/a.csv"]),
    ],
)
def test_a_delivery_that_can_never_succeed_is_refused(delivered, batch, manifest, words):
    assert delivered.exports["SLUICE_LANDING_BUCKET"] == "landing"
    key = f"orders/{batch}/_manifest.json"
    delivered.put("landing", key, manifest)

    def look():
        refusals = [
            json.loads(delivered.get("control", found)) for found in delivered.keys("control", "refused/orders/")
        ]
        return [refusal for refusal in refusals if refusal["manifest"] == f"s3://landing/{key}"]

    [refusal] = until(f"a refusal of {key}", look)
    assert refusal["action"]
    for word in words:
        assert word in refusal["message"]
    assert delivered.reports("orders", key) == []


def test_what_arrived_is_there_after_a_restart(delivered):
    before = rows(delivered)
    assert before
    assert delivered.stop() == 0
    delivered.start()
    assert rows(delivered) == before


@pytest.mark.parametrize("document", ["plan.json", "parts/0.json", "copy.manifest"])
def test_after_a_power_cut_the_manifest_sent_again_ends_right(delivered, document):
    batch = "cut-" + document.replace("/", "-")
    day = {"plan.json": "2026-02-01", "parts/0.json": "2026-02-02", "copy.manifest": "2026-02-03"}[document]
    text = HEADER + "".join(f"{n},x,1,1,1.00,1,true,{day},NA\n" for n in range(5))
    before = set(delivered.keys("control", "runs/orders/"))
    manifest = delivered.deliver("orders", batch, {"a.csv": text})
    until(
        f"a new {document}",
        lambda: any(key.endswith(document) for key in set(delivered.keys("control", "runs/orders/")) - before),
    )
    delivered.kill()
    delivered.start()
    assert delivered.deliver("orders", batch, {"a.csv": text}) == manifest
    until(
        f"a run of {manifest} that succeeds",
        lambda: any(report["status"] == "succeeded" for report in delivered.reports("orders", manifest)),
    )
    assert len(rows(delivered, f"WHERE sold_on = '{day}'")) == 5
