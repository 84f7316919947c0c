"""The prediction that a deployment ends with."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from chalicelib import profile
from chalicelib.decisions.application import CreditApplication
from infrastructure.deploy.steps import seen_codes, smoke
from infrastructure.project import ROOT

Reply = tuple[int, str]


@pytest.fixture
def api() -> Iterator[tuple[str, list[Reply]]]:
    """An address, and what will be answered there: the last one again and again."""
    replies: list[Reply] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = replies.pop(0) if len(replies) > 1 else replies[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", replies
        server.shutdown()


def reply(**models: str) -> Reply:
    """Each model by its status."""
    answers = {name: {"status": status, "cause": "asleep"} for name, status in models.items()}
    return 200, json.dumps({"decision": "REVIEW", "models": answers})


@pytest.mark.parametrize("path", ["chalicelib/credit.toml", "tests/data/german.toml"])
def test_its_application_is_valid_for_any_product(path):
    product = profile.load(ROOT / path)

    sent = smoke.body(product)
    assert CreditApplication.from_payload(sent, product).client_id == "smoke-test"


def test_a_code_that_nobody_can_make_up_is_asked_for(sba):
    code = next(one for one in sba.features.values() if one.type == "code")
    features = sba.features | {
        "reference": msgspec.structs.replace(code, required=True, pattern=None)
    }

    with pytest.raises(smoke.SmokeFailed, match=r"reference is required.*SMOKE=application\.json"):
        smoke.body(msgspec.structs.replace(sba, features=features))


def test_a_code_can_be_read_by_a_person(sba):
    application = smoke.body(sba)["application"]

    assert {application["lender"], application["state"]} == {"Example", "NY"}


def test_a_code_that_no_model_has_seen_gives_way_to_several_that_all_have(sba):
    sent = smoke.body(sba)
    codes = {"lender": [f"BANK {n}" for n in range(99)], "state": ["CA", "NY"], "zip": ["07066"]}
    tried = [one["application"] for one in seen_codes.with_seen(sent, codes)]

    assert len({one["lender"] for one in tried}) == len(tried) == seen_codes.MOST_REQUESTS
    assert {one["lender"] for one in tried} <= {*codes["lender"]}
    assert [one | {"lender": "Example"} for one in tried] == [sent["application"]] * len(tried)


@pytest.mark.parametrize("codes", [{}, {"lender": ["Example"]}, {"lender": []}])
def test_what_the_models_have_seen_stays(sba, codes):
    sent = smoke.body(sba)

    assert [*seen_codes.with_seen(sent, codes)] == [sent]


@pytest.mark.parametrize(
    ("decided", "asked"),
    [
        ([("APPROVE", "SCORE")], 1),
        ([("REVIEW", "SCORE"), ("DECLINE", "SCORE")], 2),
        ([("REVIEW", "SCORE")] * 3, 3),
        ([("REVIEW", "REVIEW_ONLY")], 1),
    ],
)
def test_the_first_request_that_is_decided_is_shown(api, decided, asked):
    url, replies = api
    replies += [
        (200, json.dumps({"decision": one, "decisionBasis": basis, "models": {}}))
        for one, basis in decided
    ]
    bodies = [{"clientId": str(n)} for n in range(3)]
    answer, sent = smoke.first_decided(url, "key", bodies, [], patience=0)

    assert answer["decision"] == decided[-1][0]
    assert sent == bodies[asked - 1]


def test_a_prediction_is_what_all_models_said(api):
    url, replies = api
    replies.append(reply(Tradicional="OK", Other="OK"))

    answer = smoke.predict(url, "key", {}, ["Tradicional", "Other"], patience=0)
    assert answer["decision"] == "REVIEW"


def test_a_prediction_without_a_model_names_it_and_why(api):
    url, replies = api
    replies.append(reply(Tradicional="OK", Other="UNAVAILABLE"))

    with pytest.raises(smoke.SmokeFailed, match=r"Other did not answer: UNAVAILABLE, asleep"):
        smoke.predict(url, "key", {}, ["Tradicional", "Other"], patience=0)
    with pytest.raises(smoke.SmokeFailed, match=r"Third did not answer: absent"):
        smoke.predict(url, "key", {}, ["Tradicional", "Third"], patience=0)


def test_what_is_asleep_is_asked_again(api, monkeypatch):
    url, replies = api
    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0)
    replies += [(503, "{}"), reply(Tradicional="UNAVAILABLE"), reply(Tradicional="OK")]

    assert smoke.predict(url, "key", {}, ["Tradicional"], patience=60)["models"]
    assert len(replies) == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [((500, '{"title": "broken"}'), "answered 500.*broken"), ((200, "<html>"), "not JSON")],
)
def test_what_is_no_decision_fails_the_deployment(api, answer, told):
    url, replies = api
    replies.append(answer)

    with pytest.raises(smoke.SmokeFailed, match=told):
        smoke.predict(url, "key", {}, [], patience=0)


def test_an_address_where_nothing_answers_is_a_sentence():
    with pytest.raises(smoke.SmokeFailed, match="nothing answers"):
        smoke.predict("http://127.0.0.1:9/", "key", {}, [], patience=0)


def test_the_printed_request_is_one_that_a_shell_sends():
    sent = {"clientId": "it's", "application": {"text": '"quoted"'}}
    printed = smoke.command("http://127.0.0.1:9/", sent, "$(echo key)")
    program = f"curl() {{ printf '%s\\n' \"$@\"; }}\n{printed}"
    shown = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=True)

    words = shown.stdout.splitlines()
    assert "x-api-key: key" in words
    assert json.loads(words[-1]) == sent
