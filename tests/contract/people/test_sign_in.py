"""Sign-in with code and PKCE: what is exchanged for a token, and what is not."""

import html
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from bank.demo_users import console_access, demo_people
from infrastructure.operate.sign_in_flow import CALLBACK, NotSignedIn
from localcloud.services.cognito.grants import Attempts, Vouchers

FOR_GOOD = "For-good-now-12!"
WRONG = "Incorrect user name or password."


def asked(door, flow, **other):
    """The answer to a request for a code that is right but for what is given (None: left out)."""
    query = {name: one[0] for name, one in parse_qs(urlsplit(flow.url).query).items()} | other
    sent = urlencode({name: one for name, one in query.items() if one is not None})
    return requests.get(f"{flow.base}/oauth2/authorize?{sent}", allow_redirects=False, timeout=9)


def submitted(flow, page, username, password, **more):
    transaction = html.unescape(demo_people.TRANSACTION.search(page.text)[1])
    form = {"transaction": transaction, "username": username, "password": password}
    return requests.post(f"{flow.base}/login", form, allow_redirects=False, timeout=9, **more)


def code_of(door, flow, **other):
    page = asked(door, flow, **other)
    answer = submitted(flow, page, "risk", door.passwords["risk"])
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def exchanged(door, flow, code, **other):
    form = {
        "grant_type": "authorization_code", "client_id": door.pool.client_id, "code": code,
        "redirect_uri": CALLBACK, "code_verifier": flow.verifier,
    } | other  # fmt: skip
    return requests.post(f"{flow.base}/oauth2/token", data=form, timeout=9)


def test_the_token_is_the_persons_and_the_published_key_verifies_it(door):
    token = door.token("risk")
    keys = requests.get(f"{door.aws}/{door.pool.id}/.well-known/jwks.json", timeout=9).json()
    claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"]).claims

    assert claims["cognito:username"] == "risk"
    assert claims["cognito:groups"] == ["risk"]
    assert (claims["aud"], claims["token_use"]) == (door.pool.client_id, "id")
    assert 3590 < claims["exp"] - time.time() <= 3600
    assert "d" not in keys["keys"][0]  # the private exponent


def test_the_state_comes_back_and_the_page_holds_no_password(door):
    flow = door.flow()
    page = asked(door, flow, state='a"><b&c')
    answer = submitted(flow, page, "risk", door.passwords["risk"])

    location = urlsplit(answer.headers["Location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == CALLBACK
    assert parse_qs(location.query)["state"] == ['a"><b&c']
    assert f'action="{urlsplit(flow.base).path}/login"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "<b&c" not in page.text


@pytest.mark.parametrize(
    "other",
    [
        {"redirect_uri": "http://localhost:8765/signed-in/"},
        {"redirect_uri": "http://localhost:8765/signed-in?a=1"},
        {"redirect_uri": "http://localhost:8766/signed-in"},
        {"redirect_uri": "http://evil.example/signed-in"},
        {"redirect_uri": None},
        {"client_id": "another"},
    ],
    ids=str,
)
def test_it_leads_nowhere_but_to_the_clients_own_address(door, other):
    answer = asked(door, door.flow(), **other)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid aws.cognito.signin.user.admin"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_a_request_that_is_wrong_gets_an_error_and_no_page(door, other, error):
    answer = asked(door, door.flow(), **other)

    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == [error]


@pytest.mark.parametrize(
    "other",
    [
        {"code_verifier": "a" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://localhost:8765/"},
        {"client_id": "another"},
    ],
    ids=str,
)
def test_a_wrong_exchange_gives_nothing_and_uses_the_code_up(door, other):
    flow = door.flow()
    code = code_of(door, flow)
    refused = exchanged(door, flow, code, **other)

    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})
    assert exchanged(door, flow, code).status_code == 400


def test_a_code_is_exchanged_once(door):
    flow = door.flow()
    code = code_of(door, flow)

    assert exchanged(door, flow, code).json().keys() >= {"id_token", "expires_in"}
    assert exchanged(door, flow, code).json() == {"error": "invalid_grant"}


def test_a_code_of_another_sign_in_is_not_exchanged(door):
    theirs, own = door.flow(), door.flow()

    assert exchanged(door, own, code_of(door, theirs)).status_code == 400


def test_a_refresh_token_gives_tokens_of_the_same_person_again(door):
    flow = door.flow()
    first = exchanged(door, flow, code_of(door, flow)).json()
    form = {"grant_type": "refresh_token", "client_id": door.pool.client_id}
    place = f"{flow.base}/oauth2/token"
    again = requests.post(place, form | {"refresh_token": first["refresh_token"]}, timeout=9)
    others = [
        form | {"refresh_token": "guessed"},
        form | {"refresh_token": first["refresh_token"], "client_id": "other"},
    ]
    refused = [requests.post(place, one, timeout=9) for one in others]

    assert again.json()["id_token"]
    assert "refresh_token" not in again.json()
    assert [(one.status_code, one.json()["error"]) for one in refused] == [
        (400, "invalid_grant")
    ] * 2


def test_a_sign_out_leads_to_an_address_of_the_client_alone(door):
    ports = (int(one.rpartition(":")[2]) for one in (door.url, door.aws))
    address = console_access.open_console(door.bank, *ports)
    place, client = f"{door.flow().base}/logout", {"client_id": door.pool.client_id}
    answers = [
        requests.get(place, client | {"logout_uri": uri}, allow_redirects=False, timeout=9)
        for uri in (address, "http://localhost:1/")
    ]

    assert [one.status_code for one in answers] == [302, 400]
    assert answers[0].headers["Location"] == address


def test_other_grants_are_not_given(door):
    form = {"client_id": door.pool.client_id, "username": "risk", "grant_type": "password"}
    answer = requests.post(f"{door.flow().base}/oauth2/token", data=form, timeout=9)

    assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_grant_type"})


@pytest.mark.parametrize(("username", "password"), [("risk", "wrong"), ("nobody", "x"), ("", "")])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(door, username, password):
    flow = door.flow()
    answer = submitted(flow, asked(door, flow), username, password)

    assert (answer.status_code, demo_people._alert(answer.text)) == (200, WRONG)


def test_a_form_that_nobody_asked_for_is_refused(door):
    flow = door.flow()
    form = {"transaction": "made up", "username": "risk", "password": door.passwords["risk"]}
    answer = requests.post(f"{flow.base}/login", form, timeout=9)

    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["Host", "Origin"])
