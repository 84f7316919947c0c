"""First screen of `make run`: the first models, and a first prediction of a real loan."""

import secrets
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import requests
from rich.console import Console
from rich.table import Table

from chalicelib import profile
from datasets import Case, FirstSnapshot
from infrastructure.first_models import bring_models

if TYPE_CHECKING:  # the embedded cloud takes 3 s to load, and a screen needs none
    from bank.embedded_bank import Bank


BUSY = (202, 429, 503, 504)
PATIENCE_SECONDS, PAUSE_SECONDS, SECONDS = 60, 0.5, 40  # SECONDS: of one request
LOADING_SECONDS = 120


class PredictionRefused(Exception):
    """The first prediction did not come out; the message is the API's answer."""


class ApiBusy(PredictionRefused):
    """Clients of a bank that was started again keep it busy: it serves all the same."""


class FirstLoans(Protocol):
    """Loans that can be asked for a first snapshot: a Dataset, or the process that reads one."""

    def first_snapshot(self) -> FirstSnapshot: ...


def bring(bank: "Bank", loans: FirstLoans, console: Console) -> None:
    bring_models.bring(bank.settings, profile.load(), loans.first_snapshot, console)


def wait_for_models(url: str, api_key: str, console: Console) -> None:
    """Wait until all models answer. Those that do not in time are named: the bank serves all the
    same, and whatever else it has to do goes on.
    """
    until = time.monotonic() + LOADING_SECONDS
    answer = _ready(url, api_key)
    while answer.get("status") != "READY" and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
        answer = _ready(url, api_key)
    models = answer.get("models", {})
    silent = ", ".join(name for name, one in models.items() if one["status"] != "OK")
    if answer.get("status") != "READY":
        which = silent or "no model"
        console.print(f"Still without an answer: {which}. GET {url}/ready says why.", markup=False)


def _ready(url: str, api_key: str) -> dict[str, Any]:
    try:
        found = requests.get(f"{url}/ready", headers={"x-api-key": api_key}, timeout=SECONDS)
        answer: dict[str, Any] = found.json()
    except requests.RequestException:  # a body that is no JSON is one, too
        return {}
    return answer


def body_of(case: Case) -> dict[str, Any]:
    """Return a request whose applicant gives every consent that the profile knows."""
    body = {"clientId": case["clientId"], "application": case["application"]}
    return body | ({"consents": [*_consents()]} if _consents() else {})


@cache
def _consents() -> tuple[str, ...]:
    return tuple(sorted({*profile.load().consents().values()}))


def first_prediction(url: str, api_key: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the API's answer, in English. Clients may be there already, and keep the API busy: it
    is asked again, with one key, for PATIENCE_SECONDS.

    Raises ApiBusy, and PredictionRefused unless it is 200 and what the table holds.
    """
    headers = {"x-api-key": api_key, "Accept-Language": "en"}
    once = headers | {"Idempotency-Key": secrets.token_hex(16)}
    until = time.monotonic() + PATIENCE_SECONDS
    response = _post(url, body, once)
    while response.status_code in BUSY and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
        response = _post(url, body, once)
    if response.status_code != 200:
        refused = ApiBusy if response.status_code in BUSY else PredictionRefused
        raise refused(f"{response.status_code}: {response.text}")
    answer: dict[str, Any] = response.json()
    where = f"{url}/predictions/{answer['clientId']}/{answer['predictionId']}"
    stored = requests.get(where, headers=headers, timeout=SECONDS).json()
    if {name: stored.get(name) for name in answer} != answer:
        raise PredictionRefused(f"The stored decision differs from the answer: {stored}")
    return answer


def _post(url: str, body: dict[str, Any], headers: dict[str, str]) -> requests.Response:
    return requests.post(f"{url}/predict", json=body, headers=headers, timeout=SECONDS)


def print_prediction(console: Console, answer: dict[str, Any], defaulted: bool | None) -> None:
    if answer["score"] is None:
        console.print(f"{answer['decision']}: no model answered. {answer['models']}")
        return
    probability, cut_offs = answer["probabilityOfDefault"], answer["cutOffs"]
    basis = "" if answer["decisionBasis"] == "SCORE" else f", by {answer['decisionBasis']}"
    console.print(
        f"\n[bold]{answer['decision']}[/bold]{basis}  score {answer['score']} (approved from "
        f"{cut_offs['approveFrom']:g}, declined below {cut_offs['declineBelow']:g}), "
        f"probability of default {probability:.1%}  (client {answer['clientId']})"
    )
    for rule in answer.get("rules", ()):
        console.print(f"  rule {rule['code']}, {rule['effect']}: {rule['text']}", soft_wrap=True)
    for reason in answer["reasons"]:
        console.print(f"  {reason['points']:+4d} points  {reason['text']}")
    table = Table("Model", "Status", "Score", "Default", "Version")
    for name, model in answer["models"].items():
        if model["status"] == "OK":
            table.add_row(
                name,
                "OK",
                str(model["score"]),
                f"{model['probabilityOfDefault']:.1%}",
                model["version"],
            )
        else:
            table.add_row(name, model["status"], "", model["cause"], "")
    console.print(table)
    outcome = {True: "it defaulted", False: "it was paid", None: "nobody wrote it down"}[defaulted]
    console.print(f"What really happened to this loan: {outcome}.")
