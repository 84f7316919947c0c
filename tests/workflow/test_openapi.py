"""Answers of the served bank, beside the description that it serves."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import msgspec
import pytest
import requests
from jsonschema import Draft202012Validator

from bank.first_run import body_of
from chalicelib.http.openapi.operations import OPERATIONS
from chalicelib.models.challengers import Challenger
from chalicelib.services import services
from infrastructure.first_models.first_model_steps import scheduled_event
from tests.workflow.conftest import API_KEY, reversioned
from tests.workflow.test_reviews import NO

BY_NAME = {one.name: one for one in OPERATIONS}
ERASED = "described-erased"


@pytest.fixture(scope="module")
def description(served) -> dict[str, Any]:
    return dict(requests.get(f"{served.url}/openapi.json", timeout=30).json())


@pytest.fixture(scope="module")
def answers(served, desk, loans) -> dict[str, requests.Response]:
    """An answer of each operation, by its name; of those with a body, to real applications."""
    asked = [body_of(loan) | {"clientId": f"described-{n}"} for n, loan in enumerate(loans[:60])]
    decided = {body["clientId"]: served.post(body) for body in asked}
    by_verdict = {one.json()["decision"]: one.json() for one in decided.values()}
    approved, waiting = by_verdict["APPROVE"], by_verdict["REVIEW"]
    yes, case = place(approved), place(waiting)
    erased = asked[0] | {"clientId": ERASED}
    served.post(erased)
    claim = desk.ask("reviewer", "POST", f"{case}/review/claim")
    release = desk.ask("reviewer", "POST", f"{case}/review/release")
    verdicts = [desk.ask(who, "POST", f"{case}/review", json=NO) for who in
                ("reviewer", "second-reviewer")]  # fmt: skip
    decision = desk.ask("risk", "GET", "/policies").json()["deployed"]
    policy = desk.ask("risk", "GET", f"/policies/{decision}").json()["policy"]["decision"]
    later = datetime.now(UTC) + timedelta(days=30)
    draft = desk.ask("risk", "POST", "/policies", json={
        "policy": {"decision": policy | {"approve_from": 562.0}}, "reason": "A description.",
        "effectiveFrom": f"{later:%Y-%m-%dT00:00:00Z}"})  # fmt: skip
    large = asked[5]["application"] | {"amount": 1_200_000, "employees": 40}
    offered = served.post(asked[5] | {"clientId": "described-offer", "application": large}).json()
    offer = served.get(f"{place(offered)}/offer")
    of_draft = f"/policy-drafts/{draft.json()['id']}"
    challenger = Challenger("Tradicional", "v0", "none", "0", "v00")
    services().registry.ask(challenger, "s3://none/none", datetime.now(UTC))
    signed = desk.ask("risk", "POST", f"/challengers/Tradicional/{challenger.id}/sign-off",
                      json={"verdict": "REFUSE", "reason": "A description."})  # fmt: skip
    return {
        "predict": decided[approved["clientId"]],
        "listDecisions": served.get("/decisions"),
        "listPredictions": served.get(f"/predictions/{approved['clientId']}"),
        "getPrediction": served.get(case),
        "reportOutcome": served.post(
            {"outcome": "paid", "when": approved["createdAt"][:10]}, f"{yes}/outcome"
        ),
        "findChange": served.get(f"{case}/change"),
        "findOffer": offer,
        "takeOffer": served.post(
            {"takenAmount": offer.json()["largestAmount"]}, f"{place(offered)}/offer"
        ),
        "tryChanges": desk.ask("risk", "POST", f"{case}/trial", json={"changes": {}}),
        "replay": desk.ask("auditor", "GET", f"{case}/replay"),
        "getEvidence": evidence_of(desk, yes),
        "getProduct": desk.ask("operator", "GET", "/product"),
        "explain": served.get(f"{case}/explanation"),
        "claimReview": claim,
        "releaseReview": release,
        "review": verdicts[0],
        "contest": served.post({"text": "It is wrong."}, f"{case}/contest"),
        "postBatch": served.post({"format": "csv", "bytes": 10}, "/batches"),
        "getBatch": a_batch(served, asked[0] | {"clientId": "described-batch"}),
        "listReviews": desk.ask("reviewer", "GET", "/reviews?limit=100"),
        "getPortfolio": desk.ask("risk", "GET", "/portfolio"),
        "listPolicies": desk.ask("risk", "GET", "/policies"),
        "getPolicy": desk.ask("risk", "GET", f"/policies/{decision}"),
        "draftPolicy": draft,
        "getSwapSet": desk.ask("risk", "GET", f"{of_draft}/swap-set?decisions=10"),
        "approvePolicy": desk.ask("risk", "POST", f"{of_draft}/approval"),
        "rollPolicyBack": desk.ask("operator", "POST", "/policy-rollback", json={
            "policy": decision, "reason": "A description."}),
        "eraseClient": desk.ask("operator", "DELETE", f"/clients/{ERASED}",
                                params={"reason": "CLIENT_REQUEST"}),
        "listModels": served.get("/models"),
        "listChallengers": desk.ask("auditor", "GET", "/challengers"),
        "signOff": signed,
        **of_a_model(served, desk),
        "getReady": served.get("/ready"),
    }  # fmt: skip


def evidence_of(desk, decided):
    """The pack of a decision, anchored as if it were days later: alarms' tests anchor two days."""
    event = scheduled_event(datetime.now(UTC) + timedelta(days=5))
    function = {"FunctionName": "appvengers-dev-anchorEvidence"}
    boto3.client("lambda").invoke(**function, Payload=json.dumps(event))
    return desk.ask("auditor", "GET", f"{decided}/evidence")


