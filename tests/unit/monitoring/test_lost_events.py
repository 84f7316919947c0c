"""Which events are sent again. What the functions do with them is in tests/workflow."""

from datetime import UTC, datetime

from chalicelib.monitoring.lost_events import LOOKS_BACK, send_trainings
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.retraining.training_history import TrainingHistory
from tests.fakes import S3

AT = datetime(2026, 11, 28, 4, tzinfo=UTC)


class SageMaker:
    """Its list of jobs, by name and status."""

    def __init__(self, **jobs):
        self.jobs, self.asked = jobs, {}

    def get_paginator(self, name):
        return self

    def paginate(self, **asked):
        self.asked = asked
        names = [name.replace("_", "-") for name in self.jobs]
        found = zip(names, self.jobs.values(), strict=True)
        summaries = [{"TrainingJobName": n, "TrainingJobStatus": status} for n, status in found]
        return [{"TrainingJobSummaries": summaries[:1]}, {"TrainingJobSummaries": summaries[1:]}]


class Sent(list):
    def training_changed(self, job):
        self.append(job)


def sent(sagemaker, *told):
    data = DataBucket(S3({f"training/told/{job}": b"" for job in told}), "data")
    functions = Sent()
    send_trainings(AT, TrainingHistory(sagemaker, "dev-bank"), data, functions)
    return functions


def test_trainings_that_ended_and_were_not_told_of_are_sent():
    sagemaker = SageMaker(
        dev_bank_a="Completed", dev_bank_b="Failed", dev_bank_c="InProgress", dev_bank_d="Stopped"
    )

    assert sent(sagemaker, "dev-bank-b") == ["dev-bank-a", "dev-bank-d"]
    assert sagemaker.asked["LastModifiedTimeAfter"] == AT - LOOKS_BACK


def test_another_banks_trainings_are_not_ours():
    """SageMaker's filter finds a name anywhere in a name."""
    assert sent(SageMaker(prod_dev_bank_a="Failed", dev_bank_a="Failed")) == ["dev-bank-a"]
