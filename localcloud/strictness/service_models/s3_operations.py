"""S3's operations, found by the method, address and query of a request, as its service model has
them.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from moto.core.model import OperationModel
from moto.core.utils import get_service_model
from moto.s3.responses import parse_key_name
from moto.s3bucket_path.utils import parse_key_name as parse_key_name_after_bucket


class _Route(NamedTuple):
    queries: tuple[tuple[str, str], ...]  # what the query must hold, with its value if it has one
    required: tuple[tuple[str, str], ...]  # where each required member is, and its name there
    name: str

    def takes(self, request: Any) -> bool:
        places = {"header": request.headers, "querystring": request.args}
        return all(name in places[place] for place, name in self.required) and all(
            name in request.args and (not value or request.args[name] == value)
            for name, value in self.queries
        )


def place_of(response: Any, request: Any) -> dict[str, str]:
    """Return the bucket and the key that the address names, if any."""
    path = unquote(request.raw_path)
    in_host = response.subdomain_based_buckets(request)
    key = parse_key_name(path) if in_host else parse_key_name_after_bucket(path)
    bucket = response.parse_bucket_name_from_url(request, request.raw_url)
    place = {"Bucket": bucket, "Key": key or ""}
    return {name: value for name, value in place.items() if value}


def operation_of(request: Any, place: Mapping[str, str]) -> OperationModel | None:
    """Return the operation with the most of what it asks for; None for a form of a browser."""
    for route in _routes()[request.method, frozenset(place)]:
        if route.takes(request):
            operation: OperationModel = get_service_model("s3").operation_model(route.name)
            return operation
    return None


@cache
def _routes() -> Mapping[tuple[str, frozenset[str]], list[_Route]]:
    model = get_service_model("s3")
    routes: dict[tuple[str, frozenset[str]], list[_Route]] = defaultdict(list)
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.deprecated or operation.input_shape is None:
            continue
        path, _, query = operation.http["requestUri"].partition("?")
        place = frozenset(one for one in ("Bucket", "Key") if f"{{{one}" in path)
        queries = tuple(parse_qsl(query, keep_blank_values=True))
        if path.startswith(("/{", "/")) and path.count("{") == len(place):
            found = _Route(queries, tuple(_required(operation.input_shape)), name)
            routes[operation.http["method"], place].append(found)
    for known in routes.values():
        known.sort(key=lambda route: -len(route.queries) - len(route.required))
    return routes


def _required(shape: Any) -> list[tuple[str, str]]:
    members = (shape.members[name].serialization for name in shape.required_members)
    return [
        (one["location"], one["name"])
        for one in members
        if one.get("location") in ("header", "querystring")
    ]
