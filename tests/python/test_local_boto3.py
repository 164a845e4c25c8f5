"""Local's services as boto3 sees them: the wire shapes, errors included, are those that AWS's own client expects."""

import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import until, value_of


def code(error) -> str:
    """The code of a refused call."""
    return error.value.response["Error"]["Code"]


# ---- S3


@pytest.fixture(scope="module")
def s3(laptop):
    return laptop.client("s3")


@pytest.fixture(scope="module")
def lake(laptop):
    return laptop.exports["SLUICE_LAKE_BUCKET"]


def test_an_object_comes_back_as_it_was_put(s3, lake):
    key, body = "boto/red flower+ü %2B.csv", b"a,b\n1,2\n"
    put = s3.put_object(Bucket=lake, Key=key, Body=body, Metadata={"who": "me"}, ContentType="text/csv")
    got = s3.get_object(Bucket=lake, Key=key)
    assert got["Body"].read() == body
    assert got["ETag"] == put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert (got["ContentLength"], got["ContentType"], got["Metadata"]) == (8, "text/csv", {"who": "me"})
    head = s3.head_object(Bucket=lake, Key=key)
    assert (head["ETag"], head["ContentLength"], head["LastModified"]) == (put["ETag"], 8, got["LastModified"])


def test_a_range_is_part_of_the_bytes(s3, lake):
    s3.put_object(Bucket=lake, Key="boto/range", Body=b"0123456789")
    got = s3.get_object(Bucket=lake, Key="boto/range", Range="bytes=2-4")
    assert (got["Body"].read(), got["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=lake, Key="boto/range", Range="bytes=10-")
    assert code(error) == "InvalidRange"


def test_a_listing_has_sizes_and_etags_and_pages(s3, lake):
    for n in range(5):
        s3.put_object(Bucket=lake, Key=f"boto/list/{n % 2}/{n}", Body=b"x" * n)
    pages = list(
        s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix="boto/list/", PaginationConfig={"PageSize": 2})
    )
    assert [len(page["Contents"]) for page in pages] == [2, 2, 1]
    entries = [entry for page in pages for entry in page["Contents"]]
    assert [entry["Key"] for entry in entries] == [f"boto/list/{key}" for key in ("0/0", "0/2", "0/4", "1/1", "1/3")]
    assert [entry["Size"] for entry in entries] == [0, 2, 4, 1, 3]
    assert [entry["ETag"] for entry in entries] == [f'"{hashlib.md5(b"x" * n).hexdigest()}"' for n in (0, 2, 4, 1, 3)]
    folders = s3.list_objects_v2(Bucket=lake, Prefix="boto/list/", Delimiter="/")
    assert [prefix["Prefix"] for prefix in folders["CommonPrefixes"]] == ["boto/list/0/", "boto/list/1/"]


def test_an_upload_in_parts_becomes_one_object(s3, lake):
    key, parts = "boto/parts", [b"a" * 5 * 1024 * 1024, b"b" * 10]
    upload = s3.create_multipart_upload(Bucket=lake, Key=key)["UploadId"]
    done = []
    for number, body in enumerate(parts, 1):
        part = s3.upload_part(Bucket=lake, Key=key, UploadId=upload, PartNumber=number, Body=body)
        done.append({"PartNumber": number, "ETag": part["ETag"]})
    with pytest.raises(ClientError) as error:
        s3.head_object(Bucket=lake, Key=key)
    assert code(error) == "404", "before it is completed there is no object"
    s3.complete_multipart_upload(Bucket=lake, Key=key, UploadId=upload, MultipartUpload={"Parts": done})
    head = s3.head_object(Bucket=lake, Key=key)
    digests = b"".join(hashlib.md5(body).digest() for body in parts)
    assert head["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    assert s3.get_object(Bucket=lake, Key=key, Range="bytes=5242878-5242881")["Body"].read() == b"aabb"

    upload = s3.create_multipart_upload(Bucket=lake, Key="boto/aborted")["UploadId"]
    s3.abort_multipart_upload(Bucket=lake, Key="boto/aborted", UploadId=upload)
    with pytest.raises(ClientError) as error:
        s3.upload_part(Bucket=lake, Key="boto/aborted", UploadId=upload, PartNumber=1, Body=b"a")
    assert code(error) == "NoSuchUpload"


def test_of_writers_that_create_one_wins(s3, lake):
    def create(n: int) -> str:
        try:
            s3.put_object(Bucket=lake, Key="boto/claim", Body=str(n).encode(), IfNoneMatch="*")
            return str(n)
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(create, range(8)))
    [winner] = [outcome for outcome in ended if outcome.isdigit()]
    assert set(ended) - {winner} <= {"PreconditionFailed", "ConditionalRequestConflict"}
    assert s3.get_object(Bucket=lake, Key="boto/claim")["Body"].read().decode() == winner


def test_a_pinned_read_fails_when_the_object_has_changed(s3, lake):
    etag = s3.put_object(Bucket=lake, Key="boto/pinned", Body=b"one")["ETag"]
    assert s3.get_object(Bucket=lake, Key="boto/pinned", IfMatch=etag)["Body"].read() == b"one"
    s3.put_object(Bucket=lake, Key="boto/pinned", Body=b"two")
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=lake, Key="boto/pinned", IfMatch=etag)
    assert code(error) == "PreconditionFailed"


