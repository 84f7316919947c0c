"""Which events are sent again. What the functions do with them is in tests/workflow."""

from datetime import UTC, datetime

import boto3
from botocore.stub import Stubber

from chalicelib.foundation.settings import TOLD_PREFIX
from chalicelib.monitoring.lost_events import LOOKS_BACK, send_trainings
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.retraining.training_history import TrainingHistory
from tests.fakes import S3

AT = datetime(2026, 11, 28, 4, tzinfo=UTC)


def listing(jobs):
    """Return a client of SageMaker that lists these jobs on two pages, when the watch asks."""
    client = boto3.client("sagemaker")
    stubber = Stubber(client)
    summaries = [
        {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}",
            "CreationTime": AT,
            "TrainingJobStatus": status,
        }
        for name, status in jobs.items()
    ]
    asked = {"NameContains": "dev-bank-", "LastModifiedTimeAfter": AT - LOOKS_BACK}
    first = {"TrainingJobSummaries": summaries[:1], "NextToken": "more"}
    stubber.add_response("list_training_jobs", first, asked)
    second = {"TrainingJobSummaries": summaries[1:]}
    stubber.add_response("list_training_jobs", second, asked | {"NextToken": "more"})
    stubber.activate()
    return client


class Sent(list):
    """FunctionsThatWait, which keeps the names of the jobs."""

    def training_changed(self, job):
        self.append(job)


def sent(jobs, *published):
    """Return the jobs whose ending is sent again."""
    data = DataBucket(S3({f"{TOLD_PREFIX}{job}": b"" for job in published}), "data")
    functions = Sent()
    send_trainings(AT, TrainingHistory(listing(jobs), "dev-bank"), data, functions)
    return functions


def test_trainings_that_ended_without_a_notice_are_sent():
    jobs = {
        "dev-bank-a": "Completed",
        "dev-bank-b": "Failed",
        "dev-bank-c": "InProgress",
        "dev-bank-d": "Stopped",
    }

    assert sent(jobs, "dev-bank-b") == ["dev-bank-a", "dev-bank-d"]


def test_another_banks_trainings_are_not_ours():
    """SageMaker's filter finds a name anywhere in a name."""
    assert sent({"prod-dev-bank-a": "Failed", "dev-bank-a": "Failed"}) == ["dev-bank-a"]
