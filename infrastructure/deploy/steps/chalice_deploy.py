"""`chalice deploy` with its state in S3, so that another machine makes no second API."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps.stack import Report
from infrastructure.packing import lambda_package
from infrastructure.project import api_function

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_s3 import S3Client

STATE_PREFIX = "deployment/"
# Chalice's lines that tell a person nothing: the functions are named as they are made.
TOLD_ELSEWHERE = (
    "Creating deployment package",
    "Reusing existing deployment package",
    "Creating IAM role",
    "Updating policy for IAM role",
    "Resources deployed",
    "- Lambda ARN",
    "- Rest API URL",
)
Document = dict[str, Any]


class ChaliceFailed(Exception):
    """Chalice did not do what it was asked."""


class TwoApis(Exception):
    """Two REST APIs lead to this stage's functions."""


class NoApi(Exception):
    """No REST API leads to this stage's functions."""


class BrokenState(Exception):
    """The stored state of a deployment, or its lock, cannot be read."""


class Deploying(Exception):
    """Somebody else deploys this stage now."""


class DeployedState:
    """Chalice's state of its last deployment, in the data bucket."""

    def __init__(self, s3: "S3Client", settings: Settings) -> None:
        self._s3 = s3
        self._bucket = settings.data_bucket
        self._key = f"{STATE_PREFIX}{settings.stage}.json"
        self._lock = f"{STATE_PREFIX}{settings.stage}.lock"

    def read(self) -> Document:
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "NoSuchBucket"):
                raise
            return {"resources": [], "schema_version": "2.0", "backend": "api"}
        with _as_written_by_us(f"s3://{self._bucket}/{self._key}"):
            state: Document = json.loads(body)
            rest_api(state)
        return state

    def write(self, state: Document) -> None:
        body = json.dumps(state, indent=2).encode()
        self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=body)

    def forget(self) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=self._key)
        self._s3.delete_object(Bucket=self._bucket, Key=self._lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock of deployments, as two at once would make two APIs. Raises Deploying."""
        me = {"host": socket.gethostname(), "pid": os.getpid(), "at": f"{datetime.now(UTC):%FT%TZ}"}
        self._hold(json.dumps(me).encode())
        try:
            yield
        finally:
            self._s3.delete_object(Bucket=self._bucket, Key=self._lock)

    def _hold(self, me: bytes) -> None:
        condition: Any = {"IfNoneMatch": "*"}
        try:
            held = self._s3.get_object(Bucket=self._bucket, Key=self._lock)
        except self._s3.exceptions.NoSuchKey:
            held = None
        if held:
            with _as_written_by_us(f"s3://{self._bucket}/{self._lock}"):
                holder = json.loads(held["Body"].read())
                is_dead = _is_dead(holder)
            if not is_dead:
                raise Deploying(self._told(holder))
            condition = {"IfMatch": held["ETag"]}
        try:
            self._s3.put_object(Bucket=self._bucket, Key=self._lock, Body=me, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "412"):
                raise
            raise Deploying(self._told({"host": "another", "pid": "?", "at": "now"})) from error

    def _told(self, holder: Document) -> str:
        return (
            f"Process {holder['pid']} of {holder['host']} deploys this stage since {holder['at']}: "
            "wait for it. If it died, say so: aws s3 rm "
            f"s3://{self._bucket}/{self._lock}"
        )


@contextmanager
def _as_written_by_us(where: str) -> Iterator[None]:
    """Parse a state or a lock. Raises BrokenState."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as fault:
        raise BrokenState(
            f"{where} is not what a deployment writes ({type(fault).__name__}: {fault}). Remove "
            f"it: aws s3 rm {where}. The next deployment finds the API by its function."
        ) from fault


def _is_dead(holder: Document) -> bool:
    """Return whether the process of a lock has ended; known only for this machine's processes."""
    if holder["host"] != socket.gethostname():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def deploy(
    apigateway: "APIGatewayClient",
    state: DeployedState,
    settings: Settings,
    staged: Path,
    report: Report,
) -> Document:
    """Deploy, and return Chalice's record of the REST API: rest_api_id and rest_api_url."""
    path = staged / ".chalice" / "deployed" / f"{settings.stage}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = with_the_living_api(state.read(), list(apis(apigateway, settings)), settings)
    path.write_text(json.dumps(known), encoding="utf-8")
    _chalice(["deploy", "--stage", settings.stage], settings, staged, report)
    deployed = json.loads(path.read_text(encoding="utf-8"))
    state.write(deployed)
    return rest_api(deployed)


def delete(state: DeployedState, settings: Settings, staged: Path, report: Report) -> None:
    """Delete all that Chalice's state lists; log groups stay."""
    path = staged / ".chalice" / "deployed" / f"{settings.stage}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(state.read()), encoding="utf-8")
    _chalice(["delete", "--stage", settings.stage], settings, staged, report)


def rest_api(state: Document) -> Document:
    """Return Chalice's record of the REST API; empty if there is none."""
    found = [one for one in state["resources"] if one["resource_type"] == "rest_api"]
    return found[0] if found else {}


def apis(apigateway: "APIGatewayClient", settings: Settings) -> Iterator[str]:
    """Yield the ids of the REST APIs that invoke this stage's functions; the name is the same for
    both stages.
    """
    handler = f":function:{api_function(settings)}/"
    for page in apigateway.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == settings.app_name and handler in _integrations(apigateway, api["id"]):
                yield api["id"]


def only_api(apigateway: "APIGatewayClient", settings: Settings) -> str:
    """Return the id of the one REST API that leads to this stage. Raises NoApi, or TwoApis."""
    living = list(apis(apigateway, settings))
    if not living:
        raise NoApi(
            f"No REST API named {settings.app_name} leads to {api_function(settings)}. Somebody "
            "deleted it, or `chalice deploy` made none: run the same command again."
        )
    _refuse_two(living, settings)
    return living[0]


def _refuse_two(living: list[str], settings: Settings) -> None:
    if len(living) > 1:
        raise TwoApis(
            f"The APIs {', '.join(living)} all lead to {api_function(settings)}: delete those that "
            "nobody calls, with `aws apigateway delete-rest-api --rest-api-id <id>`."
        )


def _integrations(apigateway: "APIGatewayClient", api: str) -> str:
    pages = apigateway.get_paginator("get_resources").paginate(restApiId=api, embed=["methods"])
    return json.dumps([page["items"] for page in pages], default=str)


def with_the_living_api(known: Document, living: list[str], settings: Settings) -> Document:
    """Add the existing API to the state, in case a deployment died before it wrote it: Chalice
    finds all but the API by name.
    """
    _refuse_two(living, settings)
    if not living or rest_api(known).get("rest_api_id") == living[0]:
        return known
    url = f"https://{living[0]}.execute-api.{settings.region}.amazonaws.com/v1/"
    found = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": living[0]}
    others = [one for one in known["resources"] if one["resource_type"] != "rest_api"]
    return known | {"resources": [*others, found | {"rest_api_url": url}]}


def _chalice(arguments: list[str], settings: Settings, staged: Path, report: Report) -> None:
    command = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(staged)]
    # Compiled modules beside the sources would be packed with them.
    environ = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "AWS_DEFAULT_REGION": settings.region,
        # API Gateway takes one deployment in 5 seconds.
        "AWS_RETRY_MODE": "standard",
        "AWS_MAX_ATTEMPTS": "12",
    }
    said = []
    with subprocess.Popen(
        [*command, *arguments],
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:
        for line in running.stdout or ():
            said.append(line)
            if not line.lstrip().startswith(TOLD_ELSEWHERE):
                report(line.rstrip())
    if running.returncode:
        raise ChaliceFailed(f"`chalice {' '.join(arguments)}` ended with {running.returncode}.")
    lambda_package.refuse_another("".join(said))
