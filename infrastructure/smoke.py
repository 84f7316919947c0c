"""One prediction through what was deployed."""

import json
import time
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

import requests
from rstr import Rstr

from chalicelib.profile import Feature, Profile
from infrastructure.embedded import is_embedded

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CLIENT_ID = "smoke-test"
PATIENCE_SECONDS = 120
NOT_YET = (202, 403, 429, 503, 504)

Document = dict[str, Any]


class SmokeFailed(Exception):
    """All is deployed, and a prediction does not come out."""


def body(profile: Profile) -> Document:
    """An application with what is required and no more. Raises SmokeFailed."""
    required = {name: one for name, one in profile.asked_for().items() if one.required}
    application = {name: _value(name, feature) for name, feature in required.items()}
    return {"clientId": CLIENT_ID, "application": application}


def predict(url: str, api_key: str, function: str, sent: Document, lambdas: "LambdaClient") -> str:
    """A sentence about the decision. moto has no proxy integration: on the embedded cloud the
    API's function is asked what API Gateway would ask it. Raises SmokeFailed."""
    if is_embedded():
        way = "through the API's function and analisisCredito (the embedded cloud has no gateway)"
        status, answer = _in_time(lambda: _ask_the_function(lambdas, function, sent))
    else:
        way = f"through {url}predict"
        status, answer = _in_time(lambda: _ask_the_api(url, api_key, sent))
    if status != 200:
        raise SmokeFailed(f"POST /predict {way} answered {status}: {json.dumps(answer)}")
    spoke = [name for name, model in answer["models"].items() if model["status"] == "OK"]
    return f"{answer['decision']} {way}; models that spoke: {', '.join(spoke) or 'none'}"


def _in_time(ask: Callable[[], tuple[int, Document]]) -> tuple[int, Document]:
    """A new key is not known everywhere at once, and functions that start cold take longer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        status, answer = ask()
        if status not in NOT_YET or time.monotonic() > deadline:
            return status, answer
        time.sleep(5)


def _ask_the_api(url: str, api_key: str, sent: Document) -> tuple[int, Document]:
    headers = {"x-api-key": api_key}
    response = requests.post(f"{url}predict", json=sent, headers=headers, timeout=40)
    return response.status_code, response.json()


def _ask_the_function(
    lambdas: "LambdaClient", function: str, sent: Document
) -> tuple[int, Document]:
    event = {
        "resource": "/predict",
        "path": "/predict",
        "httpMethod": "POST",
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {"content-type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/predict",
            "httpMethod": "POST",
            "path": "/v1/predict",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": json.dumps(sent),
        "isBase64Encoded": False,
    }
    response = lambdas.invoke(FunctionName=function, Payload=json.dumps(event))
    answer = json.load(response["Payload"])
    if "FunctionError" in response:
        raise SmokeFailed(f"{function} failed: {answer}")
    return answer["statusCode"], json.loads(answer["body"])


def _value(name: str, feature: Feature) -> float | int | str:
    if feature.type in ("number", "integer"):
        lowest = feature.minimum if feature.minimum is not None else 0
        value = lowest if feature.maximum is None else min(feature.maximum, lowest * 2 + 1)
        return int(value) if feature.type == "integer" else float(value)
    if feature.values:
        return feature.values[0]
    if feature.pattern:
        return str(Rstr(Random(CLIENT_ID)).xeger(feature.pattern))
    raise SmokeFailed(
        f"{name} is required and is a code, which nobody can make up: name a file with the body of "
        "an application, SMOKE=application.json."
    )
