"""Sign-in of `make token`: the address of the page, and the browser that comes back."""

import socket
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from urllib3.util import Retry

from infrastructure.deploy.steps.user_pool import UserPool
from infrastructure.operate import sign_in_flow
from infrastructure.operate.sign_in_flow import Flow, NotSignedIn, flow, redirected

POOL = UserPool("us-east-1_A", "client", "dev-appvengers-1", "us-east-1")


@pytest.fixture
def port(monkeypatch):
    """A free port, where the browser is led to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    monkeypatch.setattr(sign_in_flow, "CALLBACK", f"http://localhost:{number}/signed-in")
    return number


def test_the_page_is_the_pools_own_on_aws_and_a_path_on_this_machine(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert flow(POOL).base == "https://dev-appvengers-1.auth.us-east-1.amazoncognito.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")
    assert flow(POOL).base == "http://127.0.0.1:4566/cognito/dev-appvengers-1"


def test_each_sign_in_has_secrets_of_its_own_which_no_log_shows():
    one, other = Flow("https://a", "client"), Flow("https://a", "client")
    query = parse_qs(urlsplit(one.url).query)

    assert one.verifier != other.verifier
    assert one.state != other.state
    assert one.verifier not in one.url
    assert one.verifier not in repr(one)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43


@pytest.mark.parametrize("query", ["", "code=1", "code=1&state=another", "error=access_denied"])
def test_a_code_that_was_not_asked_for_is_not_exchanged(query):
    with pytest.raises(NotSignedIn):
        Flow("http://127.0.0.1:9", "client").token(f"/signed-in?{query}")


def test_it_waits_until_the_browser_comes_back(port):
    found: list[str] = []
    waiting = threading.Thread(target=lambda: found.append(redirected()))
    waiting.start()
    session, url = requests.Session(), f"http://127.0.0.1:{port}"
    session.mount(
        "http://", requests.adapters.HTTPAdapter(max_retries=Retry(8, backoff_factor=0.05))
    )
    assert session.get(f"{url}/favicon.ico", timeout=9).status_code == 404
    assert session.get(f"{url}/signed-in?code=1&state=2", timeout=9).status_code == 200
    waiting.join(9)

    assert found == ["/signed-in?code=1&state=2"]


def test_a_port_that_is_taken_is_told(port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(NotSignedIn, match=f"Port {port} is in use"):
            redirected()
