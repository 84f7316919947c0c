"""Announcements of a record of the table, or of an object in the buckets. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.decisions.outcome_rules import REVIEW_ACT
from chalicelib.decisions.predictions import OUTCOME, PREDICTION_ID
from chalicelib.foundation.record_salt import ERASED
from chalicelib.foundation.settings import (
    BATCH_PREFIX,
    ENDING_PREFIX,
    MANIFEST_PREFIX,
    POLICY_ACT_PREFIX,
    REPORT_PREFIX,
)
from chalicelib.governance.announcements.announcement import (
    Announcement,
    Batch,
    Case,
    Decided,
    ModelVersion,
    PolicyDraft,
    PolicyFrom,
    Reported,
    announcement,
)
from chalicelib.governance.policies.acts import Act, periods

Record = Mapping[str, Any]
Read = Callable[[str], bytes]

# The attributes of a record that say what it announces; none is of the applicant.
TOLD = (
    "clientId", "predictionId", "createdAt", "decision", "batch", "counterOfferOf", ERASED,
    "of", "toldAt", "act", "at", "final", "case",
)  # fmt: skip

DATA, MODELS = "data", "models"  # the role of a bucket
# The objects that are told: the bucket, and how their keys begin and end.
OBJECTS = (
    (DATA, POLICY_ACT_PREFIX, ".json"),
    (DATA, REPORT_PREFIX, "/report.json"),
    (DATA, BATCH_PREFIX, "/summary.json"),
    (MODELS, MANIFEST_PREFIX, ".json"),
    (MODELS, ENDING_PREFIX, ""),
)
_MANIFEST = re.compile(rf"{MANIFEST_PREFIX}([^/]+)/([^/]+)\.json")
_ENDING = re.compile(rf"{ENDING_PREFIX}([^/]+)/([^/]+)/([^/]+)/(in-service|failed)")
_SUMMARY = re.compile(rf"{BATCH_PREFIX}([0-9a-f]{{32}})/summary\.json")
_REPORT = re.compile(rf"{REPORT_PREFIX}.+/report\.json")
_ENDED = {"in-service": "ModelInService", "failed": "ModelDeploymentFailed"}


class NotARecord(Exception):
    """An item of the table that none of our functions wrote."""


def of_record(record: Record) -> list[Announcement]:
    """Return the announcements of a record of the table. Raises NotARecord.

    Decisions of a batch are told together, as BatchDecided. An erased record is not told.
    """
    try:
        return [*_of_record(record)]
    except (KeyError, TypeError, ValueError, msgspec.ValidationError) as fault:
        raise NotARecord(str(record.get("predictionId", ""))) from fault


def _of_record(record: Record) -> Iterator[Announcement]:
    client, name = str(record.get("clientId", "")), str(record.get("predictionId", ""))
    place = f"{client}/{name}"
    if ERASED in record or "#" in client:
        return
    if PREDICTION_ID.fullmatch(name) and "decision" in record:
        yield from _of_decision(place, record)
    elif name.startswith(OUTCOME) and "toldAt" in record:
        reported = Reported(client, record["of"], name.removeprefix(OUTCOME))
        yield announcement("OutcomeReported", place, record["toldAt"], reported)
    elif name.startswith(REVIEW_ACT) and "act" in record:
        yield from _of_act(place, record)


def _of_decision(place: str, record: Record) -> Iterator[Announcement]:
    client, name, at = record["clientId"], record["predictionId"], record["createdAt"]
    if "batch" not in record:
        yield announcement("DecisionMade", place, at, Decided(client, name))
    if record["decision"] == "REVIEW" and "counterOfferOf" not in record:
        yield announcement("ReviewNeeded", place, at, Case(client, name, "REVIEW"))


def _of_act(place: str, record: Record) -> Iterator[Announcement]:
    client, decision, at = record["clientId"], record["of"], record["at"]
    if record["act"] == "CONTEST":
        yield announcement("ReviewNeeded", place, at, Case(client, decision, "CONTEST"))
    elif record["act"] == "VERDICT" and record.get("final"):
        ended = Case(client, decision, record.get("case") or "REVIEW")
        yield announcement("ReviewDecided", place, at, ended)


def of_object(
    role: str, key: str, at: str, read: Read, acts: Callable[[], list[Act]]
) -> Iterator[Announcement]:
    """Yield the announcements of an object. `read` returns the body of a key of its bucket, `acts`
    all acts on policies, and `at` is when it was written.
    """
    place = f"{role}/{key}"
    if role == MODELS:
        yield from _of_model(place, key, at)
    elif found := _SUMMARY.fullmatch(key):
        if msgspec.json.decode(read(key)).get("state") == "DONE":  # else the file was refused
            yield announcement("BatchDecided", place, at, Batch(found[1]))
    elif _REPORT.fullmatch(key):
        report = msgspec.json.decode(read(key))
        if report.get("verdict") == "rejected":
            refused = ModelVersion(report["model"], report["version"])
            yield announcement("ModelRefused", place, at, refused)
    elif key.startswith(POLICY_ACT_PREFIX):
        yield from _of_policy_act(place, msgspec.json.decode(read(key), type=Act), acts)


def _of_model(place: str, key: str, at: str) -> Iterator[Announcement]:
    if found := _MANIFEST.fullmatch(key):
        yield announcement("ModelPromoted", place, at, ModelVersion(*found.groups()))
    elif found := _ENDING.fullmatch(key):
        model, since, version, how = found.groups()
        yield announcement(_ENDED[how], place, since, ModelVersion(model, version))


def _of_policy_act(place: str, act: Act, acts: Callable[[], list[Act]]) -> Iterator[Announcement]:
    """Yield a draft, or the policy that this act brings into force, perhaps later."""
    if act.kind == "DRAFTED":
        yield announcement("PolicyDrafted", place, act.at, PolicyDraft(act.policy, act.id))
        return
    known = [one for one in acts() if one.id <= act.id]
    for period in periods(known):
        if period.act.id == act.id:
            begun = PolicyFrom(period.policy, period.start)
            yield announcement("PolicyInForce", place, act.at, begun)
