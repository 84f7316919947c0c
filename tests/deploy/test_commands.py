"""What the operator's commands refuse, and what they leave as it was."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from chalicelib.foundation.settings import STAGES, Settings
from infrastructure import project
from infrastructure.deploy import checks, command
from infrastructure.deploy.steps import (
    chalice_deploy,
    ownership,
    schedules,
    stack,
    stage_parameters,
)
from infrastructure.first_models import bring_models, causes, first_model_steps
from infrastructure.operate import api_key, destroy, review_only, rollback
from infrastructure.project import ROOT
from localcloud.embedded_cloud import embedded_cloud
from tests.contract.conftest import document, trust

DEV = Settings("appvengers", "dev", "us-east-1")
ACCOUNT = "123456789012"
TRUST = document(trust("lambda", "states"))
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
)
QUIET = Console(quiet=True)
OURS: Any = [{"Key": "project", "Value": "appvengers"}, {"Key": "stage", "Value": "dev"}]


@pytest.fixture
def cloud() -> Iterator[None]:
    with embedded_cloud():
        yield


def make(target: str, *given: str, **exported: str) -> subprocess.CompletedProcess[str]:
    """What make would run: its recipe, not run."""
    return subprocess.run(
        ["make", "-n", target, "STAGE=dev", *given],
        cwd=ROOT, env=os.environ | exported, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("target", "name", "flag"),
    [
        ("deploy", "YES", "--yes"),
        ("destroy", "YES", "--yes"),
        ("destroy", "DATA", "--data"),
        ("key", "ROTATE", "--rotate"),
        ("key", "RETIRE", "--retire"),
    ],
)
def test_yes_is_yes_and_nothing_else(target, name, flag):
    assert flag in make(target, f"{name}=yes").stdout
    for other in ("no", ""):
        assert flag not in make(target, f"{name}={other}").stdout
    for wrong in ("true", "yes please", "loans.csv"):
        refused = make(target, f"{name}={wrong}")
        assert refused.returncode != 0
        assert f"{name}={wrong}: say yes or no" in refused.stderr


def test_data_to_train_on_is_no_wish_to_delete_data():
    refused = make("destroy", DATA="loans.csv")

    assert refused.returncode != 0
    assert "--data" not in refused.stdout


def test_a_path_with_spaces_and_quotes_is_one_argument():
    said = make("deploy", "SMOKE=it's one.json").stdout.splitlines()
    (line,) = [one for one in said if "--smoke" in one]
    shown = subprocess.run(
        ["sh", "-c", f"printf '%s' {line.partition('--smoke')[2]}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == "it's one.json"


def test_all_callers_are_not_locked_out_at_once(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["key", "--stage", "dev", "--rotate", "--retire"])

    with pytest.raises(SystemExit):
        api_key.main()
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "arguments"),
    [(api_key, []), (review_only, ["on"]), (rollback, ["--model", "Tradicional"])],
)
def test_no_region_is_a_sentence_and_no_traceback(program, arguments, monkeypatch, capsys):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setattr("sys.argv", ["program", "--stage", "dev", *arguments])

    try:
        said = str(program.main())
    except SystemExit as ended:
        said = str(ended)
    assert "You must specify a region" in said + capsys.readouterr().err


def test_a_stage_that_is_not_deployed_has_no_switch(cloud, monkeypatch):
    monkeypatch.setattr("sys.argv", ["review_only", "--stage", "dev", "on"])

    with pytest.raises(SystemExit, match="dev is not deployed in us-east-1"):
        review_only.main()


def test_a_change_of_the_switch_itself_leaves_it_on(cloud, monkeypatch):
    client, ssm = boto3.client("cloudformation"), boto3.client("ssm")
    stack.deploy(client, "appvengers", "dev")
    review_only.switch(ssm, DEV, "on")
    written = stack.stack_template.body

    def changed(*wanted: str) -> str:
        return written(*wanted).replace("on: no decision", "On: no decision")

    monkeypatch.setattr(stack.stack_template, "body", changed)
    shown: list[str] = []
    mode = stage_parameters.review_only_mode(ssm, DEV)
    stack.deploy(client, "appvengers", "dev", shown.append, review_only=mode)

    assert any("ReviewOnly" in line for line in shown)
    assert stage_parameters.review_only_mode(ssm, DEV) == "on"


def test_a_stage_that_is_destroyed_and_comes_back_is_as_careful_as_before(cloud):
    client, ssm = boto3.client("cloudformation"), boto3.client("ssm")
    name, *_ = stack.deploy(client, "appvengers", "dev")
    review_only.switch(ssm, DEV, "on")
    stack.delete(client, name)
    assert "parameter /dev/appvengers/review-only: on, and so it will be again" in [
        *destroy.left(DEV)
    ]
    mode = stage_parameters.review_only_mode(ssm, DEV)
    stack.deploy(client, "appvengers", "dev", review_only=mode)

    assert stage_parameters.review_only_mode(ssm, DEV) == "on"


@pytest.mark.parametrize("keeps_warm", [False, True])
def test_a_schedule_that_somebody_stopped_stays_stopped_and_the_profile_has_keep_warm(
    cloud, keeps_warm
):
    events, said = boto3.client("events"), []
    names = {one: f"appvengers-dev-{one}-event" for one in ("updateData", "watchDrift", "keepWarm")}
    for name in names.values():
        events.put_rule(Name=name, ScheduleExpression="rate(7 days)")
    for name in (names["updateData"], names["keepWarm"]):
        events.disable_rule(Name=name)
    with schedules.stopped_ones_stay_stopped(events, DEV, said.append, keeps_warm=keeps_warm):
        for name in ownership.rules(DEV):  # as Chalice does
            events.put_rule(Name=name, ScheduleExpression="rate(7 days)", State="ENABLED")

    states = {rule["Name"]: rule["State"] for rule in events.list_rules()["Rules"]}
    assert states == {
        names["updateData"]: "DISABLED",
        names["watchDrift"]: "ENABLED",
        names["keepWarm"]: "ENABLED" if keeps_warm else "DISABLED",
    }
    stopped, *off = said
    command = "aws events enable-rule --name "
    assert stopped == f"{names['updateData']} stays disabled: {command}{names['updateData']}"
    told = f"{names['keepWarm']} is disabled: keep_warm of [endpoint.dev] is 0"
    assert off == ([] if keeps_warm else [told])


def test_a_role_of_somebody_else_is_told_and_what_chalice_left_is_not(cloud):
    iam, role = boto3.client("iam"), "appvengers-dev-saveResult"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    assert ownership.names_taken(DEV, ACCOUNT) == []  # Chalice died before it gave the policy
    iam.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=POLICY)

    (fault,) = ownership.names_taken(DEV, ACCOUNT)
    assert role in fault
    iam.tag_role(RoleName=role, Tags=OURS)
    assert ownership.names_taken(DEV, ACCOUNT) == []


def test_whatever_of_the_stack_is_somebody_elses_is_told(cloud):
    boto3.client("iam").create_role(
        RoleName="dev-appvengers-training", AssumeRolePolicyDocument=TRUST
    )
    boto3.client("sns").create_topic(Name="dev-appvengers-ReentrenamientoNotificaciones")
    boto3.client("sqs").create_queue(QueueName="dev-appvengers-failures")
    boto3.client("stepfunctions").create_state_machine(
        name="dev-appvengers-reentrenamiento",
        definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/dev-appvengers-training",
    )
    faults = ownership.names_taken(DEV, ACCOUNT)

    assert {fault.partition(" ")[0] for fault in faults} == {
        "dev-appvengers-training",
        "dev-appvengers-ReentrenamientoNotificaciones",
        "dev-appvengers-failures",
        "dev-appvengers-reentrenamiento",
    }


@pytest.mark.parametrize("more", ["an attached policy", "another policy", "no policy"])
def test_a_role_that_may_do_more_than_was_declared_ends_the_deployment(cloud, more):
    iam = boto3.client("iam")
    for role in ownership._function_roles(DEV):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
        if more != "no policy":
            iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=POLICY)
    role = "appvengers-dev-saveResult"
    if more == "an attached policy":
        made = iam.create_policy(PolicyName="Everything", PolicyDocument=POLICY)["Policy"]
        iam.attach_role_policy(RoleName=role, PolicyArn=made["Arn"])
    elif more == "another policy":
        iam.put_role_policy(RoleName=role, PolicyName="Everything", PolicyDocument=POLICY)

    with pytest.raises(ownership.StrangeRole, match="none|Everything"):
        ownership.refuse_strange_roles(DEV)


@pytest.fixture
def state(cloud) -> chalice_deploy.DeployedState:
    boto3.client("s3").create_bucket(Bucket=DEV.data_bucket)
    return chalice_deploy.DeployedState(boto3.client("s3"), DEV)


def test_two_deployments_at_once_do_not_make_two_apis(state):
    another = chalice_deploy.DeployedState(boto3.client("s3"), DEV)
    with state.held(), pytest.raises(chalice_deploy.Deploying, match="wait for it"), another.held():
        pass
    with another.held():
        pass


def test_a_deployment_that_died_holds_up_nobody(state):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for host, pid, goes_on in ((os.uname().nodename, ended.pid, True), ("another", 1, False)):
        holder = {"host": host, "pid": pid, "at": "2026-11-24T10:00:00Z"}
        boto3.client("s3").put_object(
            Bucket=DEV.data_bucket, Key="deployment/dev.lock", Body=json.dumps(holder)
        )
        if goes_on:
            with state.held():
                pass
        else:
            with pytest.raises(chalice_deploy.Deploying, match="Process 1 of another.*aws s3 rm"):
                state._hold(b"{}")


@pytest.mark.parametrize("body", ["", "no json", "[]", '{"resources": [{}]}'])
def test_a_state_that_nobody_can_read_is_told_with_what_to_do(state, body):
    for key, use in (("dev.json", state.read), ("dev.lock", lambda: state._hold(b"{}"))):
        boto3.client("s3").put_object(Bucket=DEV.data_bucket, Key=f"deployment/{key}", Body=body)

        told = rf"aws s3 rm s3://dev-appvengers-data/deployment/{key}"
        with pytest.raises(chalice_deploy.BrokenState, match=told):
            use()


def test_an_api_that_is_gone_is_told_and_no_traceback(cloud):
    with pytest.raises(chalice_deploy.NoApi, match="leads to appvengers-dev"):
        chalice_deploy.only_api(boto3.client("apigateway"), DEV)


class OneTraining:
    """SageMaker, as far as describing one job goes."""

    def __init__(self, **described: str) -> None:
        self.described = described

    def describe_training_job(self, TrainingJobName):
        return self.described


def test_a_training_that_failed_is_told_with_its_reason_and_its_logs_last_lines(cloud):
    logs, group = boto3.client("logs"), "/aws/sagemaker/TrainingJobs"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="job-1/algo-1")
    events = [{"timestamp": 1, "message": f"line {number}"} for number in range(30)]
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [one | {"timestamp": now} for one in events]
    logs.put_log_events(logGroupName=group, logStreamName="job-1/algo-1", logEvents=events)
    job = OneTraining(TrainingJobStatus="Failed", FailureReason="AlgorithmError: exit code 1")

    with pytest.raises(first_model_steps.TrainingFailed) as failed:
        list(first_model_steps.job_statuses(job, {"Tradicional": "job-1"}))
    said = str(failed.value)
    assert said.startswith("Tradicional ended as Failed: AlgorithmError: exit code 1\n")
    assert said.endswith("line 29")
    assert "line 2\n" not in said


def test_what_functions_gave_up_is_read_and_stays_in_the_queue(cloud):
    """SQS gives ten messages a request."""
    sqs, url = (
        boto3.client("sqs"),
        boto3.client("sqs").create_queue(QueueName="dev-appvengers-failures")["QueueUrl"],
    )
    for number in range(23):
        given_up = {
            "timestamp": "2026-11-28T12:00:00.000Z",
            "requestContext": {"functionArn": "arn:aws:lambda:us-east-1:1:function:f:$LATEST"},
            "responsePayload": {"errorType": "KeyError", "errorMessage": f"'{number}'"},
        }
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(given_up))
    moment = datetime(2026, 11, 28, 12, tzinfo=UTC)

    for _ in range(2):
        found = causes.Causes(DEV, moment).of_endpoints()
        assert {str(cause) for cause in found} == {
            f"f failed: KeyError: '{number}'" for number in range(23)
        }
        assert all(cause.lasting for cause in found)
    assert causes.Causes(DEV, moment + timedelta(seconds=1)).of_endpoints() == []


def test_errors_on_every_page_of_a_log_are_read(cloud):
    """FilterLogEvents gives 10,000 events a page."""
    logs, group = boto3.client("logs"), "/aws/lambda/appvengers-dev-createEndpointModel"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = datetime.now(UTC)
    moment = int(now.timestamp() * 1000) + 1
    for batch in (["[ERROR] EndpointBusy: wait"] * 10_000, ["[ERROR] InvalidProfile: last"]):
        events: Any = [{"timestamp": moment, "message": line} for line in batch]
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)

    assert causes.Causes(DEV, now).of_endpoints()[-1].error == "InvalidProfile"


def test_the_last_lines_of_a_log_are_of_its_last_stream(cloud):
    """DescribeLogStreams gives 50 streams a page, by name and not by time."""
    logs, group = boto3.client("logs"), "/aws/sagemaker/Endpoints/e"
    logs.create_log_group(logGroupName=group)
    now = int(datetime.now(UTC).timestamp() * 1000)
    for number in range(60):
        name = f"AllTraffic/{number:02}"
        event: Any = {"timestamp": now - 1000 * abs(number - 55), "message": f"line {number}"}
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[event])

    assert causes.log_of_endpoint("e")[-1] == "line 55"


@pytest.mark.parametrize(
    ("line", "lasting"),
    [
        ("[ERROR] ClientError: An error occurred (AccessDeniedException) when calling X", True),
        ("[ERROR] 2026-11-28T12:00:00.000Z 1-2 ResourceLimitExceeded: too many", True),
        ("[ERROR] EndpointGoing: The endpoint of Tradicional is being deleted.", False),
    ],
)
def test_only_what_trying_again_does_not_mend_ends_the_waiting(cloud, line, lasting):
    logs, group = boto3.client("logs"), "/aws/lambda/appvengers-dev-createEndpointModel"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = datetime.now(UTC)
    event = {"timestamp": int(now.timestamp() * 1000) + 1, "message": f"{line}\nTraceback"}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])

    (cause,) = causes.Causes(DEV, now).of_endpoints()
    assert cause.lasting == lasting


@pytest.mark.parametrize("body", ["no json", "[]", '{"clientId": "a", "application": {"x": 1}}'])
def test_an_application_that_would_be_refused_is_told_first(tmp_path, body):
    path = tmp_path / "application.json"
    path.write_text(body)

    with pytest.raises(checks.NotReady, match="SMOKE="):
        command._given(command.Wishes("dev", False, False, path), QUIET)
    with pytest.raises(checks.NotReady, match=r"SMOKE=.*absent\.json"):
        command._given(
            command.Wishes("dev", may_remove=False, models=False, body=tmp_path / "absent.json"),
            QUIET,
        )


def test_data_that_can_not_be_read_are_told_first(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA", str(tmp_path / "absent.csv"))

    with pytest.raises(checks.NotReady, match=r"DATA=.*absent\.csv"):
        command._given(command.Wishes("dev", may_remove=False, models=True, body=None), QUIET)


def test_a_log_has_a_line_a_change_and_no_table():
    console = Console(file=io.StringIO())
    bring_models._show(
        console,
        "Training",
        iter([{"A": "InProgress"}, {"A": "InProgress: Training"}, {"A": "Completed"}]),
    )
    console.print("next")

    told = "  Training    0 s: A InProgress\n  Training    0 s: A Completed\nnext\n"
    assert console.file.getvalue() == told


def test_a_region_without_serverless_endpoints_is_a_warning():
    bank = command.profile.load()

    assert checks.warnings(bank, "dev", "us-east-1") == []
    (warning,) = checks.warnings(bank, "dev", "eu-south-2")
    assert "eu-south-2" in warning


@pytest.fixture
def renamed(tmp_path) -> Path:
    """A copy of all that names are made of, after someone changed app_name and nothing else."""
    for name in ("chalicelib", "infrastructure", "stepfunctions", ".chalice"):
        ignored = shutil.ignore_patterns("__pycache__", "deployed")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copyfile(ROOT / "app.py", tmp_path / "app.py")
    path = tmp_path / ".chalice" / "config.json"
    path.write_text(path.read_text().replace('"app_name": "appvengers"', '"app_name": "otrobanco"'))
    return tmp_path


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("text", "told"), [("{", "can't be read"), ('{"stages": {}}', "lacks app_name")]
)
def test_a_configuration_that_is_broken_is_a_sentence(renamed, text, told):
    (renamed / ".chalice" / "config.json").write_text(text)
    program = (
        "from infrastructure.deploy import command; from infrastructure.operate import api_key; "
        "import sys;"
        "sys.argv = ['deploy', '--stage', 'dev']; {}.main()"
    )
    for module in ("command", "api_key"):
        done = run(renamed, program.format(module))
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_half_a_new_name_is_refused_with_what_is_missing(renamed, monkeypatch):
    monkeypatch.setattr(project, "ROOT", renamed)

    with pytest.raises(project.TwoNames) as refused:
        project.app_name()
    for missing in (
        "environment_variables.APP_NAME to 'otrobanco'",
        "tags.project to 'otrobanco'",
        "POWERTOOLS_SERVICE_NAME of dev to 'dev-otrobanco'",
        "POWERTOOLS_SERVICE_NAME of prod to 'prod-otrobanco'",
    ):
        assert missing in str(refused.value)
    done = run(renamed, "from infrastructure.deploy import command; import sys;"
                        "sys.argv = ['deploy', '--stage', 'dev']; command.main()")  # fmt: skip
    assert "Set environment_variables.APP_NAME" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_new_name_moves_every_name(renamed):
    path = renamed / ".chalice" / "config.json"
    text = path.read_text().replace('"appvengers"', '"otrobanco"')
    path.write_text(text.replace("-appvengers", "-otrobanco"))
    program = (
        "import json; from infrastructure import project\n"
        "from infrastructure.template import function_policies, stack_template\n"
        "for path, text in function_policies.files(): path.write_text(text)\n"
        "print(json.dumps([stack_template.body(project.app_name(), stage, 'off', name) "
        f"for stage in {STAGES!r} for name in stack_template.TEMPLATES]))"
    )
    done = run(renamed, program)
    assert done.returncode == 0, done.stderr
    policies = [one.read_text() for one in (renamed / ".chalice").glob("*.json")]

    for text in (*json.loads(done.stdout), *policies):
        for old in ("dev-appvengers", "prod-appvengers", "appvengers-dev", "appvengers-prod"):
            assert old not in text
    assert "dev-otrobanco-data" in done.stdout
