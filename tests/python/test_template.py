"""infra/template.yaml and infra/flow.asl.json, held against each other and against the source of the functions."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import boto3
import pytest
from botocore import xform_name
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
FUNCTIONS = ["starter", "transform", "loader", "catalog", "reporter"]
BUCKETS = {"LandingBucket", "LakeBucket", "ControlBucket"}

MASK_KEY = (ROOT / "crates/aws/src/mask_key.rs").read_text().split("#[cfg(test)]")[0]

TEMPLATE = yaml_parse((INFRA / "template.yaml").read_text())
FLOW = json.loads((INFRA / "flow.asl.json").read_text())


def logical(name: str, kind: str = "Function") -> str:
    return name.capitalize() + kind


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def named(function: str) -> str:
    """The source of a function without its tests."""
    files = sorted((ROOT / "crates" / function / "src").glob("**/*.rs"))
    texts = [path.read_text() for path in files if not path.stem.endswith("tests")]
    return "\n".join(text.split("#[cfg(test)]")[0] for text in texts)


@pytest.fixture(scope="module")
def resources() -> dict:
    """What SAM makes of the template, as it would be deployed."""
    template = yaml_parse((INFRA / "template.yaml").read_text())
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        # The translator takes only what `sam package` has uploaded.
        if "CodeUri" in properties:
            properties["CodeUri"] = "s3://artifacts/function.zip"
        if "DefinitionUri" in properties:
            properties["DefinitionUri"] = "s3://artifacts/flow.asl.json"
    session = boto3.Session(region_name="us-east-1")
    return Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=session).translate(template, {})[
        "Resources"
    ]


def of_type(resources: dict, kind: str) -> dict:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def test_cfn_lint_has_nothing_to_say():
    lint = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--regions", "us-east-1", "--", "template.yaml"],
        cwd=INFRA,
        capture_output=True,
        text=True,
    )
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


# ---- Functions


def test_five_functions_run_on_arm64_and_log_json(resources):
    functions = of_type(resources, "AWS::Lambda::Function")
    assert set(functions) == {logical(name) for name in FUNCTIONS}
    for properties in functions.values():
        assert properties["Runtime"] == "provided.al2023"
        assert properties["Architectures"] == ["arm64"]
        assert properties["LoggingConfig"]["LogFormat"] == "JSON"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_built_from_the_crate_of_its_name(name):
    function = TEMPLATE["Resources"][logical(name)]
    assert function["Metadata"] == {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": name}}
    root = (INFRA / function["Properties"]["CodeUri"]).resolve()
    assert "workspace" in tomllib.loads((root / "Cargo.toml").read_text())
    assert tomllib.loads((root / "crates" / name / "Cargo.toml").read_text())["package"]["name"] == name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_given_the_settings_that_it_reads(name):
    given = set(TEMPLATE["Resources"][logical(name)]["Properties"]["Environment"]["Variables"])
    read = named(name)
    if "MaskKeySource::read" in read:
        read += MASK_KEY
    # A key in a function's environment is seen by all who may look at the function: here it is a secret.
    assert given == set(re.findall(r'"(SLUICE_\w+)"', read)) - {"SLUICE_MASK_KEY"}


def test_what_is_called_without_waiting_has_somewhere_to_fail_to(resources):
    configs = of_type(resources, "AWS::Lambda::EventInvokeConfig")
    assert {config["FunctionName"]["Ref"] for config in configs.values()} == {
        "StarterFunction",
        "LoaderFunction",
        "ReporterFunction",
    }
    for config in configs.values():
        assert config["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["Undelivered", "Arn"]}


# ---- Rights


def statements(resources: dict) -> list[tuple[str, dict]]:
    """Every Allow and Deny of every policy, with the resource that holds it; both branches of an Fn::If."""
    found = []

    def walk(owner, value):
        if isinstance(value, list):
            for entry in value:
                walk(owner, entry)
        elif isinstance(value, dict) and "Effect" in value:
            found.append((owner, value))
        elif isinstance(value, dict):
            for entry in value.values():
                walk(owner, entry)

    for owner, resource in resources.items():
        walk(owner, resource.get("Properties", {}))
    return found


def actions(statement: dict) -> list[str]:
    """Every action of a statement; both branches of an Fn::If."""
    found = []
    for action in as_list(statement["Action"]):
        found += [action] if isinstance(action, str) else action["Fn::If"][1:]
    return found


def test_no_right_is_given_by_a_star(resources):
    for owner, statement in statements(resources):
        if statement["Effect"] != "Allow" or (owner, statement.get("Sid")) == ("AlertsKey", "AccountAdministers"):
            continue
        assert not [action for action in actions(statement) if "*" in action], (owner, statement)
        assert statement.get("Principal") != "*", (owner, statement)


def test_a_right_on_everything_is_one_that_knows_no_resources(resources):
    wide = {
        (owner, statement.get("Sid"))
        for owner, statement in statements(resources)
        if statement["Effect"] == "Allow" and "*" in as_list(statement.get("Resource"))
    }
    assert wide == {
        ("FlowRole", "DeliverLogs"),
        ("LoaderRole", "FollowOwnStatements"),
        # The policy of a key speaks of that key.
        ("AlertsKey", "AccountAdministers"),
        ("AlertsKey", "ServicesPublish"),
    }


def test_statements_are_followed_by_their_owner_alone(resources):
    [follow] = [statement for _, statement in statements(resources) if statement.get("Sid") == "FollowOwnStatements"]
    assert follow["Condition"] == {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}


def test_copy_may_read_the_lake_and_the_manifest_that_names_its_files(resources):
    layout = (ROOT / "crates/model/src/layout.rs").read_text()
    folder = re.search(r'fn group_folder\(.*?format!\("(\w+)/', layout, re.S)[1]
    [read] = [statement for _, statement in statements(resources) if statement.get("Sid") == "ReadParquetAndManifests"]
    assert [re.search(r"-(lake|control)-.*?(/.*)$", target["Fn::Sub"]).groups() for target in read["Resource"]] == [
        ("lake", "/*"),
        ("control", f"/{folder}/*"),
    ]


def test_objects_are_written_under_a_prefix_and_nowhere_else(resources):
    for owner, statement in statements(resources):
        if statement["Effect"] == "Deny" or not {"s3:PutObject", "s3:DeleteObject"} & set(actions(statement)):
            continue
        for target in as_list(statement["Resource"]):
            assert "-landing-" not in target["Fn::Sub"], f"{owner} writes where producers write"
            assert re.search(r"-lake-.*/\*$|-control-.*/[a-z]+/\*$", target["Fn::Sub"]), owner


# The crates of the SDK, with the service's name in boto3 and in rights.
SERVICES = {
    "aws-sdk-s3": ("s3", "s3"),
    "aws-sdk-glue": ("glue", "glue"),
    "aws-sdk-redshiftdata": ("redshift-data", "redshift-data"),
    "aws-sdk-sfn": ("stepfunctions", "states"),
    "aws-sdk-eventbridge": ("events", "events"),
    "aws-sdk-secretsmanager": ("secretsmanager", "secretsmanager"),
}
# S3 asks for rights by other names than its calls have.
S3_RIGHTS = {
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}


def rights_of_calls(text: str, crates: list[str]) -> set[str]:
    """The rights that the SDK calls in a text need."""
    methods = set(re.findall(r"\.\s*(\w+)\(\)", text))
    needed = set()
    for crate in set(crates) & set(SERVICES):
        service, prefix = SERVICES[crate]
        model = boto3.Session(region_name="us-east-1").client(service).meta.service_model
        for operation in model.operation_names:
            if xform_name(operation) in methods:
                needed.add(f"{prefix}:{S3_RIGHTS.get(operation, operation) if service == 's3' else operation}")
    return needed


def rights_of_objects(text: str) -> set[str]:
    """The rights that a text needs for what it calls of `aws::object`, whose functions call each other."""
    source = (ROOT / "crates/aws/src/object.rs").read_text().split("#[cfg(test)]")[0]
    bodies = dict(re.findall(r"^pub (?:async )?fn (\w+)(.*?)^}", source, re.S | re.M))
    used, rest = set(), re.findall(r"object::(\w+)(?:::<[^>]*>)?\(", text)
    while rest:
        name = rest.pop()
        if name in bodies and name not in used:
            used.add(name)
            rest += [other for other in bodies if re.search(rf"\b{other}\(", bodies[name])]
    return rights_of_calls("".join(bodies[name] for name in used), ["aws-sdk-s3"])


def rights_of_mask_key(text: str) -> set[str]:
    """The rights that a text needs for what it calls of `aws::mask_key`."""
    bodies = dict(re.findall(r"^pub (?:async )?fn (\w+)(.*?)^}", MASK_KEY, re.S | re.M))
    used = set(re.findall(r"mask_key::(\w+)\(", text))
    return rights_of_calls("".join(bodies[name] for name in used), ["aws-sdk-secretsmanager"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_allows_what_its_function_calls_and_nothing_else(name, resources):
    text = named(name)
    crates = tomllib.loads((ROOT / "crates" / name / "Cargo.toml").read_text())["dependencies"]
    needed = rights_of_calls(text, list(crates)) | rights_of_objects(text) | rights_of_mask_key(text)
    assert needed, "no call was found: the test looks in the wrong place"
    needed |= {"logs:CreateLogStream", "logs:PutLogEvents"}
    if "s3:GetObject" in needed:
        needed.add("s3:ListBucket")  # or S3 hides that an object is not there
    role = resources[logical(name, "Role")]
    allowed = {action for _, statement in statements({name: role}) for action in actions(statement)}
    allowed -= {"sts:AssumeRole"}
    if "-landing-" in json.dumps(role):
        needed.add("s3:GetObjectVersion")  # the landing bucket keeps versions, and pins name them
    if "redshift-data:BatchExecuteStatement" in needed:
        needed |= {
            "redshift-serverless:GetCredentials",
            "redshift:GetClusterCredentials",
            "redshift:GetClusterCredentialsWithIAM",
        }
    if "EventInvokeConfig" in TEMPLATE["Resources"][logical(name)]["Properties"]:
        needed.add("sqs:SendMessage")
    assert allowed == needed


# ---- Buckets


def test_buckets_are_encrypted_private_and_tidied(resources):
    buckets = of_type(resources, "AWS::S3::Bucket")
    assert set(buckets) == BUCKETS
    for name, bucket in buckets.items():
        assert resources[name]["DeletionPolicy"] == resources[name]["UpdateReplacePolicy"] == "Retain"
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        uploads = [
            rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "AbortIncompleteMultipartUpload" in rule
        ]
        assert uploads[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    kept = {name for name, bucket in buckets.items() if "VersioningConfiguration" in bucket}
    assert kept == {"LandingBucket", "ControlBucket"}


def test_buckets_topic_and_queue_take_tls_only(resources):
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    denied = {
        owner
        for owner, statement in statements(resources)
        if statement["Effect"] == "Deny" and statement["Principal"] == "*" and statement["Condition"] == insecure
    }
    assert denied == {"LandingPolicy", "LakePolicy", "ControlPolicy", "AlertsPolicy", "UndeliveredPolicy"}


def test_three_notifications_call_the_starter(resources):
    notifications = of_type(resources, "AWS::S3::Bucket")["LandingBucket"]["NotificationConfiguration"]
    assert set(notifications) == {"LambdaConfigurations"}
    suffixes = set()
    for notification in notifications["LambdaConfigurations"]:
        assert notification["Event"] == "s3:ObjectCreated:*", "an upload in parts is not a Put"
        assert notification["Function"] == {"Fn::GetAtt": ["StarterFunction", "Arn"]}
        [rule] = notification["Filter"]["S3Key"]["Rules"]
        assert rule["Name"] == "suffix"
        suffixes.add(rule["Value"])
    known = re.search(r"SUFFIXES: &\[&str\] = &\[(.*?)\]", (ROOT / "crates/model/src/arrival.rs").read_text())[1]
    assert suffixes == set(json.loads(f"[{known}]"))
    for suffix in suffixes:
        others = suffixes - {suffix}
        assert not [other for other in others if other.endswith(suffix)], "S3 refuses suffixes that overlap"


# ---- The flow


def states(flow: dict) -> dict[str, dict]:
    """All states, those inside a Map too."""
    found = {}
    for name, state in flow["States"].items():
        found[name] = state
        if "ItemProcessor" in state:
            found |= states(state["ItemProcessor"])
    return found


def tasks() -> dict[str, dict]:
    return {name: state for name, state in states(FLOW).items() if state["Type"] == "Task"}


def test_every_state_says_what_it_is_for():
    assert [name for name, state in states(FLOW).items() if not state.get("Comment")] == []


def test_the_flow_is_given_every_function_that_it_calls():
    asked = set(re.findall(r"\$\{(\w+)\}", json.dumps(FLOW)))
    given = TEMPLATE["Resources"]["Flow"]["Properties"]["DefinitionSubstitutions"]
    assert set(given) == asked
    for name, value in given.items():
        assert value == {"Fn::GetAtt": [name.removesuffix("Arn"), "Arn"]}


def test_of_the_errors_of_functions_the_flow_retries_transient_alone():
    kinds = set(re.findall(r'Self::\w+ => "(\w+)"', (ROOT / "crates/model/src/error.rs").read_text()))
    assert kinds == {"Transient", "Data", "Config", "Bug"}
    lambdas = {
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "Sandbox.Timedout",
        "States.Timeout",
    }
    for name, task in tasks().items():
        retried = [error for retry in task["Retry"] for error in retry["ErrorEquals"]]
        assert len(retried) == len(set(retried)), name
        assert set(retried) == {"Transient"} | lambdas, name


def test_every_failure_is_caught_and_ends_in_a_report():
    inside_map = set(states(FLOW)) - set(FLOW["States"])
    for name, state in states(FLOW).items():
        if state["Type"] not in {"Task", "Map"}:
            continue
        if name in inside_map:
            assert "Catch" not in state, f"{name}: the Map catches"
            continue
        [catch] = state["Catch"]
        assert catch["ErrorEquals"] == ["States.ALL"]
        after = {"Discard": "ReportFailure", "ReportFailure": "Failed"}.get(name, "Discard")
        assert catch["Next"] == after, name
    assert FLOW["States"]["Discard"]["Next"] == "ReportFailure"
    assert FLOW["States"]["ReportFailure"]["Next"] == "Failed"


def test_a_function_ends_before_the_flow_gives_it_up():
    for name, task in tasks().items():
        function = re.fullmatch(r"\$\{(\w+)Arn\}", task["Parameters"]["FunctionName"])[1]
        seconds = TEMPLATE["Resources"][function]["Properties"]["Timeout"]
        assert task["TimeoutSeconds"] > seconds, f"{name}: its own error would be lost in States.Timeout"
    assert FLOW["TimeoutSeconds"] >= 3600


def test_the_flow_may_call_its_functions_and_nothing_else(resources):
    [call] = [statement for _, statement in statements(resources) if statement.get("Sid") == "CallFunctions"]
    called = {re.fullmatch(r"\$\{(\w+)Arn\}", task["Parameters"]["FunctionName"])[1] for task in tasks().values()}
    assert {target["Fn::GetAtt"][0] for target in call["Resource"]} == called


# ---- Trouble


def test_local_has_the_rules_of_the_template(resources):
    text = named("local")
    ours = {
        name: json.loads(pattern) for name, pattern in re.findall(r'name: "(\w+)",\s*pattern: r#"(.*?)"#', text, re.S)
    }
    rules = of_type(resources, "AWS::Events::Rule")
    rules["EndedBadly"]["EventPattern"]["detail"].pop("stateMachineArn")  # local has one state machine
    assert ours == {name: rule["EventPattern"] for name, rule in rules.items()}


def test_the_reporter_sends_what_the_rule_listens_for():
    pattern = TEMPLATE["Resources"]["RunFailed"]["Properties"]["EventPattern"]
    for word in (*pattern["source"], *pattern["detail-type"]):
        assert f'"{word}"' in named("reporter")


def test_alarms_watch_metrics_that_are_sent_and_tell_the_topic(resources):
    metric = (ROOT / "crates/aws/src/metric.rs").read_text()
    namespace = re.search(r'NAMESPACE: &str = "(\w+)"', metric)[1]
    assert '[["Dataset"], []]' in metric, "an alarm takes no wildcard: metrics go out without dimension too"
    sources = "".join(named(name) for name in FUNCTIONS)
    own = set()
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == [{"Ref": "Alerts"}], name
        if alarm["Namespace"] == namespace:
            own.add(alarm["MetricName"])
            assert "Dimensions" not in alarm
            assert f'"{alarm["MetricName"]}"' in sources, f"nothing sends {alarm['MetricName']}"
    assert own == {"ManifestsRefused", "RunsFailed"}