def test_objects_are_copied_and_deleted(s3, lake):
    s3.put_object(Bucket=lake, Key="boto/from", Body=b"x")
    s3.copy_object(Bucket=lake, Key="boto/to", CopySource={"Bucket": lake, "Key": "boto/from"})
    assert s3.get_object(Bucket=lake, Key="boto/to")["Body"].read() == b"x"
    s3.delete_object(Bucket=lake, Key="boto/from")
    s3.delete_object(Bucket=lake, Key="boto/from")  # what is not there is deleted already
    s3.delete_objects(Bucket=lake, Delete={"Objects": [{"Key": "boto/to"}]})
    for key in ("boto/from", "boto/to"):
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket=lake, Key=key)
        assert code(error) == "NoSuchKey"
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket="elsewhere", Key="a")
    assert code(error) == "NoSuchBucket"


# ---- The Redshift Data API


@pytest.fixture(scope="module")
def data(laptop):
    return laptop.client("redshift-data")


@pytest.fixture(scope="module")
def kinds(laptop):
    """A table with a column of every type, two rows in it: values, and nulls."""
    manifest = laptop.sluice("check", "tests/python/orders.yaml", "--upload") and laptop.deliver(
        "orders",
        "kinds",
        {
            "a.csv": "id,Customer Name,items,priority,amount,weight,paid,sold_on,changed_at\n"
            "1, Ann ,2,3,10.50,0.25,true,2026-01-01,2026-01-01 10:11:12.345678\n"
            "2,NA,NA,NA,NA,NA,NA,2026-01-02,NA\n"
        },
    )
    report = laptop.report("orders", manifest)
    assert report["status"] == "succeeded", report
    return "analytics.orders"


def batch(laptop, data, *sqls: str, **more) -> dict:
    """Submits a batch and waits for its end."""
    return laptop.ended(data.batch_execute_statement(Sqls=list(sqls), **laptop.warehouse, **more)["Id"])


def test_every_type_has_its_kind_of_field(laptop, data, kinds):
    sql = f"SELECT id, customer, items, priority, amount, weight, paid, sold_on, changed_at FROM {kinds} ORDER BY id"
    ended = laptop.ended(data.execute_statement(Sql=sql, **laptop.warehouse)["Id"])
    assert ended["Status"] == "FINISHED", ended
    assert (ended["HasResultSet"], ended["ResultRows"]) == (True, 2)
    result = data.get_statement_result(Id=ended["Id"])
    assert result["TotalNumRows"] == 2
    assert result["Records"][0] == [
        {"longValue": 1},
        {"stringValue": "ann"},
        {"longValue": 2},
        {"longValue": 3},
        {"stringValue": "10.50"},
        {"doubleValue": 0.25},
        {"booleanValue": True},
        {"stringValue": "2026-01-01"},
        {"stringValue": "2026-01-01 10:11:12.345678"},
    ]
    assert result["Records"][1] == [
        {"longValue": 2},
        *[{"isNull": True}] * 6,
        {"stringValue": "2026-01-02"},
        {"isNull": True},
    ]
    columns = {column["name"]: column["typeName"] for column in result["ColumnMetadata"]}
    assert columns == {
        "id": "int8",
        "customer": "varchar",
        "items": "int4",
        "priority": "int2",
        "amount": "numeric",
        "weight": "float8",
        "paid": "bool",
        "sold_on": "date",
        "changed_at": "timestamp",
    }
    amount = next(column for column in result["ColumnMetadata"] if column["name"] == "amount")
    assert (amount["precision"], amount["scale"]) == (14, 2)


