import json
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.servicequotas.account_quotas import GRANTED
from tests.contract.conftest import make_model, make_role

LINES = """
import json, os, time
def model_fn(model_dir):
    return json.load(open(os.path.join(model_dir, "model.json")))
def input_fn(body, content_type):
    assert content_type == "application/jsonlines", content_type
    return [json.loads(line) for line in body.decode().splitlines()]
def predict_fn(loans, model):
    time.sleep(sum(loan.get("sleep", 0) for loan in loans))
    return [{"score": model["factor"] * loan["term"], "of": len(loans)} for loan in loans]
def output_fn(answers, accept):
    return "".join(json.dumps(answer) + "\\n" for answer in answers)
"""


@pytest.fixture
def sagemaker(cloud: Cloud) -> Any:
    boto3.client("s3").create_bucket(Bucket="data")
    make_model("doubling", 2, LINES)
    put("loans/2006-01.jsonl", *({"term": n} for n in range(5)))
    put("loans/later/2006-02.jsonl", {"term": 84})
    return boto3.client("sagemaker")


def put(key: str, *loans: dict[str, int]) -> None:
    body = "".join(json.dumps(loan) + "\n" for loan in loans)
    boto3.client("s3").put_object(Bucket="data", Key=key, Body=body.encode())


def job(name: str, source: str = "loans/", **more: Any) -> dict[str, Any]:
    place = {"S3DataType": "S3Prefix", "S3Uri": f"s3://data/{source}"}
    lines = "application/jsonlines"
    given = {"DataSource": {"S3DataSource": place}, "ContentType": lines, "SplitType": "Line"}
    return {
        "TransformJobName": name,
        "ModelName": "doubling",
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": 1,
        "TransformInput": given,
        "TransformOutput": {"S3OutputPath": "s3://data/scored/", "Accept": lines,
                            "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    } | more  # fmt: skip


def described(sagemaker: Any, name: str) -> dict[str, Any]:
    return dict(sagemaker.describe_transform_job(TransformJobName=name))


def answers(key: str) -> list[Any]:
    body = boto3.client("s3").get_object(Bucket="data", Key=key)["Body"].read()
    return [json.loads(line) for line in body.decode().splitlines()]


def test_each_file_gets_its_answers_a_line_for_a_line_in_their_order(
    cloud: Cloud, sagemaker: Any
) -> None:
    arn = sagemaker.create_transform_job(**job("first"))["TransformJobArn"]
    begun = described(sagemaker, "first")
    assert (begun["TransformJobArn"], begun["TransformJobStatus"]) == (arn, "InProgress")
    cloud.idle(30)
    assert described(sagemaker, "first")["TransformJobStatus"] == "Completed"
    expected = [{"score": 2 * term, "of": 5} for term in range(5)]
    assert answers("scored/2006-01.jsonl.out") == expected
    assert answers("scored/later/2006-02.jsonl.out") == [{"score": 168, "of": 1}]


def test_lines_go_one_by_one_or_as_many_as_a_payload_holds(cloud: Cloud, sagemaker: Any) -> None:
    padding = "x" * 400_000
    put("large/a.jsonl", *({"term": n, "padding": padding} for n in range(5)))  # type: ignore[dict-item]
    out = {"Accept": "application/jsonlines", "AssembleWith": "Line"}
    for name, strategy in (("together", "MultiRecord"), ("single", "SingleRecord")):
        target = out | {"S3OutputPath": f"s3://data/{name}"}
        more = {"TransformOutput": target, "BatchStrategy": strategy}
        sagemaker.create_transform_job(**job(name, "large/", **more))
    cloud.idle(30)
    together, single = (answers(f"{name}/a.jsonl.out") for name in ("together", "single"))
    assert [one["of"] for one in together] == [2, 2, 2, 2, 1]
    assert [one["of"] for one in single] == [1] * 5
    assert [one["score"] for one in together] == [one["score"] for one in single]


def test_a_failed_job_says_why(cloud: Cloud, sagemaker: Any) -> None:
    put("wrong/a.jsonl", {"months": 84})
    sagemaker.create_transform_job(**job("failing", "wrong/"))
    sagemaker.create_transform_job(**job("dataless", "nothing/"))
    cloud.idle(30)
    for name, reason in (("failing", "KeyError: 'term'"), ("dataless", "matched no files")):
        found = described(sagemaker, name)
        assert found["TransformJobStatus"] == "Failed"
        assert reason in found["FailureReason"]


def test_a_job_that_is_stopped_leaves_nothing_of_that_file(cloud: Cloud, sagemaker: Any) -> None:
    put("slow/a.jsonl", *[{"term": 1, "sleep": 1}] * 30)
    sagemaker.create_transform_job(**job("unwanted", "slow/", BatchStrategy="SingleRecord"))
    sagemaker.stop_transform_job(TransformJobName="unwanted")
    cloud.idle(30)
    assert described(sagemaker, "unwanted")["TransformJobStatus"] == "Stopped"
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="data", Prefix="scored/")


def test_what_cannot_run_is_refused(sagemaker: Any) -> None:
    joined = {"DataProcessing": {"JoinSource": "Input"}}
    refused = [
        (job("x", ModelName="unknown"), "unknown"),
        (job("x", **joined), "no DataProcessing"),
    ]
    for asked, reason in refused:
        with pytest.raises(ClientError, match=reason):
            sagemaker.create_transform_job(**asked)
    sagemaker.create_transform_job(**job("twice"))
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_transform_job(**job("twice"))


def test_a_job_that_was_running_when_the_cloud_was_killed_has_failed(tmp_path: Any) -> None:
    with embedded_cloud(tmp_path, quotas=GRANTED) as cloud:
        make_role()
        boto3.client("s3").create_bucket(Bucket="data")
        make_model("doubling", 2, LINES)
        put("slow/a.jsonl", {"term": 1, "sleep": 1})
        cloud.restore()
        boto3.client("sagemaker").create_transform_job(**job("running", "slow/"))
        while not cloud.kept.is_open:
            time.sleep(0.05)
        cloud.kept.close()  # as if it were killed: what follows is not kept
        cloud.idle(30)
        cloud.kept.close = lambda: None  # type: ignore[method-assign]
    with embedded_cloud(tmp_path, quotas=GRANTED) as cloud:
        cloud.restore()
        found = described(boto3.client("sagemaker"), "running")
        assert found["TransformJobStatus"] == "Failed"
        assert "the embedded cloud stopped" in found["FailureReason"]


def test_a_cloud_that_ends_waits_for_no_file(tmp_path: Any) -> None:
    with embedded_cloud(tmp_path, quotas=GRANTED) as cloud:
        make_role()
        boto3.client("s3").create_bucket(Bucket="data")
        make_model("doubling", 2, LINES)
        put("slow/a.jsonl", *[{"term": 1, "sleep": 1}] * 600)
        cloud.restore()
        slow = job("long", "slow/", BatchStrategy="SingleRecord")
        boto3.client("sagemaker").create_transform_job(**slow)
        while not described(boto3.client("sagemaker"), "long").get("TransformStartTime"):
            time.sleep(0.05)
    with embedded_cloud(tmp_path, quotas=GRANTED) as cloud:
        cloud.restore()
        found = described(boto3.client("sagemaker"), "long")
        assert (found["TransformJobStatus"], found["FailureReason"][:20]) == (
            "Failed",
            "InternalServerError:",
        )
