"""Counter-offers over HTTP: found on today's models, and taken once, as a decision of its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bank.first_run import body_of
from chalicelib.profile import load

PROFILE = load()
EN = {"Accept-Language": "en"}


@pytest.fixture(scope="module")
def decided(served, loans):
    """A good loan of the register, with an amount that a rule sends to a person."""
    body = body_of(loans[5]) | {"clientId": "offered"}
    body["application"] = body["application"] | {"amount": 1_200_000, "employees": 40}
    return served.post(body).json()


def path_of(decided):
    return f"/predictions/{decided['clientId']}/{decided['predictionId']}/offer"


def take(served, decided, **body):
    return served.post(body, path=path_of(decided), **EN)


def json_of(answer):
    return answer.json() if answer.status_code == 200 else None


def test_the_largest_amount_is_found_taken_once_and_stored_beside_the_first(served, decided):
    answer = served.get(path_of(decided), **EN).json()
    amount = answer["largestAmount"]
    assert (decided["decision"], decided["rules"][0]["code"]) == ("REVIEW", "LARGE_LOAN")
    assert (answer["outcome"], answer["taken"]) == ("COUNTER_OFFER", None)
    assert amount <= answer["offer"]["maximumAmount"] < 1_200_000

    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(lambda _: take(served, decided, takenAmount=amount), range(4))]
    # Who comes while another's attempt is decided on is led to its decision.
    led = {one.headers["Location"].rpartition("/")[2] for one in answers if one.status_code == 202}
    [taken] = {one["predictionId"]: one for one in map(json_of, answers) if one}.values()
    assert led <= {taken["predictionId"]}
    assert (taken["decision"], taken["counterOfferOf"]) == ("APPROVE", decided["predictionId"])
    assert taken["offer"] == answer["offer"]
    stored = served.get(f"/predictions/offered/{taken['predictionId']}").json()
    first = served.get(f"/predictions/offered/{decided['predictionId']}").json()
    assert stored["application"] == first["application"] | {"amount": amount}
    assert (first["decision"], first["application"]["amount"]) == ("REVIEW", 1_200_000)

    again = served.get(path_of(decided), **EN).json()
    assert (again["outcome"], again["taken"]) == ("TAKEN", taken["predictionId"])
    other = take(served, decided, takenAmount=amount - 1_000)
    assert (other.status_code, other.json()["type"]) == (409, "urn:problem:counter-offer-closed")


def test_an_attempt_that_is_not_approved_takes_nothing(served, loans):
    """A person decides on a million and a dollar, whoever asks for it."""
    body = body_of(loans[5]) | {"clientId": "attempts"}
    body["application"] = body["application"] | {"amount": 1_200_000, "employees": 40}
    first = served.post(body).json()
    reviewed = take(served, first, takenAmount=1_000_001).json()
    assert (reviewed["decision"], reviewed["rules"][0]["code"]) == ("REVIEW", "LARGE_LOAN")

    offered = served.get(path_of(first), **EN).json()
    assert (offered["outcome"], offered["taken"]) == ("COUNTER_OFFER", None)
    approved = take(served, first, takenAmount=offered["largestAmount"]).json()
    assert approved["decision"] == "APPROVE"
    of_reviewed = take(served, reviewed, takenAmount=10_000)
    assert (of_reviewed.status_code, of_reviewed.json()["detail"]) == (
        409, "This decision answers a counter-offer already: it has no other.",
    )  # fmt: skip


def test_one_application_is_one_loan(served, decided):
    """The outcome of a loan whose counter-offer was taken is told of the loan that was made."""
    taken = served.get(path_of(decided)).json()["taken"]
    day = decided["createdAt"][:10]
    told = {"outcome": "paid", "when": day}
    where = f"/predictions/{decided['clientId']}/{decided['predictionId']}/outcome"
    refused = served.post(told | {"granted": day}, path=where, **EN)

    assert refused.status_code == 422
    assert taken in refused.json()["detail"]
    kept = served.post(told, path=f"/predictions/{decided['clientId']}/{taken}/outcome")
    assert kept.status_code == 200


def test_a_loan_with_an_outcome_has_no_counter_offer(served, loans):
    body = body_of(loans[5]) | {"clientId": "granted"}
    body["application"] = body["application"] | {"amount": 1_200_000, "employees": 40}
    first = served.post(body).json()
    day = first["createdAt"][:10]
    where = f"/predictions/granted/{first['predictionId']}/outcome"
    told = served.post({"outcome": "paid", "when": day, "granted": day}, path=where)
    assert told.status_code == 200

    assert take(served, first, takenAmount=10_000).status_code == 409


def test_what_was_approved_has_no_counter_offer(served, loans):
    body = body_of(loans[7]) | {"clientId": "approved"}
    approved = served.post(body).json()
    assert approved["decision"] == "APPROVE"
    band = next(b for b in PROFILE.offer.bands[::-1] if approved["score"] >= b.score_from)
    assert approved["offer"]["maximumAmount"] == band.maximum_amount
    assert served.get(path_of(approved)).json()["outcome"] == "NOT_NEEDED"
    refused = take(served, approved, takenAmount=5_000)
    assert (refused.status_code, refused.json()["detail"]) == (
        409, "The application was approved with the requested amount.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "takenAmount", "is required"),
        ({"takenAmount": 1_200_000}, "takenAmount", "must be lower than the requested amount"),
        ({"takenAmount": 99}, "takenAmount", "must be 100 or more"),
        ({"takenAmount": "9"}, "takenAmount", "must be a number"),
        ({"takenAmount": 500, "rate": 1}, "rate", "is not a field of a request"),
    ],
)
def test_an_amount_that_can_not_be_taken_is_refused_by_its_name(
    served, decided, body, field, message
):
    refused = take(served, decided, **body)

    assert refused.status_code == 400
    assert [one["field"] for one in refused.json()["errors"]] == [field]
    assert refused.json()["errors"][0]["message"].startswith(message)


def test_what_was_never_decided_has_no_offer(served, decided):
    unknown = decided | {"predictionId": "0" * 32}

    assert served.get(path_of(unknown)).status_code == 404
    assert take(served, unknown, takenAmount=500).status_code == 404