def test_exact_numbers_stay_exact(laptop, kinds):
    [[total]] = laptop.query(f"SELECT SUM(amount) FROM {kinds}")
    assert Decimal(total) == Decimal("10.50")


def test_a_batch_has_a_result_for_each_statement(laptop, data, kinds):
    ended = batch(
        laptop, data, f"SELECT id FROM {kinds} ORDER BY id", f"SELECT COUNT(*) FROM {kinds}", StatementName="boto batch"
    )
    assert ended["Status"] == "FINISHED", ended
    assert [part["Id"] for part in ended["SubStatements"]] == [f"{ended['Id']}:1", f"{ended['Id']}:2"]
    assert [part["Status"] for part in ended["SubStatements"]] == ["FINISHED", "FINISHED"]
    assert [part["ResultRows"] for part in ended["SubStatements"]] == [2, 1]
    second = data.get_statement_result(Id=f"{ended['Id']}:2")
    assert second["Records"] == [[{"longValue": 2}]]
    assert ended["Duration"] >= 0 and ended["CreatedAt"] <= ended["UpdatedAt"]


def test_a_failed_statement_undoes_its_batch(laptop, data, kinds):
    ended = batch(laptop, data, f"DELETE FROM {kinds} WHERE \"_sluice_run\" <> ''", "SELECT 1 FROM nowhere.nothing")
    assert ended["Status"] == "FAILED"
    assert "nothing" in ended["Error"] and "does not exist" in ended["Error"], ended["Error"]
    assert [part["Status"] for part in ended["SubStatements"]] == ["FINISHED", "FAILED"]
    assert laptop.query(f"SELECT COUNT(*) FROM {kinds}") == [[2]]


@pytest.mark.parametrize("sql", ["SELEC 1", "GRANT ALL ON SCHEMA analytics TO PUBLIC", "VACUUM analytics.orders"])
def test_sql_that_is_not_known_fails_and_says_so(laptop, data, sql):
    ended = laptop.ended(data.execute_statement(Sql=sql, **laptop.warehouse)["Id"])
    assert ended["Status"] == "FAILED"
    assert ended["Error"].startswith("ERROR: "), ended["Error"]


def test_the_same_token_is_the_same_statement(laptop, data, kinds):
    token = str(uuid.uuid4())
    first = data.batch_execute_statement(Sqls=[f"SELECT COUNT(*) FROM {kinds}"], ClientToken=token, **laptop.warehouse)
    again = data.batch_execute_statement(Sqls=[f"SELECT COUNT(*) FROM {kinds}"], ClientToken=token, **laptop.warehouse)
    other = data.batch_execute_statement(Sqls=[f"SELECT COUNT(*) FROM {kinds}"], **laptop.warehouse)
    assert first["Id"] == again["Id"] != other["Id"]


@pytest.mark.parametrize(
    "asked",
    [
        {"Sqls": ["SELECT 1"] * 41},
        {"Sqls": []},
        {"Sqls": ["SELECT 1"], "ClientToken": "x" * 65},
        {"Sqls": ["SELECT 1"], "ClusterIdentifier": "both"},
    ],
    ids=["41 statements", "none", "a long token", "two warehouses"],
)
def test_a_batch_that_cannot_be_is_refused(laptop, asked):
    # boto3 would refuse some of these by itself.
    data = laptop.session.client(
        "redshift-data",
        endpoint_url=laptop.exports["AWS_ENDPOINT_URL"],
        config=Config(parameter_validation=False),
    )
    with pytest.raises(ClientError) as error:
        data.batch_execute_statement(**laptop.warehouse, **asked)
    assert code(error) == "ValidationException"


