"""The document of GET /openapi.json: https://spec.openapis.org/oas/v3.1.0.html."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.foundation import errors
from chalicelib.foundation.errors import Problem
from chalicelib.http.csv_page import CSV_TYPE
from chalicelib.http.openapi import (
    decision_answers,
    desk_answers,
    headers,
    request_schemas,
    webhook_descriptions,
)
from chalicelib.http.openapi.operations import OPERATIONS, Operation, Problems
from chalicelib.http.openapi.recorded_examples import Examples
from chalicelib.http.web import PROBLEM_TYPE
from chalicelib.people.access import ACCESS, PEOPLE, Access
from chalicelib.profile import Profile

Document = dict[str, Any]

VERSION = "1.0.0"  # of the API; a change that breaks callers raises the first number
JSON = "application/json"
REF = "#/components/schemas/{name}"
TITLE = "Serverless credit analysis: "
ABOUT = (
    "One application through three models in parallel to one stored, explained decision. Machines "
    "send an API key, whose scope opens routes; people send an ID token of the stage's Cognito "
    "user pool and call the same routes under /people by their roles."
)
# API Gateway's own answers, and those of every route.
OF_KEYS: Problems = (errors.Forbidden, errors.ScopeMissing)
OF_PEOPLE: Problems = (errors.Unauthorized, errors.RoleMissing)
OF_ALL: Problems = (
    errors.TooManyRequests, errors.InternalError, errors.ServiceUnavailable, errors.ServiceTimeout,
)  # fmt: skip
SCHEMES = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "person": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}
LANGUAGE = {
    "name": "Accept-Language", "in": "header", "schema": {"type": "string"},
    "description": "es or en; without it the profile's language",
}  # fmt: skip


class FieldFault(decision_answers.Answer):
    """The fault of one field. `pointer` is its place in the body (RFC 6901); a parameter or header
    has none.
    """

    field: str
    message: str
    pointer: str | msgspec.UnsetType = msgspec.UNSET


class ProblemDetails(decision_answers.Answer):
    """A problem of RFC 9457. `type` never changes with the language; texts do."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldFault] | msgspec.UnsetType = msgspec.UNSET


