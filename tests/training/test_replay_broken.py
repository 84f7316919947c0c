"""Every part of a stored record broken in every way: replay names it, and never ends for it."""

import copy
import itertools
from collections.abc import Iterator

import msgspec
import pytest

from chalicelib.profile import Policy
from datasets import sba
from tests.training.given import MODELS
from tests.training.stored import VERSION, packed, reading, stored
from training.serving import inference
from workbench.replay import main
from workbench.replaying.replayed_decision import replay

GONE = object()
KINDS = {
    "null": None, "text": "x", "number": 7.125, "list": [1], "object": {"a": 1}, "gone": GONE,
    "true": True, "set": {"a"}, "bytes": b"a",
}  # fmt: skip
NOT_RECOMPUTED = ("clientId", "predictionId", "createdAt", "language")  # as --help says
NAMED_AS = {"policyVersion": "policy", "application": "feature", "features": "feature"}
Path = tuple[str | int, ...]


@pytest.fixture(scope="module")
def records(loans, artifacts):
    """All models answered; one did not; review only."""
    models = {name: inference.model_fn(str(artifacts[name])) for name in MODELS}
    cases = list(itertools.islice(sba.applications(loans), 200))
    plain = next(made for case in cases if (made := stored(case, models, 0))["reasons"])
    return [
        plain,
        stored(cases[1], models, 1, MODELS[1]),
        stored(cases[2], models, 2, review_only=True),
    ]


@pytest.fixture(scope="module")
def bucket(artifacts):
    return reading({(name, VERSION): packed(artifacts[name]) for name in MODELS})


def places(part, path: Path = ()) -> Iterator[Path]:
    """Of every leaf, and of what holds it."""
    if path:
        yield path
    if isinstance(part, dict | list):
        for name, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from places(value, (*path, name))


def broken(record: dict, path: Path, value) -> dict:
    changed = copy.deepcopy(record)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    if value is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


def is_recomputed(path: Path, kind: str) -> bool:
    if path[-1] == "cause":
        return kind not in ("text", "set", "bytes")  # any text is one
    return path[0] not in NOT_RECOMPUTED and not (
        path[-1] == "text" and {"reasons", "offer"} & {*path} and path[0] != "evidence"
    )


def names(path: Path, told: list[str]) -> bool:
    words = {word for part in path for word in (str(part), NAMED_AS.get(part, str(part)))}
    return any(word in one for word in words for one in told)


def test_every_part_broken_in_every_way_is_named_and_ends_nothing(records, bucket):
    cases = [
        (path, kind, broken(record, path, value))
        for record in records
        for path in places(record)
        for kind, value in KINDS.items()
        if (path[-1], kind) != ("partial", "true")  # which it is
    ]
    found = replay([record for *_, record in cases], bucket)

    assert len(cases) > 2_000
    for (path, kind, _), told in zip(cases, found, strict=True):
        assert names(path, told) if is_recomputed(path, kind) else told == [], (path, kind, told)


def test_as_they_were_stored_they_are_identical(records, bucket):
    assert replay(records, bucket) == [[], [], []]


def test_a_policy_by_which_nothing_can_be_decided_ends_nothing(records, bucket):
    policy = copy.deepcopy(records[0]["evidence"]["policy"])
    policy["score"]["base_odds"] = 0
    version = msgspec.convert(policy, Policy).version()
    forged = broken(records[0], ("evidence", "policy"), policy) | {"policyVersion": version}
    [told], whole = replay([forged, records[1]], bucket)

    assert told.startswith(f"policy {version}: nothing can be decided by it")
    assert whole == []


def test_a_policy_forged_with_its_version_and_decision_takes_the_banks_record_to_see(
    records, bucket
):
    policy = copy.deepcopy(records[0]["evidence"]["policy"])
    policy["decision"]["approve_from"] = policy["decision"]["decline_below"] = 9_000
    version = msgspec.convert(policy, Policy).version()
    strict = broken(records[0], ("evidence", "policy"), policy) | {"policyVersion": version}
    cut_offs = {"approveFrom": 9_000.0, "declineBelow": 9_000.0}
    consistent = strict | {"decision": "DECLINE", "decisionBasis": "SCORE", "cutOffs": cut_offs}
    del consistent["offer"]
    half, whole = replay([strict, consistent], bucket)

    assert records[0]["decision"] == "APPROVE"
    assert any(told.startswith("decision:") for told in half)
    assert whole == []
    assert "policies/ in the data bucket" in (main.help or "").partition("Not checked")[0]


@pytest.mark.parametrize("name", ["Tradicional", "Unheard"])
def test_a_model_that_only_the_record_or_only_the_policy_has_is_named(records, bucket, name):
    models = {n: m for n, m in records[0]["models"].items() if n != name}
    if name == "Unheard":
        models[name] = {"status": "UNAVAILABLE", "cause": "busy"}
    [found] = replay([records[0] | {"models": models}], bucket)

    assert found == [f"models {name}: not in both the record and its policy"]
