import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.services.sagemaker import model_process
from localcloud.services.sagemaker.container_environment import IMAGE
from localcloud.services.sagemaker.model_worker import landlock_version
from tests.contract.conftest import ask, make_model, tar_gz


def create(cloud: Cloud, name: str, config: str) -> dict[str, Any]:
    boto3.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=config)
    cloud.idle(20)
    return describe(name)


def update(cloud: Cloud, name: str, config: str) -> dict[str, Any]:
    boto3.client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=config)
    cloud.idle(20)
    return describe(name)


def describe(name: str) -> dict[str, Any]:
    return dict(boto3.client("sagemaker").describe_endpoint(EndpointName=name))


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call()
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


def test_an_endpoint_answers_with_its_own_model(cloud: Cloud) -> None:
    make_model("one", factor=1)
    make_model("two", factor=2)
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_endpoint(EndpointName="a", EndpointConfigName="one")
    assert describe("a")["EndpointStatus"] == "Creating"
    assert create(cloud, "b", "two")["EndpointStatus"] == "InService"
    assert (ask("a", term=84)["score"], ask("b", term=84)["score"]) == (84, 168)


def test_an_answer_has_the_content_type_that_the_model_gave(cloud: Cloud) -> None:
    make_model("one")
    create(cloud, "a", "one")
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="a", Body=b'{"term": 1}', ContentType="text/plain", Accept="text/csv"
    )
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_what_the_model_raises_is_a_model_error(cloud: Cloud) -> None:
    make_model("one")
    create(cloud, "a", "one")
    with pytest.raises(ClientError) as error:
        ask("a", term=84, **{"raise": True})
    response = error.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalMessage"] == "ValueError: no such lender"  # type: ignore[typeddict-item]
    assert ask("a", term=84)["score"] == 84


def test_a_worker_that_was_killed_is_started_again(cloud: Cloud) -> None:
    make_model("one")
    create(cloud, "a", "one")
    os.kill(ask("a", term=1)["pid"], signal.SIGKILL)
    assert ask("a", term=84)["score"] == 84


def test_a_loan_that_kills_the_model_twice_is_a_model_error(cloud: Cloud) -> None:
    make_model("one")
    create(cloud, "a", "one")
    code, message = refused(lambda: ask("a", die=True))
    assert code == "ModelError"
    assert "died twice" in message
    assert ask("a", term=84)["score"] == 84


def test_a_model_that_is_too_slow_is_stopped_and_started_again(tmp_path: Path) -> None:
    inference = """
import time
def model_fn(model_dir): return None
def input_fn(body, content_type): return float(body)
def predict_fn(seconds, model): time.sleep(seconds); return "slept"
def output_fn(prediction, accept): return prediction
"""
    archive = tar_gz({"code/inference.py": inference})
    worker = model_process.ModelProcess(archive, {}, tmp_path, seconds=0.3)
    try:
        with pytest.raises(model_process.InvocationFailed, match="within 0.3 s"):
            worker.invoke(b"5", "text/plain", "text/plain")
        assert worker.invoke(b"0", "text/plain", "text/plain").body == b"slept"
    finally:
        worker.close()


def test_an_update_under_load_loses_no_request(cloud: Cloud) -> None:
    make_model("one", factor=1)
    make_model("two", factor=2)
    create(cloud, "a", "one")
    stop, scores, errors = threading.Event(), set(), []

    def keep_asking() -> None:
        while not stop.is_set():
            try:
                scores.add(ask("a", term=84)["score"])
            except ClientError as error:
                errors.append(error)

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    for config in ("two", "one", "two"):
        assert update(cloud, "a", config)["EndpointConfigName"] == config
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert scores == {84, 168}
    assert ask("a", term=84)["score"] == 168


def test_a_failed_update_keeps_the_old_model_in_service(cloud: Cloud) -> None:
    make_model("one")
    make_model("broken", inference="raise ImportError('no such package')")
    create(cloud, "a", "one")
    after = update(cloud, "a", "broken")
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", "one")
    assert "no such package" in after["FailureReason"]
    assert ask("a", term=84)["score"] == 84


def test_a_model_that_cannot_be_loaded_fails_its_endpoint(cloud: Cloud) -> None:
    make_model("broken", inference="raise ImportError('no such package')")
    after = create(cloud, "a", "broken")
    assert after["EndpointStatus"] == "Failed"
    assert "no such package" in after["FailureReason"]
    assert refused(lambda: ask("a", term=84))[0] == "ValidationError"


