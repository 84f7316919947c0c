"""reentrenamiento: a week's snapshot to challengers that take over, and the whole story told."""

import hashlib
import json
import math
from datetime import UTC, datetime
from typing import Any

import boto3
import msgspec
import pandas as pd
import pytest

from bank.demo_users.demo_people import token_with
from chalicelib.foundation.errors import ArtifactChanged, ChampionChanged
from chalicelib.models.challengers import Challenger, Signer, SignOff
from chalicelib.people.access import Role
from chalicelib.profile import load
from chalicelib.retraining import promotion
from chalicelib.services import services
from infrastructure.deploy.steps import user_pool
from tests.workflow import retraining
from tests.workflow.conftest import changed
from tests.workflow.retraining import DATA, MODELS

VERSION = "20310101T000000"
SIGNED = "20310201T000000"
ACTA = {"verdict": "APPROVE", "reason": "Comité de riesgos, acta 12"}


@pytest.fixture(scope="module")
def decided(served, loans) -> pd.DataFrame:
    """Real decisions of the bank, as collectSnapshot writes them."""
    rows = []
    for number, loan in enumerate(loans[:40]):
        answer = served.predict(loan)
        kept = ("status", "probabilityOfDefault", "unseen")
        models = {
            name: {part: model[part] for part in kept if part in model}
            for name, model in answer["models"].items()
        }
        rows.append(
            {
                "predictionId": answer["predictionId"],
                "application": json.dumps(loan["application"]),
                "models": json.dumps(models),
                "outcome": None if number % 2 else "paid",
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def story(served, sample, decided):
    """An execution that has ended: honest challengers on the champions' own snapshot."""
    before = retraining.champions(served)
    with retraining.source():
        retraining.put_snapshot(VERSION, sample.snapshot())
        retraining.put_decisions(VERSION, decided)
        arn = retraining.start(served, VERSION)
        described = retraining.ended(served, arn)
    yield {"arn": arn, "before": before, **described}
    retraining.forget(VERSION)


def test_an_honest_challenger_takes_over(served, story):
    assert story["status"] == "SUCCEEDED", story
    told = {one["model"]: one["verdict"] for one in json.loads(story["output"])["models"]}
    live = served.get("/models").json()["models"]

    assert told == dict.fromkeys(MODELS, "promoted")
    assert {name: live[name]["version"] for name in MODELS} == dict.fromkeys(MODELS, VERSION)


def test_the_execution_tells_the_whole_story(story):
    output = json.loads(story["output"])
    history = boto3.client("stepfunctions").get_execution_history(
        executionArn=story["arn"], maxResults=1000
    )["events"]
    entered = [e["stateEnteredEventDetails"]["name"] for e in history if "Entered" in e["type"]]

    assert {"version", "snapshot", "rows", "bads", "newRows", "newBads", "models"} == output.keys()
    for one in output["models"]:
        assert {"model", "version", "verdict", "reasons", "report"} <= one.keys()
        assert one["champion"] == story["before"][one["model"]]["version"]
    for state in ("TrainChallenger", "CompareWithChampion", "evaluateModel", "promoteModel"):
        assert entered.count(state) == len(MODELS)


def test_the_same_model_again_differs_by_nothing(story):
    for one in json.loads(story["output"])["models"]:
        facts = report_of(one)["facts"]
        assert facts["aucDifference"] == {"value": 0, "low": 0, "high": 0}
        assert facts["challenger"] == facts["champion"]
        assert facts["holdout"]["from"] > max(facts["learntUntil"].values())
        assert facts["rows"] > 1000


def report_of(one: dict) -> dict:
    return json.loads(content(one["report"].replace(".html", ".json")))


def content(url: str) -> str:
    key = url.removeprefix(f"s3://{DATA}/")
    return boto3.client("s3").get_object(Bucket=DATA, Key=key)["Body"].read().decode()


def test_a_promotion_comes_with_its_swap_set(served, story, decided):
    for one in json.loads(story["output"])["models"]:
        swaps = report_of(one)["swapSet"]
        assert swaps["decisions"] + swaps["leftOut"] == len(decided)
        assert swaps["yesToNo"]["count"] == swaps["noToYes"]["count"] == 0
    promoted = [
        notice.message
        for notice in served.bank.cloud.notices
        if notice.subject == "Modelo promovido" and VERSION in notice.message
    ]
    assert len(promoted) == len(MODELS)
    assert all("De 40 decisiones recientes:" in message for message in promoted)


def test_what_the_challenger_says_is_what_its_endpoint_says(served, story, loans, decided):
    lines = content(f"s3://{DATA}/credit/reports/{VERSION}/{MODELS[2]}/decisions.jsonl").split("\n")
    said = {one["predictionId"]: one["challenger"] for one in map(json.loads, lines[:-1])}
    answered = served.predict(loans[0])["models"][MODELS[2]]["probabilityOfDefault"]

    assert len(said) == len(decided)
    logit = said[decided["predictionId"][0]]
    assert 1 / (1 + math.exp(-logit)) == pytest.approx(answered, abs=1e-9)


def test_the_report_is_a_page_that_needs_no_network_and_names_no_client(story, loans):
    for one in json.loads(story["output"])["models"]:
        page = content(one["report"])
        assert page.startswith("<!doctype html>")
        assert not any(word in page for word in ("http://", "https://", "<script", "<link"))
        assert all(loan["clientId"] not in page for loan in loans[:40])
        assert "De sí a no" in page


def test_a_snapshot_without_news_trains_nothing(served, sample):
    version = "20310102T000000"
    with retraining.source():
        retraining.put_snapshot(version, sample.snapshot().head(1), new_rows=0)
        described = retraining.ended(served, retraining.start(served, version))
    retraining.forget(version)

    assert json.loads(described["output"])["models"] == []
    assert [*served.bank.cloud.notices][-1].subject == "Sin datos nuevos para reentrenar"


def test_one_that_was_compared_with_another_is_told_with_that_and_is_not_promoted(
    served, sample, story
):
    """Somebody deployed a version while it was trained."""
    version = "20310103T000000"
    known = retraining.champions(served)[MODELS[0]] | {"version": "20010101T000000"}
    with retraining.source():
        retraining.put_snapshot(version, sample.snapshot())
        arn = retraining.start(served, version, (MODELS[0],), known={MODELS[0]: known})
        found = retraining.outcome(served, arn)[MODELS[0]]
    retraining.forget(version)
    told = [*served.bank.cloud.notices][-1]

    assert (found["verdict"], found["reasons"]) == ("failed", ["ChampionChanged"])
    assert told.subject == "Reentrenamiento fallido"
    assert "se comparó con 20010101T000000" in told.message
    assert "sigue en servicio" not in told.message


@pytest.fixture(scope="module")
def pending(served, sample, story):
    """What waits for a person after a retraining with `sign_off = true`."""
    using = services()
    before = using.profile
    gate = msgspec.structs.replace(before.gate, sign_off=True)
    using.profile = msgspec.structs.replace(before, gate=gate)
    with retraining.source():
        retraining.put_snapshot(SIGNED, sample.snapshot())
        arn = retraining.start(served, SIGNED, (MODELS[0],))
        found = retraining.outcome(served, arn)[MODELS[0]]
    retraining.forget(SIGNED)
    using.profile = before
    return found


def in_service(served) -> str:
    return str(served.get("/models").json()["models"][MODELS[0]]["version"])


def challengers(desk) -> list[dict[str, Any]]:
    return list(desk.ask("auditor", "GET", "/challengers").json()["models"][MODELS[0]])


def place(challenger: str) -> str:
    return f"/challengers/{MODELS[0]}/{challenger}/sign-off"


def set_status(served, package: str, status: str) -> list[str]:
    """Set a package's status as who may in IAM; return the subjects of what was told after it."""
    before = len([*served.bank.cloud.notices])
    boto3.client("sagemaker").update_model_package(
        ModelPackageArn=package, ModelApprovalStatus=status
    )
    served.bank.cloud.idle(60)
    return [notice.subject for notice in served.bank.cloud.notices][before:]


def test_with_sign_off_a_promotion_waits_for_a_person(served, desk, pending):
    (waiting,) = challengers(desk)

    assert pending["verdict"] == "pending"
    assert [*served.bank.cloud.notices][-1].subject == "Modelo por aprobar"
    assert (waiting["version"], waiting["champion"], waiting["signOff"]) == (SIGNED, VERSION, None)
    assert in_service(served) == VERSION


def test_what_waits_has_its_card_and_its_verdict_is_in_the_history(desk, pending):
    at = f"/models/{MODELS[0]}"
    card = desk.ask("risk", "GET", f"{at}/versions/{SIGNED}/card").json()
    told = desk.ask("risk", "GET", f"{at}/history").json()
    verdicts = {one["version"]: one for one in told["events"] if "reasons" in one}

    assert (card["model"], card["version"]) == (MODELS[0], SIGNED)
    assert (verdicts[SIGNED]["kind"], verdicts[SIGNED]["reasons"]) == ("PASSED", [])
    assert told["inService"] == VERSION
    assert SIGNED not in told["versions"]


def test_who_may_approve_in_sagemaker_alone_promotes_nothing(served, pending):
    assert set_status(served, pending["package"], "Approved") == ["Modelo rechazado"]
    assert in_service(served) == VERSION


def test_who_trains_does_not_sign_off(served, desk, pending):
    (waiting,) = challengers(desk)
    pool = user_pool.of_stage(boto3.client("cloudformation"), served.bank.settings)
    aws = f"http://127.0.0.1:{served.bank.cloud.serve_aws(0)}"
    desk.tokens["both"] = token_with(pool, aws, "trains-and-signs", [Role.RISK, Role.OPERATOR])
    answers = [desk.ask(who, "POST", place(waiting["id"]), json=ACTA)
               for who in ("operator", "auditor", "both")]  # fmt: skip

    kinds = [(one.status_code, one.json()["type"].rpartition(":")[2]) for one in answers]
    assert kinds == [(403, "role-missing"), (403, "role-missing"), (403, "same-person")]
    assert challengers(desk) == [waiting]


def test_a_sign_off_that_is_wrong_or_of_nothing_keeps_nothing(desk, pending):
    (waiting,) = challengers(desk)
    wrong = desk.ask("risk", "POST", place(waiting["id"]), json={"verdict": "YES", "by": "me"})
    none = [desk.ask("risk", "POST", place(one), json=ACTA) for one in ("none", "%2E%2E", "é" * 90)]
    other = desk.ask("risk", "POST", f"/challengers/Other/{waiting['id']}/sign-off", json=ACTA)

    assert [one["field"] for one in wrong.json()["errors"]] == ["by", "verdict", "reason"]
    assert {(one.status_code, one.json()["type"]) for one in (*none, other)} == {
        (404, "urn:problem:challenger-not-found")
    }
    assert challengers(desk) == [waiting]


def test_a_person_of_risk_promotes_it_and_the_first_verdict_counts(served, desk, pending):
    (waiting,) = challengers(desk)
    before = len([*served.bank.cloud.notices])
    signed = desk.ask("risk", "POST", place(waiting["id"]), json=ACTA)
    served.bank.cloud.idle(60)
    again = desk.ask("risk", "POST", place(waiting["id"]), json=ACTA)
    served.bank.cloud.idle(60)
    refuse = {"verdict": "REFUSE", "reason": "Too late."}
    another = desk.ask("second-risk", "POST", place(waiting["id"]), json=ACTA)
    refused = desk.ask("risk", "POST", place(waiting["id"]), json=refuse)
    served.bank.cloud.idle(60)

    subjects = [notice.subject for notice in served.bank.cloud.notices][before:]
    assert subjects == ["Modelo promovido", "Modelo en despliegue", "Modelo en servicio"]
    assert in_service(served) == SIGNED
    assert (signed.json()["promoted"], again.json()["promoted"]) == (False, True)
    assert again.json() == another.json() == challengers(desk)[0]
    kept = signed.json()["signOff"]
    assert (kept["verdict"], kept["reason"]) == ("APPROVE", ACTA["reason"])
    assert kept["by"] == desk.kept("risk")
    assert refused.json()["type"] == "urn:problem:sign-off-conflict"


def test_a_refused_challenger_is_not_promoted(served, desk, story):
    challenger = Challenger(MODELS[0], "v0", "none", "0", "v00")
    package = services().registry.ask(challenger, f"s3://{DATA}/none", datetime.now(UTC))
    refuse = {"verdict": "REFUSE", "reason": "Its holdout is too small."}
    answer = desk.ask("risk", "POST", place(challenger.id), json=refuse)

    assert answer.json()["signOff"]["verdict"] == "REFUSE"
    described = boto3.client("sagemaker").describe_model_package(ModelPackageName=package)
    assert described["ModelApprovalStatus"] == "Rejected"
    assert set_status(served, package, "Approved") == ["Modelo rechazado"]


def test_one_that_waits_or_was_refused_is_not_deployed_by_hand(served, story):
    """Whoever may write to the model bucket can't go around the sign-off."""
    before = len([*served.bank.cloud.notices])
    for version in ("v0", "v00"):
        challenger = Challenger(MODELS[0], version, "none", "0", "v")
        services().registry.ask(challenger, f"s3://{DATA}/none", datetime.now(UTC))
        served.upload(f"appvengers/{MODELS[0]}/{version}/model.tar.gz", b"")
    told = [notice.message for notice in served.bank.cloud.notices][before:]

    assert ["Espera la firma de riesgos" in message for message in told] == [True, True]


def test_an_approval_that_comes_again_or_too_late_changes_nothing(served, desk, pending):
    """Too late: what it was compared with does not answer any more."""
    challenger = Challenger(MODELS[0], "v1", "none", "0", "v0")
    late = services().registry.ask(challenger, f"s3://{DATA}/none", datetime.now(UTC))
    refused = desk.ask("risk", "POST", place(challenger.id), json=ACTA)
    signed = SignOff("APPROVE", "Acta 12.", "then", Signer("1", "risk"), "0")  # in time
    kept = services().registry.challengers.sign_off(challenger.model, challenger.id)
    services().registry.challengers.sign(challenger, signed)

    assert (refused.status_code, kept) == (409, None)
    assert "v0" in refused.json()["detail"]
    assert set_status(served, pending["package"], "Approved") == []
    assert set_status(served, late, "Approved") == ["Modelo rechazado"]
    assert in_service(served) == SIGNED


def test_an_approval_that_comes_again_after_a_rollback_does_not_undo_it(served, pending):
    services().models.arrive_again(MODELS[0], VERSION)
    served.bank.cloud.idle(30)

    assert set_status(served, pending["package"], "Approved") == []
    assert in_service(served) == VERSION


def test_a_package_that_is_registered_again_is_the_same_package(served, story):
    registry, url, now = services().registry, f"s3://{DATA}/n", datetime.now(UTC)
    challenger = Challenger(MODELS[2], "v1", "none", "0", "v0")
    first, again = [registry.ask(challenger, url, now) for _ in "12"]
    other = registry.ask(msgspec.structs.replace(challenger, sha256="1"), url, now)

    assert first == again != other


def test_a_package_that_is_rejected_or_still_waits_promotes_nothing(served, story):
    using, registry = services(), services().registry
    challenger = Challenger(MODELS[1], "v1", "none", "0", "v0")
    arn = registry.ask(challenger, f"s3://{DATA}/none", datetime.now(UTC))
    before = len([*served.bank.cloud.notices])
    parts = (using.retraining_files, registry, using.endpoints, using.models, using.topic)
    promotion.approved(arn, *parts)

    assert len([*served.bank.cloud.notices]) == before
    assert set_status(served, arn, "Rejected") == []
    assert registry.approved(arn) is None


def parts_of_promotion() -> tuple:
    using = services()
    return using.retraining_files, using.registry, using.endpoints, using.models


def test_what_was_changed_after_its_evaluation_is_not_promoted(served, story):
    output = json.loads(story["output"])["models"][0]
    key = f"training/jobs/{output['job']}/output/model.tar.gz"
    body = boto3.client("s3").get_object(Bucket=DATA, Key=key)["Body"].read()
    retraining.put(key, changed(body, card__html=b"another"))
    event = {"model": MODELS[0], "version": VERSION, "job": output["job"], "sha256": "0" * 64}

    with pytest.raises(ArtifactChanged, match="not the one that was evaluated"):
        promotion.promote(event, load(), *parts_of_promotion(), datetime.now(UTC))


def test_a_challenger_is_not_promoted_over_what_it_was_not_compared_with(served, story):
    job = json.loads(story["output"])["models"][1]["job"]
    body = services().retraining_files.artifact(job)
    event = {
        "model": MODELS[1], "version": "20400101T000000", "job": job, "champion": "another",
        "sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip

    with pytest.raises(ChampionChanged, match="not compared"):
        promotion.promote(event, load(), *parts_of_promotion(), datetime.now(UTC))
