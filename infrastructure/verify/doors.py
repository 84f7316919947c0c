"""Checks of the API as callers reach it: through API Gateway."""

import secrets
import time
from typing import Any
from urllib.parse import urljoin

import requests

from infrastructure.deploy.steps import deployed_api, smoke
from infrastructure.verify.check import Check, Result, Stage, failed, proved

PROBLEM = "application/problem+json"
SECONDS = 40


def alive(stage: Stage) -> Result:
    """Check that the package's machine code loads on Lambda's processor."""
    found = requests.get(f"{stage.url}health", timeout=SECONDS)
    if found.status_code != 200:
        return failed(f"GET {stage.url}health answered {found.status_code}")
    return proved("GET /health answers 200")


def strangers_are_refused(stage: Stage) -> Result:
    """Check that a wrong key, no key, no token and an unknown path are answered with a problem."""
    asked: tuple[tuple[str, dict[str, str], int], ...] = (
        ("models", {"x-api-key": "wrong"}, 403),
        ("models", {}, 403),
        ("people/models", {}, 401),
        ("people/models", {"Authorization": "Bearer wrong"}, 401),
        ("nowhere", {"x-api-key": "wrong"}, 404),
    )
    for path, headers, status in asked:
        found = requests.get(f"{stage.url}{path}", headers=headers, timeout=SECONDS)
        kind = found.headers.get("Content-Type", "")
        if found.status_code != status or not kind.startswith(PROBLEM):
            told = f"{found.status_code} {kind}"
            return failed(f"GET /{path} answered {told}, and not {status} {PROBLEM}")
    return proved("403, 401 and 404, each as a problem")


def compressed(stage: Stage) -> Result:
    """Check that a large answer comes compressed to who accepts gzip, and plain to others."""
    url, found = f"{stage.url}openapi.json", {}
    for accepted in ("gzip", "identity"):
        headers = {"Accept-Encoding": accepted}
        answer = requests.get(url, headers=headers, timeout=SECONDS)
        found[accepted] = answer.headers.get("Content-Encoding", "identity")
    if wrong := {accepted: coding for accepted, coding in found.items() if accepted != coding}:
        told = ", ".join(f"{coding} to {accepted}" for accepted, coding in wrong.items())
        return failed(f"GET /openapi.json answered {told}")
    return proved("gzip to who accepts it, identity to others")


def ready(stage: Stage) -> Result:
    """Check that every endpoint answers a probe; nothing is stored."""
    headers = {"x-api-key": stage.api_key, "Accept-Language": "en"}
    found = requests.get(f"{stage.url}ready", headers=headers, timeout=SECONDS)
    told = found.json()
    silent = [
        f"{model} {one['cause']}"
        for model, one in told.get("models", {}).items()
        if one["status"] != "OK"
    ]
    if found.status_code != 200 or silent:
        return failed(f"GET /ready answered {found.status_code}; {', '.join(silent) or told}")
    took = [f"{model} {one['milliseconds']} ms" for model, one in told["models"].items()]
    return proved(f"{told['status']}: {', '.join(took)}")


def models_speak(stage: Stage) -> Result:
    """Check that a decision has the answers of all models; it is stored, as every decision is."""
    sent = smoke.body(stage.profile)
    answer = smoke.predict(stage.url, stage.api_key, sent, list(stage.profile.models))
    return proved(smoke.sentence(answer))


def nobody_waits(stage: Stage) -> Result:
    """Check that an analysis of a caller who does not wait is decided, once for its key."""
    headers = {"x-api-key": stage.api_key, "Idempotency-Key": secrets.token_hex(16)}
    headers |= {"Prefer": "respond-async"}
    sent, began = smoke.body(stage.profile), time.monotonic()
    told = requests.post(f"{stage.url}predict", json=sent, headers=headers, timeout=SECONDS)
    if told.status_code != 202:
        return failed(f"POST /predict, respond-async, answered {told.status_code}: {told.text}")
    place = urljoin(stage.url, told.headers["Location"])
    while (found := requests.get(place, headers=headers, timeout=SECONDS)).status_code == 202:
        time.sleep(int(found.headers["Retry-After"]))
    if found.status_code != 200:
        return failed(f"GET {told.headers['Location']} answered {found.status_code}: {found.text}")
    seconds = time.monotonic() - began
    again = requests.post(f"{stage.url}predict", json=sent, headers=headers, timeout=SECONDS)
    if again.json().get("predictionId") != found.json()["predictionId"]:
        return failed(f"a repeat with the key got {again.status_code}: {again.text}")
    return proved(f"202, then a decision after {seconds:.1f} s, and the same to a repeat")


def own_answers_stay(stage: Stage) -> Result:
    """Check the gateway responses and limits, which Chalice's PutRestApi may reset."""
    client = stage.client("apigateway")
    found = client.get_gateway_responses(restApiId=stage.api, limit=500)["items"]
    ours = {one["responseType"] for one in found if not one.get("defaultResponse")}
    if missing := set(deployed_api.ANSWERS) - ours:
        return failed(f"these answers are AWS's own: {', '.join(sorted(missing))}")
    return _limits(
        client.get_stage(restApiId=stage.api, stageName=deployed_api.GATEWAY_STAGE), stage
    )


def _limits(found: Any, stage: Stage) -> Result:
    limits = found.get("methodSettings", {}).get("*/*", {})
    wanted = stage.profile.api.limits[stage.settings.stage].route.rate
    if limits.get("throttlingRateLimit") != wanted:
        return failed(f"the stage's rate is {limits.get('throttlingRateLimit')}, not {wanted}")
    return proved(f"{len(deployed_api.ANSWERS)} answers of ours, {wanted} requests a second")


CHECKS = (
    Check(
        "alive",
        "The arm64 wheels load in Lambda",
        "here they are only checked as ELF files for arm64",
        "curl -i https://API.execute-api.us-east-1.amazonaws.com/v1/health",
        alive,
    ),
    Check(
        "ready",
        "Every endpoint answers the API's function within its time",
        "AWS's times and permissions between function and endpoint apply",
        'curl -s https://API.execute-api.us-east-1.amazonaws.com/v1/ready -H "x-api-key: KEY"',
        ready,
    ),
    Check(
        "predict",
        "A prediction comes from three models, through the key and the gateway",
        "the embedded gateway is our own code",
        "make verify-aws STAGE=dev YES=yes",
        models_speak,
        writes=True,
    ),
    Check(
        "async",
        "An asynchronous execution of analisisCredito decides on what was answered 202",
        "the embedded cloud imitates EXPRESS executions that nobody waits for",
        "make verify-aws STAGE=dev YES=yes",
        nobody_waits,
        writes=True,
    ),
    Check(
        "strangers",
        "A wrong key, wrong token or unknown path is refused with `application/problem+json`",
        "only AWS shows whether a header of a gateway response replaces its content type",
        'curl -i https://API.execute-api.us-east-1.amazonaws.com/v1/models -H "x-api-key: wrong"',
        strangers_are_refused,
    ),
    Check(
        "compressed",
        "API Gateway compresses a large answer for a caller who accepts gzip",
        "the embedded gateway is our own code",
        "curl -sI --compressed https://API.execute-api.us-east-1.amazonaws.com/v1/openapi.json",
        compressed,
    ),
    Check(
        "own-answers",
        "A second deployment leaves the gateway's answers, limits and tags",
        "moto keeps them always; on AWS each deployment compares them and puts those that differ",
        "aws apigateway get-gateway-responses --rest-api-id API",
        own_answers_stay,
        lacks="limits of a stage",
    ),
)