def test_what_is_unknown_is_refused(laptop, data):
    nobody = str(uuid.uuid4())
    for call in (data.describe_statement, data.get_statement_result, data.cancel_statement):
        with pytest.raises(ClientError) as error:
            call(Id=nobody)
        assert code(error) in {"ResourceNotFoundException", "ValidationException"}
    with pytest.raises(ClientError) as error:
        data.describe_statement(Id="no id")
    assert code(error) == "ValidationException"
    with pytest.raises(ClientError) as error:
        data.execute_statement(Sql="SELECT 1", WorkgroupName="elsewhere", Database="dev")
    assert code(error) in {"ResourceNotFoundException", "ValidationException"}


def test_a_statement_without_rows_has_no_result(laptop, data, kinds):
    ended = laptop.ended(
        data.execute_statement(Sql=f"DELETE FROM {kinds} WHERE \"_sluice_run\" = 'nobody'", **laptop.warehouse)["Id"]
    )
    assert (ended["Status"], ended["HasResultSet"]) == ("FINISHED", False)
    with pytest.raises(ClientError) as error:
        data.get_statement_result(Id=ended["Id"])
    assert code(error) == "ResourceNotFoundException"


def test_an_ended_statement_is_not_cancelled(laptop, data, kinds):
    ended = laptop.ended(data.execute_statement(Sql=f"SELECT COUNT(*) FROM {kinds}", **laptop.warehouse)["Id"])
    with pytest.raises(ClientError) as error:
        data.cancel_statement(Id=ended["Id"])
    assert code(error) == "ValidationException"


def test_statements_are_found_by_name(laptop, data, kinds):
    name = f"boto-{uuid.uuid4()}"
    ids = set()
    for n in range(3):
        asked = data.execute_statement(
            Sql=f"SELECT COUNT(*) FROM {kinds}", StatementName=f"{name}-{n}", **laptop.warehouse
        )
        ids.add(laptop.ended(asked["Id"])["Id"])
    pages = data.get_paginator("list_statements").paginate(
        StatementName=name, Status="ALL", PaginationConfig={"PageSize": 2}
    )
    found = [entry for page in pages for entry in page["Statements"]]
    assert {entry["Id"] for entry in found} == ids
    assert {entry["StatementName"] for entry in found} == {f"{name}-{n}" for n in range(3)}


def test_a_long_result_comes_in_pages(laptop, data, kinds):
    names = f"SELECT a.id FROM {kinds} a CROSS JOIN {kinds} b CROSS JOIN {kinds} c ORDER BY a.id"
    ended = laptop.ended(data.execute_statement(Sql=names, **laptop.warehouse)["Id"])
    pages = list(data.get_paginator("get_statement_result").paginate(Id=ended["Id"]))
    values = [value_of(field) for page in pages for record in page["Records"] for field in record]
    assert values == [1] * 4 + [2] * 4
    assert {page["TotalNumRows"] for page in pages} == {8}


# ---- Glue


@pytest.fixture(scope="module")
def glue(laptop):
    return laptop.client("glue")


def descriptor(location: str) -> dict:
    return {
        "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "amount", "Type": "decimal(14,2)"}],
        "Location": location,
        "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
        "Parameters": {"classification": "parquet"},
    }


def table_input(name: str, **more) -> dict:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "dt", "Type": "string"}],
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
        "StorageDescriptor": descriptor(f"s3://lake/{name}/"),
        **more,
    }


@pytest.fixture(scope="module")
def database(glue):
    glue.create_database(DatabaseInput={"Name": "boto"})
    return "boto"


def test_a_database_is_there_once(glue, database):
    assert glue.get_database(Name=database)["Database"]["Name"] == database
    with pytest.raises(ClientError) as error:
        glue.create_database(DatabaseInput={"Name": database})
    assert code(error) == "AlreadyExistsException"
    with pytest.raises(ClientError) as error:
        glue.get_table(DatabaseName="elsewhere", Name="t")
    assert code(error) == "EntityNotFoundException"


