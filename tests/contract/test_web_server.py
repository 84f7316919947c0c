"""The local server's limits, over plain sockets and around an application of three lines."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from localcloud.callers import Limits
from localcloud.loopback import LOOPBACK, PortTaken
from localcloud.web_server import serving

WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def explained(status):
    return status, {"Content-Type": "text/plain"}, b"because"


@contextmanager
def server(application, **limits):
    with serving(application, 0, explained, Limits(**limits)) as port:
        yield lambda: socket.create_connection((LOOPBACK, port), timeout=9)


def fine(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def all_of(connection):
    connection.settimeout(9)
    return b"".join(iter(lambda: connection.recv(9999), b""))


@pytest.mark.parametrize("begun", [b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"])
def test_a_request_that_trickles_in_is_given_up_in_time(begun):
    with server(fine, read_seconds=1) as connect, connect() as connection:
        started, ended = time.monotonic(), threading.Event()
        connection.sendall(begun)

        def trickle():
            while not ended.wait(0.3):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            answer = connection.recv(9999)
        finally:
            ended.set()
            thread.join()

    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert answer.endswith(b"because")
    assert time.monotonic() - started < 8


def test_who_takes_time_within_the_limit_is_answered():
    with server(fine, read_seconds=5) as connect, connect() as connection:
        for piece in (WHOLE[:9], WHOLE[9:20], WHOLE[20:]):
            connection.sendall(piece)
            time.sleep(0.2)
        assert connection.recv(9999).startswith(b"HTTP/1.1 200")
        connection.sendall(WHOLE)
        assert connection.recv(9999).startswith(b"HTTP/1.1 200")


def test_an_idle_connection_is_closed():
    with server(fine, idle_seconds=1) as connect, connect() as connection:
        assert all_of(connection) == b""


def test_who_comes_when_all_places_are_taken_gets_that_of_the_oldest_that_asks_nothing():
    with server(fine, connections=3) as connect:
        idle, slow = connect(), [connect(), connect()]
        for connection in slow:
            connection.sendall(WHOLE[:9])
            time.sleep(0.1)
        with connect() as good:
            good.sendall(WHOLE)
            assert good.recv(9999).startswith(b"HTTP/1.1 200")
            assert all_of(slow[0]) == b""
            idle.sendall(WHOLE)
            assert idle.recv(9999).startswith(b"HTTP/1.1 200")
        for connection in (idle, *slow):
            connection.close()


def test_when_all_places_are_at_work_the_next_is_refused_at_once():
    released = threading.Event()

    def slow(environ, start_response):
        released.wait(9)
        return fine(environ, start_response)

    with server(slow, connections=2) as connect:
        working = [connect(), connect()]
        for connection in working:
            connection.sendall(WHOLE)
        time.sleep(0.3)
        with connect() as third:
            answer = all_of(third)
        released.set()

        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert answer.endswith(b"because")
        for connection in working:
            with connection:
                assert connection.recv(9999).startswith(b"HTTP/1.1 200")


def test_requests_in_one_go_are_answered_in_order():
    bodies = [b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n" + one for one in (b"a", b"b", b"c")]
    with server(fine) as connect, connect() as connection:
        connection.sendall(b"".join(bodies))
        got = b""
        while got.count(b"HTTP/1.1 200") < 3 or not got.endswith(b"c"):
            got += connection.recv(9999)

    assert [got.index(b"\r\n\r\n" + one) for one in (b"a", b"b", b"c")] == sorted(
        got.index(b"\r\n\r\n" + one) for one in (b"a", b"b", b"c")
    )


def test_a_port_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port}"), serving(fine, port, explained):
            pass
