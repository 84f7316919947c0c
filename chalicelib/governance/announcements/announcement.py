"""Announcements and the data of each type. They have ids and times, and nothing of an applicant.

The same record always gives the same announcement with the same id, so receivers know a repeat.
"""

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

SCHEMA_VERSION = 1  # of all types: a change that could break a receiver makes it 2


class Ids(msgspec.Struct, frozen=True, rename="camel"):
    """Data of an announcement."""


class Decided(Ids, frozen=True):
    """A decision: GET /predictions/{clientId}/{predictionId} has it."""

    client_id: str
    prediction_id: str


class Case(Ids, frozen=True):
    """A case for a person, or its end. CONTEST: the applicant contests the decision."""

    client_id: str
    prediction_id: str
    kind: Literal["REVIEW", "CONTEST"]


class Reported(Ids, frozen=True):
    """An outcome of the loan of a decision."""

    client_id: str
    prediction_id: str
    outcome_id: str


class Batch(Ids, frozen=True):
    """A batch whose rows are all decided: GET /batches/{batchId} has its results."""

    batch_id: str


class ModelVersion(Ids, frozen=True):
    """A version of a model: GET /models has the versions in service."""

    model: str
    version: str


class PolicyFrom(Ids, frozen=True):
    """A policy from a time on, which may lie ahead: GET /policies/{policyVersion} has it."""

    policy_version: str
    effective_from: str


class PolicyDraft(Ids, frozen=True):
    """A draft of a policy, which waits for approvals."""

    policy_version: str
    draft: str


class Announcement(msgspec.Struct, frozen=True, rename="camel"):
    """An event. `timestamp` is the record's time, in ISO 8601, UTC."""

    id: str
    type: str
    schema_version: int
    timestamp: str
    data: Ids


DATA: dict[str, type[Ids]] = {
    "DecisionMade": Decided,
    "ReviewNeeded": Case,
    "ReviewDecided": Case,
    "OutcomeReported": Reported,
    "BatchDecided": Batch,
    "ModelPromoted": ModelVersion,
    "ModelRefused": ModelVersion,
    "ModelInService": ModelVersion,
    "ModelDeploymentFailed": ModelVersion,
    "PolicyDrafted": PolicyDraft,
    "PolicyInForce": PolicyFrom,
}
TYPES = tuple(DATA)


def announcement(kind: str, record: str, timestamp: str, data: Ids) -> Announcement:
    """Return the announcement of a type about a record. `record` names it among all records.

    Raises ValueError or TypeError for a time that is none, and msgspec.ValidationError for ids that
    are no texts.
    """
    datetime.fromisoformat(timestamp)
    msgspec.convert(msgspec.to_builtins(data), type(data))
    digest = hashlib.sha256(f"{kind}\n{record}".encode()).hexdigest()
    return Announcement(f"evt_{digest[:32]}", kind, SCHEMA_VERSION, timestamp, data)


def written(one: Announcement) -> str:
    """Return the JSON that is the event's detail and the webhook's body."""
    return msgspec.json.encode(one).decode()
