"""A request of each operation, about real applications."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import boto3
import requests

from bank.api_examples.example_recording import SECONDS, NoExample, Place, Recording
from bank.audit_steps.artifact_versions import of_version
from bank.embedded_bank import Bank
from bank.first_run import body_of
from chalicelib.governance.archive.archive_problems import NoPack
from chalicelib.models.challengers import Challenger
from chalicelib.profile import Profile
from chalicelib.services import services
from datasets import Case
from infrastructure.first_models.first_model_steps import scheduled_event

MOST_CASES = 200  # applications, among which each decision is looked for
PATIENCE_SECONDS = 120
FEW_FIELDS = "?limit=2&fields=predictionId,clientId,createdAt,decision,score"
REASON = "The losses of the last quarter."
UPLOAD_REASON = "A training by hand, without the loans of the flood."
ROLLBACK_REASON = "It declines too many of the small loans."

Body = dict[str, Any]
Ids = dict[str, str]


def record(bank: Bank, recording: Recording, profile: Profile, cases: Iterable[Case]) -> Ids:
    """Keep an example of each operation, and return the ids of what they are about."""
    bodies = [body_of(case) for case in islice(cases, MOST_CASES)]
    example = next(iter(profile.examples.values()), None)
    if example:
        bodies[0] = {"clientId": example.client_id, "application": example.application}
        bodies[0] |= {"consents": [*example.consents]} if example.consents else {}
    recording.ask("predict", body=bodies[0])
    recording.of("getHealth")["answer"] = recording.send("GET /health").json()
    _pending(bank, recording, bodies[1])
    approved, waiting = _found(recording, bodies, "APPROVE"), _found(recording, bodies, "REVIEW")
    _decisions(recording, approved, waiting)
    _evidence(bank, recording, approved)
    _changes(recording, bodies)
    _offer(recording, profile, bodies)
    ids = approved | _reviews(recording, profile, waiting) | _batch(bank, recording, bodies[2:4])
    ids |= _policies(recording) | _challengers(recording, next(iter(profile.models)))
    _model_acts(bank, recording, {"model": ids["model"]})
    erased = recording.send("POST /predict", bodies[4] | {"clientId": "a-client"}).json()
    recording.ask("eraseClient", {"clientId": erased["clientId"]}, query="?reason=CLIENT_REQUEST")
    for name in ("listModels", "getReady", "getProduct"):
        recording.ask(name)
    return ids


def _found(recording: Recording, bodies: list[Body], decision: str) -> Ids:
    """Send applications until one gets this decision, and return its ids."""
    for body in bodies:
        answer = recording.send("POST /predict", body).json()
        if answer["decision"] == decision:
            return {name: answer[name] for name in ("clientId", "predictionId")}
    raise NoExample(f"None of {len(bodies)} applications got {decision}: take another sample.")


def _pending(bank: Bank, recording: Recording, body: Body) -> None:
    for by in (None, "analyst"):
        answer = recording.send("POST /predict", body, by, Prefer="respond-async")
        if answer.status_code != 202:
            raise NoExample(f"POST /predict answered {answer.status_code}, not 202: {answer.text}")
        recording.of("predict")["pendingByPerson" if by else "pending"] = answer.json()
    bank.cloud.idle(PATIENCE_SECONDS)


def _decisions(recording: Recording, approved: Place, waiting: Place) -> None:
    recording.ask("listDecisions", query="?limit=2")
    recording.ask_for_csv("listDecisions", {}, FEW_FIELDS)
    recording.ask("listPredictions", approved, query="?limit=2")
    recording.ask_for_csv("listPredictions", approved, FEW_FIELDS)
    decided = recording.ask("getPrediction", waiting)
    paid = {"outcome": "paid", "when": decided["createdAt"][:10]}
    recording.ask("reportOutcome", approved, paid)
    for name in ("explain", "replay"):
        recording.ask(name, waiting)


def _evidence(bank: Bank, recording: Recording, decided: Place) -> None:
    """Ask for a decision's pack before and after its day is anchored, as if it were tomorrow."""
    place = f"/predictions/{decided['clientId']}/{decided['predictionId']}/evidence"
    recording.keep_problem(NoPack, recording.send(f"GET {place}", by="auditor"))
    event = scheduled_event(datetime.now(UTC) + timedelta(days=1))
    function = bank.settings.function("anchorEvidence")
    boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    recording.ask("getEvidence", decided)


def _changes(recording: Recording, bodies: list[Body]) -> None:
    """Look for an application that a change would have approved, and try that change."""
    for body in bodies:
        decided = recording.send("POST /predict", body).json()
        if decided["decision"] != "APPROVE":
            found = recording.ask("findChange", decided)["changes"]
            if found:
                changes = {one["feature"]: one["to"] for one in found}
                recording.ask("tryChanges", decided, {"changes": changes})
                return
    raise NoExample(f"No change would have approved one of {len(bodies)} applications.")