def test_an_archive_that_reaches_out_of_its_folder_is_not_unpacked(cloud: Cloud) -> None:
    make_model("one")
    archive = tar_gz({"../../outside.txt": "x", "code/inference.py": ""})
    boto3.client("s3").put_object(Bucket="models", Key="one/model.tar.gz", Body=archive)
    assert "OutsideDestinationError" in create(cloud, "a", "one")["FailureReason"]


def test_an_endpoint_that_is_being_created_is_not_ready(cloud: Cloud) -> None:
    make_model("slow", inference="import time\ntime.sleep(1)\ndef model_fn(d): pass")
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_endpoint(EndpointName="a", EndpointConfigName="slow")
    assert refused(lambda: ask("a"))[0] == "ModelNotReadyException"
    assert "in-progress" in refused(lambda: sagemaker.delete_endpoint(EndpointName="a"))[1]
    cloud.idle(10)


def test_a_deleted_endpoint_is_gone_with_its_worker(cloud: Cloud) -> None:
    make_model("one")
    create(cloud, "a", "one")
    pid = ask("a", term=1)["pid"]
    boto3.client("sagemaker").delete_endpoint(EndpointName="a")
    assert refused(lambda: ask("a")) == (
        "ValidationError",
        "Endpoint a of account 123456789012 not found.",
    )
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_names_are_used_once_and_must_exist(cloud: Cloud) -> None:
    make_model("one")
    create(cloud, "a", "one")
    sagemaker = boto3.client("sagemaker")

    def model(name: str, key: str) -> None:
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn="arn:aws:iam::123456789012:role/role",
            PrimaryContainer={"Image": "i", "ModelDataUrl": f"s3://models/{key}"},
        )

    update: dict[str, Any] = {"EndpointName": "b", "EndpointConfigName": "one"}
    assert "already existing model" in refused(lambda: model("one", "one/model.tar.gz"))[1]
    assert "Could not find model data" in refused(lambda: model("new", "nothing"))[1]
    assert "already existing endpoint" in refused(lambda: create(cloud, "a", "one"))[1]
    assert "Could not find" in refused(lambda: create(cloud, "b", "unknown"))[1]
    assert "Could not find endpoint" in refused(lambda: sagemaker.update_endpoint(**update))[1]


def test_a_configuration_that_is_deleted_during_its_update_leaves_no_endpoint_behind(
    cloud: Cloud,
) -> None:
    """AWS deletes it, and refuses the next update:
    https://github.com/hashicorp/terraform-provider-aws/issues/40048"""
    for name in ("one", "two", "three"):
        make_model(name)
    create(cloud, "a", "one")
    sagemaker = boto3.client("sagemaker")
    sagemaker.update_endpoint(EndpointName="a", EndpointConfigName="two")
    sagemaker.delete_endpoint_config(EndpointConfigName="two")
    cloud.idle(20)

    ended = sagemaker.list_endpoints()["Endpoints"][0]
    assert ended["EndpointStatus"] == "InService"
    code, text = refused(lambda: update(cloud, "a", "three"))
    assert (code, "Could not find" in text, "two" in text) == ("ValidationException", True, True)


def test_changes_of_an_endpoint_are_reported_to_eventbridge(
    cloud: Cloud, add: Callable[..., str]
) -> None:
    seen: list[str] = []
    events = boto3.client("events")
    pattern = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Endpoint State Change"]}
    events.put_rule(Name="endpoints", EventPattern=json.dumps(pattern))
    arn = add("listen", lambda event, _: seen.append(event["detail"]["EndpointStatus"]))
    events.put_targets(Rule="endpoints", Targets=[{"Id": "1", "Arn": arn}])
    make_model("one")
    create(cloud, "a", "one")
    assert sorted(seen) == ["CREATING", "IN_SERVICE"]


