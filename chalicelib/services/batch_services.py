"""The functions of batches with their collaborators, each built on first use.

Every function of the deployment imports this module, so it imports what batches need when they do.
"""

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.services import Services, services
from chalicelib.services.client_times import BATCHES, QUICK

if TYPE_CHECKING:
    from chalicelib.decisions.intake.batches.batch_files import BatchFiles
    from chalicelib.decisions.intake.batches.batch_machine import BatchMachine
    from chalicelib.governance.erasure.batch_erasures import BatchErasures

Document = dict[str, Any]


@cache
def batch_files(using: Services) -> "BatchFiles":
    from chalicelib.decisions.intake.batches.batch_files import BatchFiles

    return BatchFiles(boto3.client("s3", config=BATCHES), using.settings.data_bucket)


@cache
def batch_machine(using: Services) -> "BatchMachine":
    from chalicelib.decisions.intake.batches.batch_machine import BatchMachine

    arn = using.settings.batch_machine_arn(using.account)
    return BatchMachine(boto3.client("stepfunctions", config=QUICK), arn)


def batch_erasures(using: Services) -> "BatchErasures":
    from chalicelib.governance.erasure.batch_erasures import BatchErasures

    return BatchErasures(using.erasures)


def index_batch(event: Document, context: Any) -> Document:
    from chalicelib.decisions.intake.batches import batch_indexing

    using = services()
    return batch_indexing.index(event["batchId"], batch_files(using), using.profile)


def decide_chunk(event: Document, context: Any) -> Document:
    """Decide a chunk by the models, the policy and the switch as they are now."""
    from chalicelib.decisions.intake.batches import chunk_decision

    using = services()
    parts = (using.profile_in_force(), using.scoring, using.predictions, batch_erasures(using))
    review_only = using.review_only.is_on()
    deciding = chunk_decision.Deciding(*parts, using.open_case, review_only=review_only)
    return chunk_decision.decide_chunk(event, batch_files(using), deciding)


def close_batch(event: Document, context: Any) -> Document:
    from chalicelib.decisions.intake.batches import batch_closing

    using = services()
    erased = batch_erasures(using).erased_decisions
    return batch_closing.close(event["batchId"], batch_files(using), erased, datetime.now(UTC))