def test_a_table_is_replaced_as_a_whole(glue, database):
    glue.create_table(DatabaseName=database, TableInput=table_input("replaced", Description="first"))
    first = glue.get_table(DatabaseName=database, Name="replaced")["Table"]
    assert first["StorageDescriptor"]["Columns"] == descriptor("")["Columns"]
    assert (first["Description"], first["DatabaseName"]) == ("first", database)
    glue.update_table(DatabaseName=database, TableInput=table_input("replaced"), VersionId=first["VersionId"])
    second = glue.get_table(DatabaseName=database, Name="replaced")["Table"]
    assert "Description" not in second, "UpdateTable replaces; it does not merge"
    assert second["VersionId"] != first["VersionId"]
    with pytest.raises(ClientError) as error:
        glue.update_table(DatabaseName=database, TableInput=table_input("replaced"), VersionId=first["VersionId"])
    assert code(error) == "ConcurrentModificationException"
    with pytest.raises(ClientError) as error:
        glue.create_table(DatabaseName=database, TableInput=table_input("replaced"))
    assert code(error) == "AlreadyExistsException"


def test_partitions_fail_one_by_one(glue, database):
    glue.create_table(DatabaseName=database, TableInput=table_input("partitioned"))

    def partition(day: str) -> dict:
        return {"Values": [day], "StorageDescriptor": descriptor(f"s3://lake/partitioned/dt={day}/")}

    table = {"DatabaseName": database, "TableName": "partitioned"}
    made = glue.batch_create_partition(**table, PartitionInputList=[partition("2026-01-01"), partition("2026-01-02")])
    assert made.get("Errors", []) == []
    made = glue.batch_create_partition(**table, PartitionInputList=[partition("2026-01-02"), partition("2026-01-03")])
    [error] = made["Errors"]
    assert error["PartitionValues"] == ["2026-01-02"]
    assert error["ErrorDetail"]["ErrorCode"] == "AlreadyExistsException"
    there = glue.get_partitions(**table)["Partitions"]
    assert sorted(entry["Values"] for entry in there) == [["2026-01-01"], ["2026-01-02"], ["2026-01-03"]]
    assert all(entry["StorageDescriptor"]["SerdeInfo"] for entry in there)
    gone = glue.batch_delete_partition(
        **table, PartitionsToDelete=[{"Values": ["2026-01-01"]}, {"Values": ["1999-01-01"]}]
    )
    [error] = gone["Errors"]
    assert error["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert sorted(entry["Values"] for entry in glue.get_partitions(**table)["Partitions"]) == [
        ["2026-01-02"],
        ["2026-01-03"],
    ]
    with pytest.raises(ClientError) as error:
        glue.batch_create_partition(**table, PartitionInputList=[partition(f"day {n}") for n in range(101)])
    assert code(error) in {"ValidationException", "InvalidInputException"}


# ---- Step Functions, EventBridge, SNS, Lambda


def test_an_execution_is_started_once(laptop):
    flow, machine = laptop.client("stepfunctions"), laptop.exports["SLUICE_STATE_MACHINE"]
    run = "orders-" + uuid.uuid4().hex
    start = {
        "stateMachineArn": machine,
        "name": f"{run}-1",
        "input": json.dumps({"dataset": "orders", "run": run, "items": [0], "infer": False}),
    }
    # While its first read is slow, the execution is under way.
    laptop.faults([{"service": "S3", "operation": "GetObject", "fault": {"slow": {"milliseconds": 1000}}}])
    try:
        first = flow.start_execution(**start)
        again = flow.start_execution(**start)
        assert again["executionArn"] == first["executionArn"]
        with pytest.raises(ClientError) as error:
            flow.start_execution(**start | {"input": json.dumps({"dataset": "orders", "run": run, "items": [0, 1], "infer": False})})
        assert code(error) == "ExecutionAlreadyExists"
    finally:
        laptop.faults([])

    def look():
        described = flow.describe_execution(executionArn=first["executionArn"])
        return described if described["status"] != "RUNNING" else None

    ended = until("the end of the execution", look)
    assert (ended["name"], ended["status"], ended["input"]) == (f"{run}-1", "FAILED", start["input"])
    assert ended["error"] == "Bug", "there is no plan of this run"
    with pytest.raises(ClientError) as error:
        flow.start_execution(**start)
    assert code(error) == "ExecutionAlreadyExists", "a name is taken after its execution has ended"


def test_executions_that_cannot_be_are_refused(laptop):
    flow, machine = laptop.client("stepfunctions"), laptop.exports["SLUICE_STATE_MACHINE"]
    for asked, refused in [
        ({"name": "a b"}, "InvalidName"),
        ({"name": "a", "input": "{"}, "InvalidExecutionInput"),
        ({"name": "a", "stateMachineArn": machine + "x"}, "StateMachineDoesNotExist"),
    ]:
        with pytest.raises(ClientError) as error:
            flow.start_execution(**{"stateMachineArn": machine, **asked})
        assert code(error) == refused
    with pytest.raises(ClientError) as error:
        flow.describe_execution(executionArn=machine.replace(":stateMachine:", ":execution:") + ":nobody")
    assert code(error) == "ExecutionDoesNotExist"


