"""The shipped verifier takes what standardwebhooks signs, and the other way round; nothing else."""

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.governance.announcements import webhook_signature
from infrastructure.webhooks import verify_webhook, webhook_pages
from infrastructure.webhooks.verify_webhook import (
    SECONDS_IN_HAND,
    InHand,
    Refused,
    Repeated,
    SeenIds,
    Verifier,
)

SECRET = webhook_signature.new_secret()
BODY = json.dumps({"id": "evt_1", "type": "DecisionMade"}).encode()


def signed(at: int, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    return webhook_signature.headers("evt_1", at, body, [secret])


def handle(verifier: Verifier, headers: dict[str, str], body: bytes = BODY) -> str:
    with verifier.handling(headers, body) as event:
        return str(event["id"])


def test_the_librarys_verifier_takes_what_we_sign():
    now = int(time.time())

    found = standardwebhooks.Webhook(SECRET).verify(BODY, signed(now))

    assert found == json.loads(BODY)


def test_our_verifier_takes_what_the_library_signs():
    now = int(time.time())
    signature = standardwebhooks.Webhook(SECRET).sign(
        "evt_1", datetime.fromtimestamp(now, UTC), BODY.decode()
    )
    headers = {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(now),
        "Webhook-Signature": signature,
    }

    assert handle(Verifier([SECRET]), headers) == "evt_1"


def test_the_committed_vectors_are_those_of_the_code():
    for path, content in (
        (webhook_pages.VECTORS, webhook_pages.vectors()),
        (webhook_pages.SCHEMAS, webhook_pages.schemas()),
    ):
        assert path.read_text(encoding="utf-8") == webhook_pages.text_of(content), (
            "python -m infrastructure.webhooks.webhook_pages"
        )


def test_each_type_is_in_the_table_for_receivers_with_its_data():
    page = webhook_pages.ROOT.joinpath("docs/events.md").read_text(encoding="utf-8")
    rows = {}
    for line in page.splitlines():
        if line.startswith("| `") and line.count("|") == 4:
            kind, _, data = [cell.strip() for cell in line.strip("|").split("|")]
            rows[kind.strip("`")] = re.findall(r"`(\w+)`", data)

    wanted = {
        kind: list(schema["properties"]["data"]["properties"])
        for kind, schema in webhook_pages.schemas()["events"].items()
    }
    assert rows == wanted


def test_a_receiver_runs_the_vectors_with_the_one_file_alone(tmp_path):
    copy = tmp_path / "verify_webhook.py"
    copy.write_bytes(webhook_pages.ROOT.joinpath(
        "infrastructure/webhooks/verify_webhook.py").read_bytes())  # fmt: skip

    done = subprocess.run(
        [sys.executable, "-I", copy, webhook_pages.VECTORS], capture_output=True, text=True
    )

    assert (done.returncode, done.stdout) == (0, "All 26 vectors gave what they should.\n")


def test_a_wrong_vector_is_named():
    vector = next(webhook_pages._accepted())

    assert verify_webhook.run([vector | {"expected": "signature"}]) == [
        "a call as it was sent: accepted, and not signature"
    ]


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_body_is_refused(position, bit):
    altered = bytearray(BODY)
    altered[position] ^= 1 << bit

    with pytest.raises(Refused, match="signature"):
        handle(Verifier([SECRET], clock=lambda: 1000), signed(1000), bytes(altered))


def test_an_event_is_new_once_across_restarts(tmp_path):
    path = str(tmp_path / "seen.sqlite")
    first = Verifier([SECRET], SeenIds(path), lambda: 1000)
    handle(first, signed(1000))

    with pytest.raises(Repeated) as refused:  # a retry has another time and another signature
        handle(Verifier([SECRET], SeenIds(path), lambda: 1300), signed(1300))
    assert refused.value.status == 204


def test_an_event_that_was_not_handled_comes_again():
    verifier = Verifier([SECRET], clock=lambda: 1000)
    with pytest.raises(OSError, match="disk"), verifier.handling(signed(1000), BODY):
        raise OSError("the receiver's disk is full")

    assert handle(verifier, signed(1000)) == "evt_1"


def test_an_event_comes_again_after_a_kill_within_the_work(tmp_path):
    """The wait is pinned: a retry after it is handled, and one a second earlier is not."""
    path = str(tmp_path / "seen.sqlite")
    dying = f"""
import json, os, sys
from infrastructure.webhooks.verify_webhook import SeenIds, Verifier
with Verifier(["{SECRET}"], SeenIds(sys.argv[1]), lambda: 1000).handling(
        json.loads(sys.argv[2]), {BODY!r}):
    os._exit(9)  # as kill -9: nothing is undone
"""
    killed = subprocess.run(
        [sys.executable, "-c", dying, path, json.dumps(signed(1000))], cwd=webhook_pages.ROOT
    )
    assert killed.returncode == 9

    def retried(at: int) -> str:
        return handle(Verifier([SECRET], SeenIds(path), lambda: at), signed(at))

    with pytest.raises(InHand) as refused:
        retried(1000 + SECONDS_IN_HAND - 1)
    assert refused.value.status == 503
    assert retried(1000 + SECONDS_IN_HAND) == "evt_1"


def test_an_event_that_is_being_handled_is_not_handled_twice_at_once():
    verifier = Verifier([SECRET], clock=lambda: 1000)

    with verifier.handling(signed(1000), BODY), pytest.raises(InHand):
        handle(verifier, signed(1000))


def test_a_forged_call_does_not_use_an_id_up():
    verifier = Verifier([SECRET], clock=lambda: 1000)
    with pytest.raises(Refused, match="signature"):
        handle(verifier, signed(1000, secret=webhook_signature.new_secret()))

    assert handle(verifier, signed(1000)) == "evt_1"


@pytest.mark.parametrize(
    "secrets",
    [[], [""], ["whsec_"], ["abc"], ["whsec_!!!!"], [SECRET, ""], SECRET, [SECRET[6:]],
     ["whsec_" + "A" * 31 + "="]],
    ids=["none", "empty", "no bytes", "no prefix", "no base64", "one of two", "no list", "bare",
         "23 bytes"],
)  # fmt: skip
def test_a_verifier_without_a_whole_secret_is_none(secrets):
    """By an empty key, such as that of an unset variable, anybody could sign."""
    with pytest.raises(ValueError, match="secret"):
        Verifier(secrets)


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b'"text"', b"1", b"\xff"])
def test_a_signed_body_that_is_no_event_is_refused(body):
    with pytest.raises(Refused):
        handle(Verifier([SECRET], clock=lambda: 1000), signed(1000, body), body)


def test_a_fault_after_a_minute_does_not_let_a_third_in_beside_the_second():
    seen = SeenIds()
    seen.take("evt_1", 1000)
    seen.take("evt_1", 1000 + SECONDS_IN_HAND)
    seen.forget("evt_1", 1000)

    with pytest.raises(InHand):
        seen.take("evt_1", 1001 + SECONDS_IN_HAND)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-signature"])
def test_a_header_that_is_no_unicode_is_refused(name):
    with pytest.raises(Refused):
        handle(Verifier([SECRET], clock=lambda: 1000), signed(1000) | {name: "\ud800"})


def test_a_body_that_is_too_deep_is_refused():
    body = b"[" * 100_000
    with pytest.raises(Refused):
        handle(Verifier([SECRET], clock=lambda: 1000), signed(1000, body), body)