def of_a_model(served, desk):
    """The answers about a version that is uploaded, and about the champion that comes back."""
    at, version = "/models/NetworkingAccelerator", "20430101T000000"
    champion = desk.ask("risk", "GET", f"{at}/history").json()["inService"]
    body = reversioned(served.artifact("NetworkingAccelerator"), version)
    asked = {"version": version, "bytes": len(body), "reason": "A description."}
    digest = {"sha256": hashlib.sha256(body).hexdigest()}
    upload = desk.ask("operator", "POST", f"{at}/artifacts", json=asked | digest)
    to = upload.json()["upload"]
    requests.put(to["url"], data=body, headers=to["headers"], timeout=30)
    served.bank.cloud.idle(60)
    back = {"version": champion, "reason": "A description."}
    found = {
        "uploadArtifact": upload,
        "getModelVersion": desk.ask("risk", "GET", f"{at}/versions/{version}"),
        "getModelCard": desk.ask("risk", "GET", f"{at}/versions/{version}/card"),
        "rollModelBack": desk.ask("operator", "POST", f"{at}/rollback", json=back),
    }
    served.bank.cloud.idle(60)
    return found | {"getModelHistory": desk.ask("auditor", "GET", f"{at}/history")}


def a_batch(served, body):
    """A batch that was decided."""
    file = json.dumps(body).encode()
    new = served.post({"format": "jsonl", "bytes": len(file)}, "/batches").json()
    upload, one = new["upload"], {"batchId": new["batchId"]}
    requests.put(upload["url"], data=file, headers=upload["headers"], timeout=30)
    served.post(one, "/batches")
    served.bank.cloud.idle(60)
    return served.get(f"/batches/{new['batchId']}")


def place(one: dict[str, Any]) -> str:
    return f"/predictions/{one['clientId']}/{one['predictionId']}"


@pytest.mark.parametrize("name", BY_NAME)
def test_each_answer_is_what_its_type_says_and_no_field_more(answers, description, name):
    answer, operation = answers[name], BY_NAME[name]
    assert answer.status_code == 200, answer.text
    schema = {"$ref": f"#/components/schemas/{operation.answer.__name__}"}
    schema |= {"components": description["components"]}
    faults = [one.message for one in Draft202012Validator(schema).iter_errors(answer.json())]

    assert faults == []
    typed = msgspec.convert(answer.json(), operation.answer)
    assert msgspec.to_builtins(typed) == answer.json()


def test_it_is_served_without_a_key_and_not_again_to_whoever_has_it(served):
    first = requests.get(f"{served.url}/openapi.json", timeout=30)
    again, any_at_all = (
        requests.get(f"{served.url}/openapi.json", headers={"If-None-Match": known}, timeout=30)
        for known in (f'"another", {first.headers["ETag"]}', "*")
    )

    assert (first.status_code, first.headers["Content-Type"]) == (200, "application/json")
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Length" not in again.headers  # it would be that of the 200
    assert any_at_all.status_code == 304
    assert requests.head(f"{served.url}/openapi.json", timeout=30).status_code == 200


def test_its_tag_is_weak_as_it_is_that_of_each_coding(served):
    """RFC 9110: a strong tag is of one sequence of bytes alone."""
    url = f"{served.url}/openapi.json"
    plain, packed = (
        requests.get(url, headers={"Accept-Encoding": coding}, timeout=30)
        for coding in ("identity", "gzip")
    )
    headers = {"Accept-Encoding": "gzip", "If-None-Match": plain.headers["ETag"]}
    again = requests.get(url, headers=headers, timeout=30)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert plain.content == packed.content  # which requests decompresses
    assert int(packed.headers["Content-Length"]) * 8 < len(plain.content)
    assert plain.headers["ETag"] == packed.headers["ETag"]
    assert plain.headers["ETag"].startswith('W/"')
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Encoding" not in again.headers
    for answer in (plain, packed, again):
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_its_example_is_decided(served, description):
    body = description["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    headers = {"x-api-key": API_KEY}
    for one in body["examples"].values():
        answer = requests.post(
            f"{served.url}/predict", json=one["value"], headers=headers, timeout=30
        )
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("client", ["%23erasures", "erased%23ab", "null%2Cnull", "x" * 65, "-x"])
def test_a_path_with_what_is_no_client_asks_no_table(served, client):
    page = served.get(f"/predictions/{client}", **{"Accept-Language": "en"})
    one = served.get(f"/predictions/{client}/{'0' * 32}")

    assert (page.status_code, page.json()["errors"][0]["field"]) == (400, "clientId")
    assert (one.status_code, one.json()["type"]) == (404, "urn:problem:prediction-not-found")


@pytest.mark.parametrize(
    "name", ["0" * 31, "0" * 33, "done%232026", "x" * 2_000, "idempotency%23a"]
)
def test_a_path_with_what_is_no_prediction_is_not_found(served, name):
    for more in ("", "/change", "/offer", "/explanation"):
        answer = served.get(f"/predictions/somebody/{name}{more}")
        assert (answer.status_code, answer.json()["type"][12:]) == (404, "prediction-not-found")


@pytest.mark.parametrize("share", [5e-324, 1.1e-308, 9.9e-131, 1e-130])
def test_a_number_too_small_for_the_table_is_decided_and_stored(served, loans, share):
    body = body_of(loans[0])
    body["application"] = body["application"] | {"guaranteeShare": share}
    answer = served.post(body)

    assert answer.status_code == 200, answer.text
    stored = served.get(place(answer.json())).json()["application"]["guaranteeShare"]
    assert stored == (share if share >= 1e-130 else 0)