def test_a_secret_has_versions(laptop):
    secrets, name = laptop.client("secretsmanager"), f"boto/{uuid.uuid4()}"
    created = secrets.create_secret(Name=name, SecretString="first")
    put = secrets.put_secret_value(SecretId=created["ARN"], SecretBinary=b"\x00second")
    assert put["VersionStages"] == ["AWSCURRENT"]
    current = secrets.get_secret_value(SecretId=name)
    assert (current["SecretBinary"], current["VersionId"]) == (b"\x00second", put["VersionId"])
    previous = secrets.get_secret_value(SecretId=name, VersionId=created["VersionId"])
    assert (previous["SecretString"], previous["VersionStages"]) == ("first", ["AWSPREVIOUS"])
    described = secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert described == {created["VersionId"]: ["AWSPREVIOUS"], put["VersionId"]: ["AWSCURRENT"]}
    with pytest.raises(ClientError) as error:
        secrets.get_secret_value(SecretId=name, VersionId=str(uuid.uuid4()))
    assert code(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        secrets.create_secret(Name=name, SecretString="again")
    assert code(error) == "ResourceExistsException"
    with pytest.raises(ClientError) as error:
        secrets.delete_secret(SecretId=name)
    assert code(error) == "UnknownOperationException"


def test_an_event_that_a_rule_matches_reaches_the_topic(laptop):
    run = f"orders-{uuid.uuid4().hex}"
    events = laptop.client("events")
    put = events.put_events(
        Entries=[
            {"Source": "sluice", "DetailType": "Sluice Run Failed", "Detail": json.dumps({"run": run})},
            {"Source": "sluice", "DetailType": "Sluice Run Failed", "Detail": "{"},
        ]
    )
    assert put["FailedEntryCount"] == 1
    assert put["Entries"][0]["EventId"]
    assert put["Entries"][1]["ErrorCode"] == "MalformedDetail"
    notices = (laptop.folder / "state" / "notices.jsonl").read_text().splitlines()
    [notice] = [json.loads(json.loads(line)["message"]) for line in notices if run in line]
    assert (notice["source"], notice["detail-type"], notice["detail"]) == ("sluice", "Sluice Run Failed", {"run": run})


def test_a_message_is_published(laptop):
    topic = (
        laptop.exports["SLUICE_STATE_MACHINE"].replace(":states:", ":sns:").split(":stateMachine:")[0]
        + ":sluice-alerts"
    )
    sent = laptop.client("sns").publish(TopicArn=topic, Subject="hello", Message="a & b\nü")
    notices = [json.loads(line) for line in (laptop.folder / "state" / "notices.jsonl").read_text().splitlines()]
    [notice] = [notice for notice in notices if notice["id"] == sent["MessageId"]]
    assert (notice["subject"], notice["message"]) == ("hello", "a & b\nü")
    with pytest.raises(ClientError) as error:
        laptop.client("sns").publish(TopicArn=topic + "-elsewhere", Message="a")
    assert code(error) in {"NotFound", "NotFoundException"}


def test_a_function_is_called_by_name_and_by_arn(laptop):
    functions = laptop.client("lambda")
    arn = (
        laptop.exports["SLUICE_STATE_MACHINE"].replace(":states:", ":lambda:").split(":stateMachine:")[0]
        + ":function:catalog"
    )
    for name in ("catalog", arn):
        called = functions.invoke(FunctionName=name, Payload=json.dumps({"run": "orders-" + "0" * 32, "n": 1}))
        assert (called["StatusCode"], called["FunctionError"]) == (200, "Unhandled")
        failure = json.load(called["Payload"])
        assert failure["errorType"] == "Bug"
        assert failure["errorMessage"].startswith("cannot read s3://"), failure
    with pytest.raises(ClientError) as error:
        functions.invoke(FunctionName="nobody", Payload="{}")
    assert code(error) == "ResourceNotFoundException"
