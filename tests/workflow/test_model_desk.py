"""People upload artifacts, watch them, and roll models back, through the API alone."""

import hashlib
import json
import time

import boto3
import pytest
import requests

from tests.workflow.conftest import changed, manifest_of, reversioned

MODEL = "NetworkingAccelerator"
PLACE = f"/models/{MODEL}"
REASON = "Un reentrenamiento a mano."
ENGLISH = {"Accept-Language": "en"}


def asked(body: bytes, version: str) -> dict:
    digest = hashlib.sha256(body).hexdigest()
    return {"version": version, "bytes": len(body), "sha256": digest, "reason": REASON}


def announced(desk, body: bytes, version: str) -> dict:
    answer = desk.ask("operator", "POST", f"{PLACE}/artifacts", json=asked(body, version))
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(upload: dict, body: bytes, **other) -> requests.Response:
    return requests.put(upload["url"], data=body, headers=upload["headers"] | other, timeout=30)


def standing(desk, version: str, role: str = "auditor") -> dict:
    return desk.ask(role, "GET", f"{PLACE}/versions/{version}").json()


def settled(desk, version: str) -> dict:
    deadline = time.monotonic() + 60
    while (found := standing(desk, version))["state"] in ("WAITING", "VERIFIED", "DEPLOYING"):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    desk.served.bank.cloud.idle(30)
    return found


def uploaded(desk, body: bytes, version: str) -> dict:
    assert put(announced(desk, body, version)["upload"], body).status_code == 200
    return settled(desk, version)


def history(desk) -> dict:
    return desk.ask("risk", "GET", f"{PLACE}/history").json()


def evidence(served, prefix: str) -> list[dict]:
    s3, bucket = boto3.client("s3"), served.bank.settings.data_bucket
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    return [json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]) for key in keys]


@pytest.fixture(scope="module")
def body(served):
    return served.artifact(MODEL)


def test_an_upload_is_verified_deployed_and_recorded(served, desk, body, loans):
    version = "20410101T000000"
    archive = reversioned(body, version)
    before = served.get("/models").json()["models"][MODEL]["version"]
    first = announced(desk, archive, version)
    assert (first["state"], first["refusal"], first["verifiedAt"]) == ("WAITING", None, None)
    assert put(first["upload"], archive).status_code == 200
    found = settled(desk, version)

    assert found["state"] == "IN_SERVICE"
    assert (found["endpoint"]["status"], found["endpoint"]["version"]) == ("InService", version)
    assert found["deployment"] is None
    assert found["verifiedAt"] >= found["act"]["at"]
    assert served.predict(loans[0])["models"][MODEL]["version"] == version
    act = evidence(served, f"credit/modelActs/{MODEL}/")[-1]
    assert act == found["act"] == first["act"]
    assert act | {"id": ""} == {
        "id": "", "kind": "UPLOAD", "model": MODEL, "version": version, "at": act["at"],
        "by": desk.kept("operator"), "reason": REASON, "size": len(archive),
        "sha256": hashlib.sha256(archive).hexdigest(), "insteadOf": before,
    }  # fmt: skip


def test_an_upload_that_is_announced_again_in_the_same_words_is_recorded_once(served, desk, body):
    version = "20410111T000000"
    archive = reversioned(body, version)

    def acts() -> list[dict]:
        found = evidence(served, f"credit/modelActs/{MODEL}/")
        return [one for one in found if one["version"] == version]

    first = announced(desk, archive, version)
    again = announced(desk, archive, version)  # its answer was lost
    assert (again["act"], again["state"]) == (first["act"], "WAITING")
    assert put(again["upload"], archive).status_code == 200
    assert settled(desk, version)["state"] == "IN_SERVICE"
    assert announced(desk, archive, version)["state"] == "IN_SERVICE"
    assert acts() == [first["act"]]
    other = asked(archive, version) | {"reason": "Otra vez."}
    assert desk.ask("operator", "POST", f"{PLACE}/artifacts", json=other).status_code == 200

    assert [one["reason"] for one in acts()] == [REASON, "Otra vez."]