def _offer(recording: Recording, profile: Profile, bodies: list[Body]) -> None:
    """Ask for twice the amount of each application until one gets a counter-offer; take it."""
    amount = profile.offer.amount if profile.offer else ""
    for body in bodies if amount else ():
        doubled = body["application"] | {amount: 2 * body["application"][amount]}
        decided = recording.send("POST /predict", body | {"application": doubled}).json()
        if "predictionId" in decided and decided["decision"] != "APPROVE":
            offer = recording.ask("findOffer", decided)
            if offer["largestAmount"]:
                recording.keep_fault("takeOffer", decided, {})
                recording.ask("takeOffer", decided, {"takenAmount": offer["largestAmount"]})
                return
    raise NoExample("No application got a counter-offer: look at [offer] of credit.toml.")


def _reviews(recording: Recording, profile: Profile, case: Place) -> Ids:
    code = next(name for name, one in profile.review.reasons.items() if one.verdict == "DECLINE")
    verdict = {"verdict": "DECLINE", "reason": code, "text": "The plan has no orders behind it."}
    recording.ask("listReviews", query="?limit=2")
    for name in ("claimReview", "releaseReview"):
        recording.ask(name, case)
    recording.keep_fault("review", case, {})  # while the case is open
    recording.ask("review", case, verdict)
    recording.keep_fault("contest", case, {})
    recording.ask("contest", case, {"text": "I have orders for the whole of next year."})
    recording.ask("getPortfolio")
    return {"declinedClientId": case["clientId"], "declinedId": case["predictionId"]}


def _batch(bank: Bank, recording: Recording, bodies: list[Body]) -> Ids:
    """Ask for an upload, and decide the file that it was."""
    file = "".join(json.dumps(body) + "\n" for body in bodies).encode()
    asked = recording.ask("postBatch", body={"format": "jsonl", "bytes": len(file)})
    upload, batch = asked["upload"], {"batchId": asked["batchId"]}
    requests.put(upload["url"], data=file, headers=upload["headers"], timeout=SECONDS)
    recording.send("POST /batches", batch)
    bank.cloud.idle(PATIENCE_SECONDS)
    recording.ask("getBatch", batch)
    return {"batchId": str(asked["batchId"])}


def _policies(recording: Recording) -> Ids:
    """Draft a policy, whose approval takes another person; then put the former in force."""
    deployed = recording.send("GET /policies").json()["deployed"]
    decision = recording.ask("getPolicy", {"version": deployed})["policy"]["decision"]
    higher = {"decision": decision | {"approve_from": decision["approve_from"] + 5}}
    draft = recording.ask("draftPolicy", body={"policy": higher, "reason": REASON}, by="risk")
    recording.ask("getSwapSet", {"draft": draft["id"]}, query="?decisions=20")
    recording.ask("approvePolicy", {"draft": draft["id"]}, by="second-risk")
    back = {"policy": deployed, "reason": REASON}
    recording.ask("rollPolicyBack", body=back, by="operator")
    recording.ask("listPolicies")
    return {"draft": draft["id"], "version": deployed}


def _challengers(recording: Recording, model: str) -> Ids:
    """Sign off a challenger that waits, as the gate leaves one."""
    champion = recording.send("GET /models").json()["models"][model]
    now = datetime.now(UTC)
    version, job = f"{now:%Y%m%dT%H%M%S}", f"weekly-{now:%Y%m%d}"
    found = (version, job, champion["sha256"], champion["version"])
    challenger = Challenger(model, *found)
    services().registry.ask(challenger, f"s3://a-bucket/{version}/report.json", now)
    place = {"model": model, "challenger": challenger.id}
    refused = {"verdict": "REFUSE", "reason": "It has no advantage for small loans."}
    recording.ask("signOff", place, refused, by="risk")
    recording.ask("listChallengers")
    return place


def _model_acts(bank: Bank, recording: Recording, place: Ids) -> None:
    """Upload the champion as another version, and bring the champion back."""
    history = recording.send(f"GET /models/{place['model']}/history", by="operator").json()
    champion = str(history["inService"])
    version = f"{champion}-again"
    body = of_version(version, services().models.verified_artifact(place["model"], champion))
    digest = hashlib.sha256(body).hexdigest()
    asked = {"version": version, "bytes": len(body), "sha256": digest, "reason": UPLOAD_REASON}
    upload = recording.ask("uploadArtifact", place, asked)["upload"]
    requests.put(upload["url"], data=body, headers=upload["headers"], timeout=SECONDS)
    bank.cloud.idle(PATIENCE_SECONDS)
    at = place | {"version": version}
    for name in ("getModelVersion", "getModelCard"):
        recording.ask(name, at, by="operator")
    back = {"version": champion, "reason": ROLLBACK_REASON}
    recording.ask("rollModelBack", place, back)
    bank.cloud.idle(PATIENCE_SECONDS)
    recording.ask("getModelHistory", place, by="operator")
