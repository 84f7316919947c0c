"""Problems that the served bank answers: requests with faults, and those that it can't take."""

from typing import Any

from bank.api_examples.example_recording import NoExample, Place, Recording
from chalicelib.decisions.intake.batches import batch_problems
from chalicelib.foundation import errors
from chalicelib.governance.model_acts.model_act_problems import (
    ModelActConflict,
    ModelVersionNotFound,
)
from chalicelib.governance.policies.policy_problems import PolicyConflict, PolicyNotFound
from chalicelib.governance.reviews.review_problems import ContestClosed, ReviewConflict, SamePerson
from chalicelib.governance.sign_offs.sign_off_problems import ChallengerNotFound, SignOffConflict
from chalicelib.http.openapi import request_schemas
from chalicelib.http.openapi.operations import OPERATIONS
from chalicelib.profile import Profile

NO_ID = "0" * 32
MOST_REQUESTS = 500  # until a key has none left
MOST_OUTCOMES = 200  # reports on one loan
LARGE_BYTES = 11 * 2**20  # more than API Gateway takes


def record_early(recording: Recording, body: Any) -> None:
    """Keep the answers of a bank without models."""
    recording.keep_problem(errors.NoModelInService, recording.send("POST /predict", body))
    recording.keep_problem(errors.NotReady, recording.send("GET /ready"))


def record(recording: Recording, profile: Profile, ids: Place) -> None:
    """Keep the problems of a bank in service, about what an example of each operation is of."""
    _faults(recording, profile, ids)
    _of_bodies(recording, profile)
    _of_decisions(recording, ids)
    _of_the_desk(recording, ids)


def record_callers(recording: Recording, of_reading: Recording, limited: Recording) -> None:
    """Keep the answers to callers who may not call, and to one who calls too often."""
    recording.keep_problem(errors.Forbidden, recording.send("GET /models", **{"x-api-key": "none"}))
    recording.keep_problem(errors.ScopeMissing, of_reading.send("POST /predict", {}))
    token = {"Authorization": "Bearer none"}
    unknown = recording.send("GET /models", by="risk", **token)
    recording.keep_problem(errors.Unauthorized, unknown)
    recording.keep_problem(errors.RoleMissing, recording.send("POST /predict", {}, "auditor"))
    answers = (limited.send("GET /policies/none") for _ in range(MOST_REQUESTS))
    refused = next((one for one in answers if one.status_code == 429), None)
    if refused is None:
        raise NoExample(f"{MOST_REQUESTS} requests at once were none too many for the key's limit.")
    recording.keep_problem(errors.TooManyRequests, refused)


def _faults(recording: Recording, profile: Profile, ids: Place) -> None:
    """Send each operation an empty body, or the first parameter of its query with a wrong value."""
    bodies = request_schemas.bodies(profile)
    for one in OPERATIONS:
        if errors.InvalidRequest in one.problems and "problems" not in recording.of(one.name):
            query = next(iter(request_schemas.queries(one.name, profile)), "")
            if one.name in bodies:
                recording.keep_fault(one.name, ids, {})
            else:
                recording.keep_fault(one.name, ids, query=f"?{query}=-" if query else "")


def _of_bodies(recording: Recording, profile: Profile) -> None:
    body = recording.of("predict")["request"]
    number = next(name for name, one in profile.asked_for().items() if one.is_number)
    wrong = body["application"] | {number: "much", "more": 1}
    recording.keep_fault("predict", {}, body | {"application": wrong})
    once = {"Idempotency-Key": "an-application"}
    recording.send("POST /predict", body, **once)
    other = body["application"] | {number: body["application"][number] + 1}
    again = recording.send("POST /predict", body | {"application": other}, **once)
    recording.keep_problem(errors.IdempotencyConflict, again)
    text = recording.send("POST /predict", body, **{"Content-Type": "text/plain"})
    recording.keep_problem(errors.UnsupportedMediaType, text)
    large = recording.send("POST /predict", {"clientId": "a" * LARGE_BYTES})
    recording.keep_problem(errors.RequestTooLarge, large)


def _of_decisions(recording: Recording, ids: Place) -> None:
    client, decided = ids["clientId"], f"/predictions/{ids['clientId']}/{ids['predictionId']}"
    declined = f"/predictions/{ids['declinedClientId']}/{ids['declinedId']}"
    unknown = recording.send(f"GET /predictions/{client}/{NO_ID}")
    recording.keep_problem(errors.PredictionNotFound, unknown)
    paid = recording.of("reportOutcome")["request"]
    recording.keep_problem(errors.NotALoan, recording.send(f"POST {declined}/outcome", paid))
    closed = recording.send(f"POST {decided}/offer", recording.of("takeOffer")["request"])
    recording.keep_problem(errors.CounterOfferClosed, closed)
    words = {"text": "In other words: I have orders."}  # a decision is contested once
    recording.keep_problem(ContestClosed, recording.send(f"POST {declined}/contest", words))
    for _ in range(MOST_OUTCOMES):
        for outcome in ("defaulted", "paid"):
            answer = recording.send(f"POST {decided}/outcome", paid | {"outcome": outcome})
        if answer.status_code == errors.TooManyOutcomes.status:
            recording.keep_problem(errors.TooManyOutcomes, answer)
            return
    raise NoExample(f"{MOST_OUTCOMES} pairs of outcomes were not too many for one loan.")


def _of_the_desk(recording: Recording, ids: Place) -> None:
    decided = f"/predictions/{ids['clientId']}/{ids['predictionId']}"
    declined = f"/predictions/{ids['declinedClientId']}/{ids['declinedId']}"
    none = recording.send(f"POST {decided}/review/claim", by="reviewer")  # it has no case
    recording.keep_problem(ReviewConflict, none)
    same = recording.send(f"POST {declined}/review/claim", by="reviewer")
    recording.keep_problem(SamePerson, same)  # who declined does not judge the contest
    recording.keep_problem(PolicyNotFound, recording.send("GET /policies/none"))
    again = recording.send(f"POST /policy-drafts/{ids['draft']}/approval", by="second-risk")
    recording.keep_problem(PolicyConflict, again)
    sign_off, signed = f"POST /challengers/{ids['model']}", recording.of("signOff")["request"]
    none = recording.send(f"{sign_off}/none-00000000/sign-off", signed, "risk")
    recording.keep_problem(ChallengerNotFound, none)
    other = signed | {"verdict": "APPROVE"}
    conflict = recording.send(f"{sign_off}/{ids['challenger']}/sign-off", other, "risk")
    recording.keep_problem(SignOffConflict, conflict)
    _of_models(recording, ids)
    missing = recording.send(f"GET /batches/{NO_ID}")
    recording.keep_problem(batch_problems.BatchNotFound, missing)
    asked = recording.send("POST /batches", recording.of("postBatch")["request"]).json()
    early = recording.send("POST /batches", {"batchId": asked["batchId"]})
    recording.keep_problem(batch_problems.BatchNotUploaded, early)


def _of_models(recording: Recording, ids: Place) -> None:
    place, back = f"/models/{ids['model']}", recording.of("rollModelBack")["request"]
    none = recording.send(f"GET {place}/versions/none", by="operator")
    recording.keep_problem(ModelVersionNotFound, none)
    other = back | {"reason": "It approves too many."}  # of what answers already
    conflict = recording.send(f"POST {place}/rollback", other, "operator")
    recording.keep_problem(ModelActConflict, conflict)