def test_pages_and_names_of_elsewhere_are_refused(door, name):
    flow = door.flow()
    page, foreign = (
        asked(door, flow),
        "https://evil.example" if name == "Origin" else "evil.example",
    )
    headers = {name: foreign}

    answer = submitted(flow, page, "risk", door.passwords["risk"], headers=headers)
    assert answer.status_code == 403
    assert requests.get(flow.url, headers=headers, timeout=9).status_code == 403


def test_a_user_who_is_disabled_or_must_change_the_password_does_not_sign_in(door):
    cognito, name = boto3.client("cognito-idp"), {"UserPoolId": door.pool.id, "Username": "new"}
    cognito.admin_create_user(
        **name, MessageAction="SUPPRESS", TemporaryPassword="For-the-first-12!"
    )
    with pytest.raises(NotSignedIn, match="must be changed first"):
        demo_people.signed_in(door.flow(), "new", "For-the-first-12!")
    cognito.admin_set_user_password(**name, Password=FOR_GOOD, Permanent=True)
    assert demo_people.signed_in(door.flow(), "NEW", FOR_GOOD)  # names have no case
    cognito.admin_disable_user(**name)
    with pytest.raises(NotSignedIn, match=WRONG):
        demo_people.signed_in(door.flow(), "new", FOR_GOOD)


def test_whoever_is_disabled_between_code_and_token_gets_none(door):
    cognito, name = boto3.client("cognito-idp"), {"UserPoolId": door.pool.id, "Username": "risk"}
    flow = door.flow()
    code = code_of(door, flow)
    cognito.admin_disable_user(**name)
    answer = exchanged(door, flow, code)
    cognito.admin_enable_user(**name)

    assert answer.json() == {"error": "invalid_grant"}


def test_five_wrong_passwords_lock_the_name_for_longer_and_longer():
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for _ in range(4):
        attempts.was_wrong("ana")
    assert not attempts.is_locked("ana")
    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        attempts.was_wrong("ana")
        now[0] += seconds - 0.1
        assert attempts.is_locked("ana")
        assert not attempts.is_locked("eva")
        now[0] += 0.1
        assert not attempts.is_locked("ana")
    attempts.was_wrong("ana")
    attempts.was_right("ana")
    assert not attempts.is_locked("ana")


def test_a_voucher_ends_at_its_last_second_and_the_oldest_go():
    now = [0.0]
    vouchers = Vouchers[int](300, lambda: now[0])
    name = vouchers.issue(1)
    now[0] = 299.9
    assert vouchers.look_up(name) == 1
    now[0] = 300.0
    assert vouchers.look_up(name) is None
    assert vouchers.take(name) is None

    names = [vouchers.issue(n) for n in range(1001)]
    assert vouchers.take(names[0]) is None
    assert vouchers.take(names[1]) == 1
    assert vouchers.take(names[1]) is None
