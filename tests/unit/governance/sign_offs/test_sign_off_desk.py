"""Who may sign a challenger off, and a list that no stray object breaks."""

from datetime import UTC, datetime

import msgspec
import pytest

from chalicelib.governance.reviews.review_problems import SamePerson
from chalicelib.governance.sign_offs.sign_off_desk import SignOffDesk
from chalicelib.models.challengers import Challenger, Challengers, Waiting
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.sign_off_registry import SignOffRegistry
from chalicelib.people.access import Role
from chalicelib.people.caller import Person
from chalicelib.profile import load
from tests.fakes import S3, LiveEndpoints, endpoint

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MODEL = "Tradicional"
CHALLENGER = Challenger(MODEL, "v2", "job", "0", "v1")
ACTA = {"verdict": "APPROVE", "reason": "Acta 12."}


class Packages:
    """The registry of SageMaker, as the desk sees it."""

    def __init__(self) -> None:
        self.decided: list[tuple[str, str]] = []

    def decide(self, package, verdict, description) -> None:
        self.decided.append((package, verdict))


def desk(s3: S3, packages: Packages, *developers: str) -> SignOffDesk:
    profile = load()
    model = profile.models[MODEL]
    inventory = msgspec.structs.replace(
        model.inventory, developer="Ana", developer_users=developers
    )
    models = profile.models | {MODEL: msgspec.structs.replace(model, inventory=inventory)}
    profile = msgspec.structs.replace(profile, models=models)
    registry = SignOffRegistry(packages, Challengers(s3, "data"), "s3://data/")
    endpoints = LiveEndpoints(endpoint("InService", "v1"))
    return SignOffDesk(registry, profile, endpoints, ModelBucket(s3, "models"), NOW)


def person(name: str, *roles: Role) -> Person:
    return Person("1", name, frozenset(roles))


@pytest.fixture
def waiting() -> S3:
    s3 = S3({})
    Challengers(s3, "data").ask(Waiting(CHALLENGER, "arn", NOW))
    return s3


@pytest.mark.parametrize(
    "who",
    [
        person("risk", Role.RISK, Role.OPERATOR),
        person("ana", Role.RISK),  # the inventory's developer is Ana; names have no case
        person("Bank_Eva", Role.RISK),
    ],
)
def test_who_trains_or_developed_the_model_signs_nothing_off(waiting, who):
    packages = Packages()
    with pytest.raises(SamePerson):
        desk(waiting, packages, "bank_eva ").sign_off(MODEL, CHALLENGER.id, ACTA, who)

    assert packages.decided == []
    assert Challengers(waiting, "data").sign_off(MODEL, CHALLENGER.id) is None


def test_another_person_finishes_what_a_fault_cut_off(waiting):
    packages = Packages()
    first = desk(waiting, packages).sign_off(MODEL, CHALLENGER.id, ACTA, person("eva", Role.RISK))
    again = desk(waiting, packages).sign_off(MODEL, CHALLENGER.id, ACTA, person("leo", Role.RISK))

    assert first == again
    assert first["signOff"]["by"] == {"sub": "1", "username": "eva"}
    assert packages.decided == [("arn", "APPROVE"), ("arn", "APPROVE")]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("", b""),  # a folder, as S3's console makes one
        ("v3-1/signed.json", b"{}"),
        ("v4-1/asked.json", b"{}"),
        ("v5-1/asked.json", b"not JSON"),
    ],
)
def test_an_object_that_is_no_challenger_is_left_out(waiting, name, body):
    waiting.objects[f"credit/signOffs/{MODEL}/{name}"] = body
    found = desk(waiting, Packages()).overview()["models"][MODEL]

    assert [one["id"] for one in found] == [CHALLENGER.id]
