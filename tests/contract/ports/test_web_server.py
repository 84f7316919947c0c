"""The local server's limits, over plain sockets and around an application of three lines."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from localcloud.ports.callers import Limits
from localcloud.ports.framing import LARGEST_BODY, LONGEST_LINE, MOST_TRAILERS
from localcloud.ports.loopback import LOOPBACK, PortTaken
from localcloud.ports.web_server import serving

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


@pytest.mark.parametrize(
    "begun", [b"GET / HT", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc"]
)
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
    bodies = [
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n" + one
        for one in (b"a", b"b", b"c")
    ]
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


KEPT = 8 * 2**20  # more than the sockets' buffers hold


def large(environ, start_response):
    body = b"x" * KEPT if environ["PATH_INFO"] == "/large" else b"small"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def never_reads(connect):
    connection = connect()
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection


def test_who_receives_no_answer_loses_the_connection_in_time():
    with server(large, answer_seconds=1) as connect, never_reads(connect) as connection:
        time.sleep(2.5)

        assert len(all_of(connection)) < KEPT


def test_who_receives_no_answers_keeps_no_place_from_others():
    with server(large, connections=3, answer_seconds=2) as connect:
        silent = [never_reads(connect) for _ in range(3)]
        time.sleep(1)
        with connect() as good:
            good.sendall(WHOLE)
            assert good.recv(9999).endswith(b"small")
        for connection in silent:
            connection.close()


def test_who_receives_the_answer_slowly_but_in_time_gets_it_whole():
    with server(large, answer_seconds=5) as connect, never_reads(connect) as connection:
        time.sleep(0.5)
        got = connection.recv(1000)
        while len(got) < KEPT:
            got += connection.recv(2**20)

    assert got.startswith(b"HTTP/1.1 200")


def test_who_sends_many_requests_gives_its_place_after_one_answer_when_all_are_taken():
    with server(fine, connections=2) as connect, connect() as other, connect() as many:
        other.sendall(WHOLE[:9])
        time.sleep(0.3)
        many.sendall(WHOLE * 100)
        answers = all_of_what_came(many)

    assert answers.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in answers


def all_of_what_came(connection):
    """What was received before the other side closed with requests unread."""
    got = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(9999):
            got += piece
    return got


# Media types whose bodies the parser of headers begins to read.
WITH_PARTS = (
    "multipart/form-data; boundary=x",
    "multipart/mixed",
    "message/rfc822",
    "message/delivery-status",
)


def status_of(server_of, request):
    """The first answer's status, where another request follows that a reader may take for one."""
    with server_of() as connection:
        connection.sendall(request + WHOLE)
        connection.shutdown(socket.SHUT_WR)
        answers = all_of(connection)
    status = int(answers.split()[1])
    assert status == 200 or answers.count(b"HTTP/1.1 ") == 1
    return status


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Host: a"], 200),
        ([], 400),
        (["Host: a", "Host: a"], 400),
        (["Host: a", "nonsense", "Transfer-Encoding: chunked"], 400),
        (["nonsense", "Host: a"], 400),
        (["Host: a", "Transfer-Encoding : chunked"], 400),
        (["Host: a", "A: b", " Transfer-Encoding: chunked"], 400),
        ([" A: b", "Host: a"], 400),
        (["Host: a", ": b"], 400),
        (["Host: a", "A\xe9: b"], 400),
        (["Host: a", "A: b\0"], 400),
        (["Host: a", "Transfer-Encoding: \x0bchunked"], 400),
        (["Host: a", "Transfer-Encoding: chunked, chunked"], 501),
        (["Host: a", "Transfer-Encoding: chunked", "Content-Length: 0"], 400),
        (["Host: a", "Content-Length: 0", "Content-Length: 0"], 400),
        (["Host: a", "Content-Length: \xb2"], 400),
        (["Host: a", "Content-Length: +0"], 400),
        *((["Host: a", f"Content-Type: {kind}"], 200) for kind in WITH_PARTS),
        *((["Host: a", f"Content-Type: {kind}", "nonsense"], 400) for kind in WITH_PARTS),
    ],
)
def test_no_header_is_passed_over(lines, status):
    head = "\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode("latin-1")
    with server(fine) as connect:
        assert status_of(connect, head) == status


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\nA: b", b"\r\nA: b\r\n"])
def test_headers_end_with_an_empty_line_and_not_with_the_connection(end):
    with server(fine) as connect, connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a" + end)
        connection.shutdown(socket.SHUT_WR)
        assert all_of_what_came(connection).split()[1] == b"400"


def test_an_old_client_names_no_host():
    with server(fine) as connect:
        assert status_of(connect, b"GET / HTTP/1.0\r\n\r\n") == 200


LONG = b"a" * (LONGEST_LINE - 4)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"2\r\n{}\r\n0\r\n\r\n", 200),
        (b"2;a=b\r\n{}\r\n0;c\r\n\r\n", 200),
        (b"02 ;a\r\n{}\r\n0\r\nExpires: never\r\n\r\n", 200),
        (b"2;" + LONG + b"\r\n{}\r\n0\r\n\r\n", 200),
        (b"2;a" + LONG + b"\r\n{}\r\n0\r\n\r\n", 400),
        (b"2;a\nb\r\n{}\r\n0\r\n\r\n", 400),
        (b"+2\r\n{}\r\n0\r\n\r\n", 400),
        (b"-2\r\n{}\r\n0\r\n\r\n", 400),
        (b"0x2\r\n{}\r\n0\r\n\r\n", 400),
        (b"0_2\r\n{}\r\n0\r\n\r\n", 400),
        (b" 2\r\n{}\r\n0\r\n\r\n", 400),
        (b"\xb2\r\n{}\r\n0\r\n\r\n", 400),
        ("٢\r\n{}\r\n0\r\n\r\n".encode(), 400),
        (b"\r\n{}\r\n0\r\n\r\n", 400),
        (b"2\n{}\n0\n\n", 400),
        (b"2\r\n{}0\r\n\r\n", 400),
        (b"1\r\n{}\r\n0\r\n\r\n", 400),
        (b"2\r\n{}\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 400),
        (b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * MOST_TRAILERS + b"\r\n", 400),
        (b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * (MOST_TRAILERS - 1) + b"\r\n", 200),
        (b"%x\r\n" % (LARGEST_BODY + 1), 413),
        (b"ffffffff\r\n", 413),
        (b"fffffffff\r\n", 400),
    ],
)
def test_chunks_are_read_strictly(body, status):
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with server(fine) as connect:
        assert status_of(connect, head + body) == status


def test_who_waits_to_send_is_asked_to_once_and_not_at_all_if_it_is_too_much():
    head = (
        "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n"
    )
    with server(fine) as connect, connect() as connection:
        connection.sendall(head.format(1).encode())
        assert connection.recv(9999) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"x")
        assert connection.recv(9999).startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(head.format(LARGEST_BODY + 1).encode())
        assert connection.recv(9999).startswith(b"HTTP/1.1 413")