def description(profile: Profile) -> str:
    """Return the document as text; the same profile gives the same bytes."""
    return json.dumps(document(profile), ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def document(profile: Profile) -> Document:
    """Return the description of the API for a profile."""
    examples = Examples(profile)
    paths: Document = defaultdict(dict)
    for row in ACCESS:
        operation = _OPERATIONS[row.method, row.path]
        for place, who in _places(row):
            paths[place][row.method.lower()] = _described(operation, who, profile, examples)
    itself = {
        "openapi": "3.1.0",
        "info": {"title": f"{TITLE}{profile.product.title.en}", "version": VERSION,
                 "description": ABOUT},
    }  # fmt: skip
    paths["/health"]["get"] = _open(
        "getHealth", "Say that the process runs", _ref(desk_answers.Health), examples
    )
    about = {"schema": {"type": "object"}, "examples": {"getDescription": {"value": itself}}}
    paths["/openapi.json"]["get"] = _open("getDescription", "Describe the API", about, examples)
    return itself | {
        "paths": dict(paths),
        "webhooks": webhook_descriptions.webhooks(),
        "components": {"schemas": _schemas(profile), "headers": headers.components(profile.api),
                       "parameters": webhook_descriptions.parameters(), "securitySchemes": SCHEMES,
                       "examples": examples.components(_all_problems())},
    }  # fmt: skip


_OPERATIONS: Mapping[tuple[str, str], Operation] = {(o.method, o.path): o for o in OPERATIONS}


def _places(row: Access) -> Iterator[tuple[str, Access]]:
    """Yield the route of keys and its twin of people, each with those who may call it."""
    if row.scopes:
        yield row.path, Access(row.method, row.path, row.scopes, frozenset())
    if row.roles:
        yield PEOPLE + row.path, Access(row.method, row.path, frozenset(), row.roles)


def _described(operation: Operation, who: Access, profile: Profile, examples: Examples) -> Document:
    usual = OF_KEYS if who.scopes else OF_PEOPLE
    security = {"apiKey": sorted(who.scopes)} if who.scopes else {"person": sorted(who.roles)}
    described = {
        "operationId": operation.name if who.scopes else f"{operation.name}ByPerson",
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [security],
        "parameters": [*_parameters(operation, profile)],
        "responses": _answers(operation, who, examples)
        | _problems(operation.name, (*usual, *operation.problems, *OF_ALL), examples),
    }
    if body := request_schemas.bodies(profile).get(operation.name):
        content = {"schema": body} | examples.of(operation.name, "request")
        if operation.name == "predict" and profile.examples:
            content["examples"] = dict(_examples(profile))
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    return described


def _examples(profile: Profile) -> Iterator[tuple[str, Document]]:
    for name, one in profile.examples.items():
        consents = {"consents": [*one.consents]} if one.consents else {}
        body = {"clientId": one.client_id, "application": one.application}
        yield name, {"value": body | consents}


def _parameters(operation: Operation, profile: Profile) -> Iterator[Document]:
    for part in operation.path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            schema = request_schemas.PATHS[name]
            yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, schema in request_schemas.queries(operation.name, profile).items():
        required = (operation.name, name) in request_schemas.NEEDED
        yield {"name": name, "in": "query", "required": required, "schema": schema}
    yield LANGUAGE
    if operation.once:
        yield from headers.ASKED_ONCE


def _answers(operation: Operation, who: Access, examples: Examples) -> Document:
    good: Document = {
        "description": operation.summary,
        "headers": {**headers.LIMITS},
        "content": {JSON: _ref(operation.answer) | examples.of(operation.name, "answer")},
    }
    if operation.lists:
        page = {"schema": {"type": "string"}} | examples.of(operation.name, "csv")
        good["content"][CSV_TYPE] = page
        good["headers"] |= headers.NEXT_PAGE
    if links := dict(_links(operation, who)):
        good["links"] = links
    answers: Document = {"200": good}
    if operation.once:
        good["headers"] |= headers.REPLAYED
    if operation.may_wait:
        answers["202"] = {
            "description": "The analysis goes on; ask where Location says",
            "headers": headers.pending(once=operation.once),
            "content": {
                JSON: _ref(decision_answers.Pending) | examples.pending(by_person=not who.scopes)
            },
        }
    return answers


def _problems(operation: str, problems: Problems, examples: Examples) -> Document:
    by_status: dict[int, list[type[Problem]]] = defaultdict(list)
    for one in dict.fromkeys(problems):
        by_status[one.status].append(one)
    return {
        str(status): {
            "description": "; ".join(one.title.en for one in found),
            "content": {
                PROBLEM_TYPE: {"schema": _problem(found)} | examples.of_problems(operation, found)
            },
        }
        | headers.of_problems(found)
        for status, found in sorted(by_status.items())
    }


def _problem(found: list[type[Problem]]) -> Document:
    kinds = [{"$ref": REF.format(name=one.__name__)} for one in found]
    return {"anyOf": kinds} if len(kinds) > 1 else kinds[0]


def _all_problems() -> list[type[Problem]]:
    own = (problem for operation in OPERATIONS for problem in operation.problems)
    return sorted({*OF_KEYS, *OF_PEOPLE, *OF_ALL, *own}, key=lambda one: one.__name__)


def _problem_schemas() -> Iterator[tuple[str, Document]]:
    """Yield the schema of each problem, so that a generated client has a type for each."""
    for one in _all_problems():
        kind = {"properties": {"type": {"enum": [one.uri()]}}}
        yield one.__name__, {"allOf": [{"$ref": REF.format(name="ProblemDetails")}, kind]}


def _links(operation: Operation, who: Access) -> Iterator[tuple[str, Document]]:
    """Yield links to operations that the same caller may have: keys to keys, people to people."""
    ids = {name: f"$response.body#/{name}" for name in ("clientId", "predictionId")}
    for name in operation.leads_to:
        target = next(one for one in OPERATIONS if one.name == name)
        row = next(r for r in ACCESS if (r.method, r.path) == (target.method, target.path))
        if who.scopes and row.scopes:
            yield name, {"operationId": name, "parameters": ids}
        elif who.roles and row.roles:
            yield name, {"operationId": f"{name}ByPerson", "parameters": ids}


def _open(name: str, summary: str, content: Document, examples: Examples) -> Document:
    """Return an operation that needs no key."""
    shown = {JSON: content | examples.of(name, "answer")}
    good = {"description": summary, "headers": headers.LIMITS, "content": shown}
    return {"operationId": name, "summary": summary, "tags": ["models"], "security": [],
            "responses": {"200": good} | _problems(name, OF_ALL, examples)}  # fmt: skip


def _ref(answer: Any) -> Document:
    return {"schema": {"$ref": REF.format(name=answer.__name__)}}


def _schemas(profile: Profile) -> Document:
    answers = {operation.answer for operation in OPERATIONS}
    types = [*answers, decision_answers.Pending, desk_answers.Health, ProblemDetails]
    ordered = sorted(types, key=lambda one: str(one.__name__))
    _, schemas = msgspec.json.schema_components(ordered, ref_template=REF)
    named = dict(sorted(schemas.items())) | dict(_problem_schemas())
    return named | {"Application": request_schemas.application(profile)}