def test_a_refused_upload_has_its_reason_and_changes_nothing(served, desk, body, loans):
    version = "20410102T000000"
    manifest = manifest_of(body) | {"version": version, "schema": "0" * 64}
    archive = changed(body, manifest__json=json.dumps(manifest).encode())
    before = served.predict(loans[0])["models"][MODEL]["version"]
    found = uploaded(desk, archive, version)

    assert found["state"] == "REFUSED"
    assert "otro perfil" in found["refusal"]["reason"]
    english = desk.ask("auditor", "GET", f"{PLACE}/versions/{version}", headers=ENGLISH).json()
    assert "another profile" in english["refusal"]["reason"]
    assert served.predict(loans[0])["models"][MODEL]["version"] == before
    again = history(desk)["events"][:2]
    assert [one["kind"] for one in again] == ["REFUSED", "UPLOAD"]
    assert again[0]["reason"] == found["refusal"]["reason"]


def test_a_refused_version_is_asked_for_again_and_comes(desk, body):
    version = "20410103T000000"
    assert uploaded(desk, reversioned(body, "other"), version)["state"] == "REFUSED"
    archive = reversioned(body, version)
    assert announced(desk, archive, version)["state"] == "WAITING"
    assert uploaded(desk, archive, version)["state"] == "IN_SERVICE"


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda body: (body + b"0", {}), 403),  # another size
        (lambda body: (body[:-1] + b"0", {}), 400),  # another content of this size
        (lambda body: (body, {"Content-Type": "text/html"}), 403),
        (lambda body: (body, {"x-amz-checksum-sha256": "a" * 43 + "="}), 403),
        (lambda body: (body, {"x-amz-meta-a": "b"}), 403),
    ],
    ids=["size", "content", "type", "checksum", "metadata"],
)
def test_an_address_takes_what_was_announced_alone(served, desk, body, spoil, status):
    version = "20410104T000000"
    archive = reversioned(body, version)
    sent, headers = spoil(archive)
    upload = announced(desk, archive, version)["upload"]
    headers = {"Content-Length": str(len(sent)), **headers}

    assert put(upload, sent, **headers).status_code == status
    served.bank.cloud.idle(30)
    assert standing(desk, version)["state"] == "WAITING"


def test_a_rollback_brings_the_former_version_back_and_is_recorded(served, desk, body, loans):
    for version in ("20410105T000000", "20410106T000000"):
        uploaded(desk, reversioned(body, version), version)
    shown = history(desk)
    assert (shown["inService"], shown["former"]) == ("20410106T000000", "20410105T000000")
    back = {"version": shown["former"], "reason": "Rechaza a los buenos."}
    answer = desk.ask("operator", "POST", f"{PLACE}/rollback", json=back)
    assert answer.status_code == 200, answer.text
    found = settled(desk, "20410105T000000")

    assert (found["state"], found["act"]["kind"]) == ("IN_SERVICE", "ROLLBACK")
    assert served.predict(loans[0])["models"][MODEL]["version"] == "20410105T000000"
    act = evidence(served, f"credit/modelActs/{MODEL}/")[-1]
    assert (act["kind"], act["by"]) == ("ROLLBACK", desk.kept("operator"))
    assert (act["reason"], act["insteadOf"]) == (back["reason"], "20410106T000000")
    kinds = [one["kind"] for one in history(desk)["events"][:4]]
    assert kinds == ["IN_SERVICE", "VERIFIED", "ROLLBACK", "IN_SERVICE"]


def test_a_rollback_whose_answer_was_lost_is_recorded_once(served, desk, body):
    for version in ("20410108T000000", "20410109T000000"):
        uploaded(desk, reversioned(body, version), version)
    back = {"version": "20410108T000000", "reason": "Rechaza a los buenos, otra vez."}
    first = desk.ask("operator", "POST", f"{PLACE}/rollback", json=back).json()
    on_its_way = desk.ask("operator", "POST", f"{PLACE}/rollback", json=back)
    settled(desk, back["version"])
    done = desk.ask("operator", "POST", f"{PLACE}/rollback", json=back)
    other = desk.ask("operator", "POST", f"{PLACE}/rollback", json=back | {"reason": "Otra."})
    acts = evidence(served, f"credit/modelActs/{MODEL}/")

    assert (on_its_way.status_code, done.status_code) == (200, 200)
    assert [one.json()["act"] for one in (on_its_way, done)] == [first["act"]] * 2
    assert done.json()["state"] == "IN_SERVICE"
    assert [one["reason"] for one in acts].count(back["reason"]) == 1
    assert other.json()["type"] == "urn:problem:model-act-conflict"


