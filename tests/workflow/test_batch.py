"""What the API says of one application, a file and a batch transform say, too."""

import json
from datetime import UTC, datetime

import boto3
import pandas as pd
import pytest
from click.testing import CliRunner

from chalicelib import profile
from chalicelib.foundation.settings import SNAPSHOT_PREFIX
from workbench import score, transform
from workbench.file_scoring import deployed_models


@pytest.fixture
def artifacts(served, tmp_path):
    return deployed_models.download("dev", profile.load(), tmp_path)


def test_the_live_models_score_a_file_as_the_api_scores_each(served, loans, artifacts, tmp_path):
    some = loans[:5]
    carried = {"consents": "network"}
    rows = [case["application"] | carried | {"clientId": case["clientId"]} for case in some]
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    with (tmp_path / "out").open("wb") as out:
        score.score(tmp_path / "a.csv", artifacts, profile.load(), out)
    scored = pd.read_parquet(tmp_path / "out")
    answers = [served.predict(case) for case in some]
    assert scored["clientId"].tolist() == [answer["clientId"] for answer in answers]
    for name in ("probabilityOfDefault", "probabilityOfDefault_Tradicional"):
        model = name.partition("_")[2]
        said = [answer["models"][model] if model else answer for answer in answers]
        expected = [one["probabilityOfDefault"] for one in said]
        assert scored[name].tolist() == pytest.approx(expected, abs=1e-9)


def test_without_an_endpoint_nothing_is_live(served):
    with pytest.raises(
        deployed_models.NothingLive, match="prod-appvengers-Tradicional is no endpoint"
    ):
        deployed_models.versions("prod", profile.load())


@pytest.mark.parametrize("model", [*profile.load().models])
def test_a_transform_job_says_of_each_line_what_the_model_that_answers_says(
    served, loans, tmp_path, model
):
    some = loans[:5]
    lines = (json.dumps(case["application"]) + "\n" for case in some)
    (tmp_path / "a.jsonl").write_text("".join(lines))
    done = CliRunner().invoke(
        transform.main,
        [model, f"{model}/asked/", f"{model}/said/", "--upload", str(tmp_path / "a.jsonl")],
    )
    assert done.exit_code == 0, done.output
    served.bank.cloud.idle(60)
    name = done.output.strip().rpartition("/")[2]
    described = boto3.client("sagemaker").describe_transform_job(TransformJobName=name)
    assert described["TransformJobStatus"] == "Completed", described
    said = boto3.client("s3").get_object(
        Bucket=served.bank.settings.data_bucket, Key=f"credit/batch/{model}/said/a.jsonl.out"
    )
    scored = [json.loads(line) for line in said["Body"].read().splitlines()]
    answered = [served.predict(case)["models"][model] for case in some]
    assert [one["probabilityOfDefault"] for one in scored] == pytest.approx(
        [one["probabilityOfDefault"] for one in answered], abs=1e-9
    )
    assert all(one["contributions"] for one in scored)


def test_the_job_reaches_files_of_applications_and_not_the_training_data(served):
    client, settings = boto3.client("sagemaker"), served.bank.settings
    version = deployed_models.versions("dev", profile.load())["Tradicional"]
    name = transform.job_name(f"{settings.prefix}-curious", datetime.now(UTC))
    snapshots = f"s3://{settings.data_bucket}/{SNAPSHOT_PREFIX}"
    model, role = f"{settings.prefix}-Tradicional-{version}", f"{settings.prefix}-transform"
    transform.start(client, model, role, name, snapshots, snapshots)
    served.bank.cloud.idle(60)
    described = client.describe_transform_job(TransformJobName=name)
    assert described["TransformJobStatus"] == "Failed"
    # The refused download is s3:GetObject's: S3 answers 403 and names no action for a HEAD.
    assert "403" in described["FailureReason"] or "AccessDenied" in described["FailureReason"]
