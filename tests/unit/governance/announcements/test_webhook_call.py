"""A call goes to the internet by HTTPS, to the address that was checked, and nowhere else."""

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chalicelib.governance.announcements import webhook_call
from chalicelib.governance.announcements.webhook_call import NotCalled

PUBLIC = "93.184.215.14"


def at(*addresses):
    return lambda host, port: [(socket.AF_INET, 1, 6, "", (one, port)) for one in addresses]


def called(url, *addresses, local_too=False):
    return webhook_call.post(url, {}, b"{}", local_too=local_too, resolve=at(*addresses))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "0.1.2.3", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::"],
)  # fmt: skip
@pytest.mark.parametrize("local_too", [False, True])
def test_no_private_address_is_called(address, local_too):
    with pytest.raises(NotCalled, match="private"):
        called("https://bank.example/", address, local_too=local_too)


def test_one_private_address_of_several_is_enough():
    with pytest.raises(NotCalled, match="private"):
        called("https://bank.example/", PUBLIC, "10.0.0.1")


def test_a_name_without_an_address_is_not_called():
    with pytest.raises(NotCalled, match="private"):
        called("https://bank.example/")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://bank.example/", "scheme"),
        ("http://127.0.0.1:9/", "scheme"),
        ("ftp://bank.example/", "scheme"),
        ("https:///hook", "address"),
        ("https://bank.example:99999/", "address"),
        ("https://bank.example/a b", "address"),
        ("https://bank.example/\r\nHost: other", "address"),
        ("https://bänk.example/", "address"),
    ],
)
def test_other_addresses_are_not_called(url, fault):
    with pytest.raises(NotCalled, match=fault) as refused:
        called(url, PUBLIC)

    assert "bank" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("https://bank.example/hook?token=1", True),
        ("https://bank.example:8443/", True),
        ("https://user:word@bank.example/", False),
        ("http://bank.example/", False),
        ("http://127.0.0.1:8080/", False),
        ("bank.example", False),
        ("https://93.184.216.34/", True),
        ("https://169.254.169.254/x", False),
        ("https://10.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://localhost/", False),
        ("https://core.localhost/", False),
    ],
)
def test_what_may_be_subscribed(url, is_fine):
    assert (webhook_call.fault_of(url, local_too=False) == "") == is_fine


def test_this_machine_may_be_subscribed_on_one_machine_alone():
    assert webhook_call.fault_of("http://127.0.0.1:8080/", local_too=True) == ""
    assert webhook_call.fault_of("http://10.0.0.1:8080/", local_too=True)


class Elsewhere(BaseHTTPRequestHandler):
    paths: list[str] = []  # noqa: RUF012 - of the test

    def do_POST(self):
        self.paths.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/other")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def test_a_redirect_is_an_answer_and_not_followed(server):
    url = f"http://127.0.0.1:{server.server_port}/hook?a=b"

    assert webhook_call.post(url, {}, b"{}", local_too=True) == 302
    assert Elsewhere.paths == ["/hook?a=b"]


def test_a_server_without_tls_gets_nothing(server):
    connection = webhook_call._Pinned("bank.example", server.server_port, "127.0.0.1")

    with pytest.raises(ssl.SSLError):
        connection.connect()
