"""The smoke test: one prediction through the deployed stage."""

import json
import re
import shlex
import time
from collections.abc import Sequence
from random import Random
from typing import Any

import requests
from rstr import Rstr

from chalicelib.profile import Feature, Profile

CLIENT_ID = "smoke-test"
PATIENCE_SECONDS = 120  # a new key is not known everywhere at once; what is cold takes longer
PAUSE_SECONDS = 5
LEGIBLE = ("Example", "NY", "541511", "12345", "A1")  # codes that a person can read
NOT_YET = (202, 403, 429, 503, 504)

Document = dict[str, Any]


class SmokeFailed(Exception):
    """Everything is deployed, but no prediction comes."""


def body(profile: Profile) -> Document:
    """Return a request with the required features only. Raises SmokeFailed."""
    required = {name: one for name, one in profile.asked_for().items() if one.required}
    application = {name: _value(name, feature) for name, feature in required.items()}
    consents = sorted({*profile.consents().values()})
    given = {"consents": consents} if consents else {}
    return {"clientId": CLIENT_ID, "application": application, **given}


def predict(
    url: str,
    api_key: str,
    sent: Document,
    models: Sequence[str],
    patience: float = PATIENCE_SECONDS,
) -> Document:
    """Return the answer to POST /predict once each of `models` has answered.

    Raises SmokeFailed with the missing ones after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        status, answer = _ask(url, api_key, sent)
        missing = _silent(answer, models) if status == 200 else {}
        may_come = status in NOT_YET or missing
        if not may_come or time.monotonic() + PAUSE_SECONDS > deadline:
            break
        time.sleep(PAUSE_SECONDS)
    if status != 200:
        raise SmokeFailed(f"POST {url}predict answered {status}: {json.dumps(answer)}")
    if missing:
        causes = "; ".join(f"{model} did not answer: {cause}" for model, cause in missing.items())
        raise SmokeFailed(f"A prediction came without all models for {patience:.0f} s. {causes}")
    return answer


def first_decided(
    url: str,
    api_key: str,
    bodies: Sequence[Document],
    models: Sequence[str],
    patience: float = PATIENCE_SECONDS,
) -> tuple[Document, Document]:
    """Return the answer to the first request whose score lies outside the cut-offs, or to the last,
    and that request. Raises SmokeFailed.
    """
    for sent in bodies:
        answer = predict(url, api_key, sent, models, patience)
        if (answer["decision"], answer["decisionBasis"]) != ("REVIEW", "SCORE"):
            break
    return answer, sent


def refuse_silence(url: str) -> None:
    """Raise SmokeFailed unless GET /health answers 200."""
    try:
        status = requests.get(f"{url}health", timeout=40).status_code
    except requests.RequestException as fault:
        raise SmokeFailed(f"GET {url}health: nothing answers: {fault}") from fault
    if status != 200:
        raise SmokeFailed(f"GET {url}health answered {status}")


def sentence(answer: Document) -> str:
    """Return a decision in words, with its cut-offs."""
    spoke = [name for name, model in answer["models"].items() if model["status"] == "OK"]
    if not spoke:
        return f"{answer['decision']}: no model is in service yet"
    limits, basis = answer["cutOffs"], answer["decisionBasis"]
    texts = [rule["text"] for rule in answer.get("rules", ()) if rule["code"] == basis]
    basis += "".join(f" ({text.rstrip('.')})" for text in texts)
    if unseen := answer.get("unseen"):
        basis += f" (the models hardly know a loan with this {' and '.join(unseen)})"
    return (
        f"{answer['decision']}: score {answer['score']} (approved from {limits['approveFrom']:g}, "
        f"declined below {limits['declineBelow']:g}), probability of default "
        f"{answer['probabilityOfDefault']:.1%}, by {basis}; "
        f"models that spoke: {', '.join(spoke)}"
    )


def command(url: str, sent: Document, key: str) -> str:
    """Return a curl command; `key` is the shell expression of the API key."""
    return (
        f'curl -s -X POST {url}predict -H "x-api-key: {key}" \\\n'
        "  -H 'Content-Type: application/json' -H 'Accept-Language: en' \\\n"
        f"  -d {shlex.quote(json.dumps(sent))}"
    )


def _silent(answer: Document, models: Sequence[str]) -> dict[str, str]:
    """Return the models without an answer, each with its cause."""
    found = {model: answer["models"].get(model, {}) for model in models}
    return {
        model: f"{one.get('status', 'absent')}, {one.get('cause', 'no cause is given')}"
        for model, one in found.items()
        if one.get("status") != "OK"
    }


def _ask(url: str, api_key: str, sent: Document) -> tuple[int, Document]:
    """Send the request; return status and body. Raises SmokeFailed unless the API answers."""
    headers = {"x-api-key": api_key, "Accept-Language": "en"}
    try:
        response = requests.post(f"{url}predict", json=sent, headers=headers, timeout=40)
        answer: Document = response.json()
    except requests.JSONDecodeError as fault:
        told = f"{response.status_code}, not JSON: {response.text[:200]!r}"
        raise SmokeFailed(f"POST {url}predict answered {told}") from fault
    except requests.RequestException as fault:
        raise SmokeFailed(f"POST {url}predict: nothing answers: {fault}") from fault
    return response.status_code, answer


def _value(name: str, feature: Feature) -> float | int | str:
    if feature.type in ("number", "integer"):
        lowest = feature.minimum if feature.minimum is not None else 0
        value = lowest if feature.maximum is None else min(feature.maximum, lowest * 2 + 1)
        return int(value) if feature.type == "integer" else float(value)
    if feature.values:
        return feature.values[0]
    for legible in LEGIBLE:
        if feature.pattern and re.fullmatch(feature.pattern, legible):
            return legible
    if feature.pattern:
        return str(Rstr(Random(CLIENT_ID)).xeger(feature.pattern))
    raise SmokeFailed(
        f"{name} is required and is a code that cannot be made up: name a file with the body of "
        "an application, SMOKE=application.json."
    )
