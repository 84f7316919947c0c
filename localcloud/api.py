"""The API on Chalice's own local server, with what API Gateway adds: the API key."""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice
from chalice.local import (
    ChaliceRequestHandler,
    LambdaEventConverter,
    LocalChalice,
    LocalDevServer,
    RouteMatcher,
    create_local_server,
)

from chalicelib.errors import Problem
from infrastructure.api import ANSWERS, body_of, headers_of
from localcloud.aws_port import LOOPBACK, PortTaken
from localcloud.bank import Bank

LARGEST_BODY = 10 * 2**20  # as API Gateway has it


class KeyedEvents(LambdaEventConverter):
    """Events that name the caller's key, as API Gateway's do: by its id, which is not the key."""

    def __init__(self, app: Chalice, api_key: str) -> None:
        super().__init__(RouteMatcher(list(app.routes)), app.api.binary_types)
        self._key_id = hashlib.sha256(api_key.encode()).hexdigest()[:10]

    def create_lambda_event(self, *args: Any, **more: Any) -> Any:
        event = super().create_lambda_event(*args, **more)
        event["requestContext"]["identity"]["apiKeyId"] = self._key_id
        return event


class KeyedHandler(ChaliceRequestHandler):
    """Answers 403 where API Gateway would: Chalice's local server knows no API keys."""

    # One segment an answer: with Nagle's algorithm a kept-alive request takes 44 ms.
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(
        self,
        *args: Any,
        api_key: str,
        in_role: Callable[[str], AbstractContextManager[None]],
        app_object: Chalice,
        events: KeyedEvents,
        **more: Any,
    ) -> None:
        self._api_key = api_key
        self._events = events
        self._in_role = in_role
        self._app = app_object
        super().__init__(*args, app_object=app_object, **more)  # type: ignore[misc]

    def _generic_handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length[:12]) > LARGEST_BODY:
            self._refuse(ANSWERS["REQUEST_TOO_LARGE"])
        elif self._needs_key() and not self._has_key():
            self._parse_payload()
            self._refuse(ANSWERS["INVALID_API_KEY"])
        else:
            self._decode_path()
            self.local_gateway.event_converter = self._events
            with self._in_role(self._used_by()):
                super()._generic_handle()

    def _decode_path(self) -> None:
        """As API Gateway decodes a path's parameters."""
        path, mark, query = self.requestline.split()[1].partition("?")
        if "%2f" not in path.lower():
            self.path = unquote(path) + mark + query

    def _refuse(self, problem: Problem) -> None:
        self.close_connection = problem.status != 403  # the unread would be the next request
        self._send_http_response(problem.status, headers_of(problem), body_of(problem))

    # The class that this one extends bound its own.
    do_GET = do_POST = do_OPTIONS = do_HEAD = _generic_handle  # noqa: N815
    do_PUT = do_DELETE = do_PATCH = _generic_handle  # noqa: N815

    def _needs_key(self) -> bool:
        route = self._app.routes.get(self._pattern(), {}).get(self.command)
        return route is not None and bool(route.api_key_required)

    def _used_by(self) -> str:
        return f"{self.command} {self._pattern()}"

    def _pattern(self) -> str:
        """The route's, without what stands in the path itself: that is a client's."""
        try:
            matched: str = RouteMatcher(list(self._app.routes)).match_route(self.path).route
        except ValueError:  # no such path: Chalice says so
            return "no route"
        return matched

    def _has_key(self) -> bool:
        given = self.headers.get("x-api-key", "")
        return hmac.compare_digest(given.encode(), self._api_key.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in http.server
        """Paths hold client ids, so requests are not logged."""


@contextmanager
def serving_api(bank: Bank, api_key: str, port: int) -> Iterator[int]:
    """The port bound, on the loopback address only; 0 asks for a free one."""
    app, config = bank.app, bank.config
    in_role = partial(bank.cloud.functions.in_role_of, bank.api_handler)
    try:
        if not isinstance(app, LocalChalice):
            # Makes the app's current request a thread's own; the server it makes is not used.
            create_local_server(app, config, LOOPBACK, 0).server.server_close()
        events = KeyedEvents(app, api_key)
        handler = partial(KeyedHandler, api_key=api_key, in_role=in_role, events=events)
        server = LocalDevServer(app, config, LOOPBACK, port, handler_cls=handler).server
    except OSError as error:
        raise PortTaken(f"Port {port} is in use: choose another with PORT.") from error
    thread = threading.Thread(target=server.serve_forever, name="api", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
