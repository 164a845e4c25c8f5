"""infra/flow.asl.json in somebody else's interpreter: moto runs the states, local's functions do the work.

The same deliveries are run twice: one batch by local's own interpreter, one by moto's. What they leave behind must be
the same.
"""

import json
import re

import boto3
import pytest
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

from conftest import ROOT, until

HEADER = "id,Customer Name,items,priority,amount,weight,paid,sold_on,changed_at\n"
GOOD = HEADER + "{n}1,Ann,2,3,10.50,0.25,true,2026-01-01,NA\n{n}2,Bo,1,1,1.00,1,false,2026-01-02,NA\n"
BAD = HEADER + "{n}1,Ann,2,3,abc,0.25,true,2026-01-01,NA\n{n}2,Bo,1,1,x,1,false,2026-01-02,NA\n"

# What differs from run to run and from clock to clock.
OWN = {"run", "batch", "manifest", "rejects", "started_at", "ended_at", "seconds", "published_at"}


@pytest.fixture(scope="module", autouse=True)
def dataset(laptop):
    laptop.sluice("check", "tests/python/orders.yaml", "--upload")


def planned(laptop, batch: str, text: str) -> str:
    """Delivers a batch while no execution can be started: the starter plans it and gives up. Returns the run."""
    laptop.faults([{"service": "AWSStepFunctions", "operation": "StartExecution", "fault": "error"}])
    try:
        manifest = laptop.deliver("orders", batch, {"a.csv": text})

        def look():
            for key in laptop.keys("control", "runs/orders/"):
                if key.endswith("/manifest.json") and manifest in laptop.get("control", key).decode():
                    return key.split("/")[2]

        run = until(f"the plan of {manifest}", look)
        given_up = laptop.folder / "state" / "undelivered.jsonl"
        until(f"the end of the starter's tries on {manifest}", lambda: manifest in given_up.read_text())
    finally:
        laptop.faults([])
    return run


def definition(laptop) -> str:
    """The flow with local's functions in it, and with delays of a second instead of a minute."""
    text = (ROOT / "infra" / "flow.asl.json").read_text()
    arns = laptop.exports["SLUICE_STATE_MACHINE"].replace(":states:", ":lambda:").split(":stateMachine:")[0]
    text = re.sub(r"\$\{(\w+)FunctionArn\}", lambda name: f"{arns}:function:{name[1].lower()}", text)
    return re.sub(r'"IntervalSeconds": \d+', '"IntervalSeconds": 1', text)


def run_by_moto(laptop, monkeypatch, run: str) -> dict:
    """Runs an execution of the flow in moto; returns its description."""
    functions = laptop.client("lambda")
    monkeypatch.setattr(lambda_eval_utils, "boto_client_for", lambda service, **_: {"lambda": functions}[service])
    config = {
        "stepfunctions": {"execute_state_machine": True},
        "core": {"passthrough": {"urls": [laptop.exports["AWS_ENDPOINT_URL"] + "/.*"]}},
    }
    with mock_aws(config=config):
        flow = boto3.client("stepfunctions", region_name="us-east-1")
        role = "arn:aws:iam::123456789012:role/flow"
        machine = flow.create_state_machine(name="flow", definition=definition(laptop), roleArn=role)["stateMachineArn"]
        started = flow.start_execution(
            stateMachineArn=machine,
            name=f"{run}-1",
            input=json.dumps({"dataset": "orders", "run": run, "items": [0], "infer": False}),
        )

        def look():
            described = flow.describe_execution(executionArn=started["executionArn"])
            return described if described["status"] != "RUNNING" else None

        return until(f"the end of {run}-1 in moto", look)


def told(value):
    """A report without what is its own."""
    if isinstance(value, dict):
        return {name: told(member) for name, member in value.items() if name not in OWN}
    return [told(member) for member in value] if isinstance(value, list) else value


def ledger(laptop, run: str) -> list[list]:
    return laptop.query(
        "SELECT dataset, target, mode, files, rows_read, rows_accepted, rows_rejected, rows_staged, rows_published "
        f"FROM sluice.ledger WHERE run = '{run}'"
    )


def test_a_run_by_moto_ends_as_one_by_local(laptop, monkeypatch):
    by_local = laptop.report("orders", laptop.deliver("orders", "local-good", {"a.csv": GOOD.format(n=1)}))
    run = planned(laptop, "moto-good", GOOD.format(n=2))
    described = run_by_moto(laptop, monkeypatch, run)
    assert described["status"] == "SUCCEEDED", described
    by_moto = laptop.report("orders", "orders/moto-good/_manifest.json")
    assert by_moto["status"] == "succeeded"
    assert told(by_moto) == told(by_local)
    assert ledger(laptop, run) == ledger(laptop, by_local["run"]) != []
    assert laptop.query("SELECT id FROM analytics.orders ORDER BY id") == [[11], [12], [21], [22]]
    partitions = laptop.client("glue").get_partitions(DatabaseName="lake", TableName="orders")["Partitions"]
    assert {partition["Values"][1] for partition in partitions} == {run, by_local["run"]}


def test_a_run_that_fails_by_moto_fails_as_by_local(laptop, monkeypatch):
    by_local = laptop.report("orders", laptop.deliver("orders", "local-bad", {"a.csv": BAD.format(n=3)}))
    run = planned(laptop, "moto-bad", BAD.format(n=4))
    described = run_by_moto(laptop, monkeypatch, run)
    assert (described["status"], described["error"]) == ("FAILED", "Data"), described
    by_moto = laptop.report("orders", "orders/moto-bad/_manifest.json")
    assert by_moto["status"] == "failed"
    same = [json.loads(json.dumps(told(report)).replace(report["run"], "RUN")) for report in (by_moto, by_local)]
    for report in same:
        report["error"].pop("message")  # it names the file
    assert same[0] == same[1]
    assert ledger(laptop, run) == ledger(laptop, by_local["run"]) == []
