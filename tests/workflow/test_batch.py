"""What the API says of one application, a file and a batch transform say, too."""

from datetime import UTC, datetime

import boto3
import pandas as pd
import pytest

from chalicelib import profile
from training import live, score, transform


@pytest.fixture
def artifacts(served, tmp_path):
    return live.download("dev", profile.load(), tmp_path)


def test_the_live_models_score_a_file_as_the_api_scores_each(served, loans, artifacts, tmp_path):
    some = loans[:5]
    rows = [case["application"] | {"clientId": case["clientId"]} for case in some]
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
    with pytest.raises(live.NothingLive, match="prod-appvengers-Tradicional is no endpoint"):
        live.versions("prod", profile.load())


def test_a_transform_job_is_taken_for_the_model_that_answers(served):
    client = boto3.client("sagemaker")
    version = live.versions("dev", profile.load())["Tradicional"]
    model = f"dev-appvengers-Tradicional-{version}"
    name = transform.job_name(model, datetime.now(UTC))
    transform.start(client, model, name, "s3://applications/in/", "s3://applications/out/")
    described = client.describe_transform_job(TransformJobName=name)
    assert described["ModelName"] == model
    assert client.describe_model(ModelName=model)["ModelName"] == model
    assert described["TransformInput"]["ContentType"] == "application/jsonlines"
