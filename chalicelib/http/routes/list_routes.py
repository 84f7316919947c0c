"""Views of lists of decisions: the bank's, and a client's."""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from chalice.app import Request, Response

from chalicelib.decisions.lists.decision_list import DecisionLists, Listed
from chalicelib.decisions.lists.list_request import Choices, wrong
from chalicelib.foundation.text import Text, asks_rather_for
from chalicelib.http.csv_page import CSV_TYPE, csv_page
from chalicelib.http.web import NOT_STORED, Headers
from chalicelib.services import list_services, services

LISTED = "fields"
REPEATED = Text(es="debe venir una sola vez", en="must come only once")


def decisions(request: Request) -> Any:
    query = _query(request)
    return _answer(request, "decisions", query, _lists().of_bank(query))


def predictions(request: Request, clientId: str) -> Any:  # noqa: N803 - the path's own name
    query = _query(request)
    return _answer(request, "predictions", query, _lists().of_client(clientId, query))


def _lists() -> DecisionLists:
    from chalicelib.decisions.lists.parallel_reads import read_all  # it imports threads

    using, now = services(), datetime.now(UTC)
    choices = Choices(using.profile.models, using.profile.segments())
    return DecisionLists(
        using.decision_places,
        using.cursor_keys,
        choices,
        now,
        time.monotonic,
        gather=read_all,
        first_day=lambda: list_services.first_day().day(),
    )


def _query(request: Request) -> dict[str, str]:
    """Return the query's parameters. Raises InvalidRequest for those that come more than once: of
    two filters it is not clear which one counts. `fields` may, as generated clients send a list.
    """
    given = request.query_params
    values = {name: given.getlist(name) for name in given} if given else {}
    if LISTED in values:
        values[LISTED] = [",".join(values[LISTED])]
    repeated = [name for name, several in values.items() if len(several) > 1]
    if repeated:
        raise wrong(dict.fromkeys(repeated, REPEATED))
    return {name: value for name, (value,) in values.items()}


def _answer(request: Request, name: str, query: dict[str, str], listed: Listed) -> Response:
    """Return the page, as JSON or CSV. Its Link header leads to the next one:
    https://www.rfc-editor.org/rfc/rfc8288.
    """
    headers: Headers = {**NOT_STORED}
    if listed.next:
        following = urlencode(query | {"cursor": listed.next})
        headers["Link"] = f'<?{following}>; rel="next"'
    if not asks_rather_for(CSV_TYPE, "application/json", request.headers.get("accept", "")):
        return Response({name: listed.decisions, "next": listed.next}, headers)
    headers["Content-Type"] = f"{CSV_TYPE}; charset=utf-8; header=present"
    headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return Response(csv_page(listed.fields, listed.decisions), headers)