CURIOUS = """
import json, os, sys, tempfile
import numpy
from pathlib import Path

def model_fn(model_dir):
    return Path(model_dir)

def input_fn(body, content_type):
    return None

def fault(write):
    try:
        write()
    except OSError as error:
        return type(error).__name__
    return "written"

def predict_fn(_, model):
    return {
        "environ": dict(os.environ),  # before threadpoolctl, which sets one
        "user": os.geteuid(),
        "groups": os.getgroups(),
        "new": fault(lambda: (model / "new").write_text("")),
        "changed": fault(lambda: (model / "code" / "inference.py").write_text("")),
        "removed": fault((model / "code" / "inference.py").unlink),
        "unlocked": fault(lambda: model.chmod(0o777)),
        "beside": fault(lambda: (model.parent / "new").write_text("")),
        "temporary": fault(lambda: tempfile.NamedTemporaryFile().close()),
        "null": fault(lambda: Path(os.devnull).write_text("x")),
        "machine": [fault(lambda: tempfile.NamedTemporaryFile(dir=place).close())
                    for place in ("/tmp", "/var/tmp", "/dev/shm") if Path(place).exists()],
        "own": Path(tempfile.gettempdir()) == model.parent / "tmp",
        "capabilities": [
            line for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith(("CapInh", "CapPrm", "CapEff", "CapAmb"))
        ],
        "private": fault(lambda: Path(os.environ.get("PRIVATE", "/")).read_text()),
        "imported": numpy.linalg.norm([3, 4]) + len("é".encode("cp1252")),
        "threads": [one["num_threads"] for one in __import__("threadpoolctl").threadpool_info()],
        "processors": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [],
    }

def output_fn(seen, accept):
    return json.dumps(seen), "application/json"
"""


def test_a_model_s_process_sees_aws_s_variables_and_none_of_the_bank_s(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_BANK", "1")
    make_model("one", inference=CURIOUS)
    create(cloud, "a", "one")
    seen = ask("a")["environ"]
    assert seen["AWS_REGION"] == "us-east-1"
    assert {*seen} == {*IMAGE, "AWS_REGION", "PATH", "TEMP"}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_a_model_s_libraries_have_one_thread_each_on_any_processor(cloud: Cloud) -> None:
    make_model("one", inference=CURIOUS)
    create(cloud, "a", "one")
    seen = ask("a")
    assert {*seen["threads"]} == {1}
    assert seen["processors"] == sorted(os.sched_getaffinity(0))


@pytest.mark.skipif(landlock_version() < 1, reason="the kernel has no Landlock")
def test_a_model_writes_to_no_folder_of_the_machine_that_every_user_may_write_to(
    cloud: Cloud,
) -> None:
    make_model("one", inference=CURIOUS)
    create(cloud, "a", "one")
    seen = ask("a")
    assert {*seen["machine"]} == {"PermissionError"}
    assert (seen["temporary"], seen["null"]) == ("written", "written")


def test_a_model_is_read_only_and_its_process_has_a_temporary_folder_only(cloud: Cloud) -> None:
    make_model("one", inference=CURIOUS)
    create(cloud, "a", "one")
    seen = ask("a")
    assert (seen["temporary"], seen["own"]) == ("written", True)
    assert seen["new"] == "PermissionError"
    if os.geteuid() == 0:
        assert (seen["user"], seen["groups"]) == (65534, [])
        refused_to_the_model = {seen[name] for name in ("changed", "removed", "unlocked", "beside")}
        assert refused_to_the_model == {"PermissionError"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has what an endpoint must give up")
def test_a_model_reads_no_file_of_roots_and_keeps_no_capability(tmp_path: Path) -> None:
    """Python itself may lie below /root, which the model's user can't enter."""
    private = tmp_path / "private"
    private.write_text("of root only")
    private.chmod(0o600)
    private.parent.chmod(0o755)
    archive = tar_gz({"code/inference.py": CURIOUS})
    worker = model_process.ModelProcess(archive, {"PRIVATE": str(private)}, tmp_path)
    try:
        seen = json.loads(worker.invoke(b"", "text/plain", "text/plain").body)
    finally:
        worker.close()
    assert seen["private"] == "PermissionError"
    assert {line.split(":")[1].strip() for line in seen["capabilities"]} == {"0" * 16}
    assert len(seen["capabilities"]) == 4
    assert (seen["user"], seen["imported"]) == (65534, 6.0)


def test_a_worker_that_may_not_pass_the_folders_above_still_serves(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    archive = tar_gz({"code/inference.py": CURIOUS})
    worker = model_process.ModelProcess(archive, {}, private)
    try:
        assert json.loads(worker.invoke(b"", "text/plain", "text/plain").body)["own"] is True
    finally:
        worker.close()
    assert not [*private.iterdir()]