def test_what_answers_is_not_rolled_back_to_nor_what_was_never_accepted(served, desk):
    live = history(desk)["inService"]
    ask = {"version": live, "reason": REASON}
    same = desk.ask("operator", "POST", f"{PLACE}/rollback", json=ask)
    none = desk.ask("operator", "POST", f"{PLACE}/rollback", json=ask | {"version": "20990101"})
    acts = len(evidence(served, f"credit/modelActs/{MODEL}/"))

    assert (same.status_code, same.json()["type"]) == (409, "urn:problem:model-act-conflict")
    assert none.json()["type"] == "urn:problem:model-version-not-found"
    assert len(evidence(served, f"credit/modelActs/{MODEL}/")) == acts


@pytest.mark.parametrize("role", ["analyst", "reviewer", "risk", "auditor"])
@pytest.mark.parametrize("route", ["artifacts", "rollback"])
def test_only_an_operator_uploads_and_rolls_back(desk, body, role, route):
    answer = desk.ask(role, "POST", f"{PLACE}/{route}", json=asked(body, "20410107T000000"))

    assert (answer.status_code, answer.json()["type"]) == (403, "urn:problem:role-missing")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"version": "../../verified/x"}, "version"),
        ({"version": "v" * 60}, "version"),
        ({"version": 5}, "version"),
        ({"bytes": 0}, "bytes"),
        ({"bytes": 33_554_433}, "bytes"),
        ({"bytes": True}, "bytes"),
        ({"sha256": "A" * 64}, "sha256"),
        ({"sha256": None}, "sha256"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"key": "verified/a"}, "key"),
    ],
)
def test_a_wrong_field_of_an_upload_is_named(served, desk, body, wrong, field):
    answer = desk.ask("operator", "POST", f"{PLACE}/artifacts", json=asked(body, "v1") | wrong)

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_an_unknown_model_or_version_is_not_found(desk, body):
    paths = ("/models/Otro/history", f"{PLACE}/versions/v9", f"{PLACE}/versions/v9/card")
    answers = [desk.ask("auditor", "GET", path) for path in paths]
    answers.append(desk.ask("operator", "POST", "/models/Otro/artifacts", json=asked(body, "v1")))

    assert {(one.status_code, one.json()["type"]) for one in answers} == {
        (404, "urn:problem:model-version-not-found")
    }


def test_the_card_of_a_version_has_what_training_wrote(served, desk):
    shown = served.get("/models").json()["models"]["AppVengersAccelerator"]
    card = desk.ask(
        "risk", "GET", f"/models/AppVengersAccelerator/versions/{shown['version']}/card"
    ).json()

    assert card["metrics"] == shown["metrics"]
    assert card["intervals"] == shown["intervals"]
    assert {"auc", "gini", "ks", "brier"} <= card["intervals"].keys()
    assert (card["rows"], card["bads"]) == (shown["rows"], shown["bads"])
    assert {one["part"] for one in card["vintages"]} == {"training", "calibration", "holdout"}
    assert all({"es", "en"} == one.keys() for one in card["limits"])
    assert card["features"]


FACTS = b'<script type="application/json" id="facts">%s</script>'


@pytest.mark.parametrize(
    ("version", "page"),
    [
        ("20410201T000000", None),
        ("20410202T000000", b""),
        ("20410203T000000", b"<h1>nothing</h1>"),
        ("20410204T000000", FACTS % b'{"model": 1}'),
        ("20410205T000000", FACTS % (b"[" * 100_000)),
    ],
    ids=["no card", "empty", "no facts", "other facts", "an abyss"],
)
def test_a_version_without_a_readable_card_has_none(desk, body, version, page):
    archive = changed(body, card__html=page)
    manifest = manifest_of(body) | {"version": version}
    members = {name: one for name, one in manifest["members"].items() if name != "card.html"}
    if page is not None:
        members["card.html"] = hashlib.sha256(page).hexdigest()
    sealed = json.dumps(manifest | {"members": members}).encode()
    assert uploaded(desk, changed(archive, manifest__json=sealed), version)["state"] == "IN_SERVICE"
    answer = desk.ask("operator", "GET", f"{PLACE}/versions/{version}/card")

    assert answer.status_code == 404
