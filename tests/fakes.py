"""Stand-ins for AWS in the unit tests.

Each passes the same tests as what it stands for: in tests/contract, PredictionList in
decisions/test_predictions.py, S3 in test_fake_s3.py, SageMaker in models/test_fake_sagemaker.py,
Runs in retraining/test_fake_runs.py. tests/unit/test_fakes.py compares signatures.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.foundation import expiry
from chalicelib.foundation.errors import PredictionNotFound
from chalicelib.foundation.notifications import SUBJECTS, NotificationTopic
from chalicelib.retraining.weekly_update import Execution

Document = dict[str, Any]


class PredictionList:
    """PredictionTable, in memory."""

    def __init__(self, now: Callable[[], datetime] = expiry.utc_now) -> None:
        self._items: dict[tuple[str, str], Document] = {}
        self._ends: dict[tuple[str, str], Document] = {}
        self._now = now

    def add(self, prediction: Document) -> Document:
        key = (prediction["clientId"], prediction["predictionId"])
        return self._items.setdefault(key, prediction)

    def claim(self, client_id: str, key: str, claim: Document, days: int | None = None) -> Document:
        return self.claimed(client_id, key) or self._put_claim(client_id, key, claim, days or 0)

    def mark(self, client_id: str, name: str, mark: Document, days: int) -> None:
        self._put_claim(client_id, name, mark, days)

    def take(
        self, client_id: str, name: str, mark: Document, days: int, seen: Document | None
    ) -> bool:
        found = self.claimed(client_id, name)
        is_free = bool(found) == bool(seen) and (
            not found or not seen or found["heldUntil"] == seen["heldUntil"]
        )
        if is_free:
            self._put_claim(client_id, name, mark, days)
        return is_free

    def claimed(self, client_id: str, key: str) -> Document | None:
        place = (client_id, f"idempotency#{key}")
        is_past = expiry.is_past(self._ends.get(place, {}), self._now())
        return None if is_past else self._items.get(place)

    def _put_claim(self, client_id: str, key: str, claim: Document, days: int) -> Document:
        place = (client_id, f"idempotency#{key}")
        self._ends[place] = expiry.after(days, self._now())
        self._items[place] = dict(zip(("clientId", "predictionId"), place, strict=True)) | claim
        return self._items[place]

    def add_outcome(
        self, client_id: str, outcome_id: str, outcome: Document, acts: int | None = None
    ) -> Document | None:
        if acts is not None:
            self.get(client_id, outcome["of"])
            following = f"review#{outcome['of']}#{acts:04}"
            if (client_id, following) in self._items:
                return None
        return self.add({"clientId": client_id, "predictionId": f"outcome#{outcome_id}", **outcome})

    def outcomes(self, client_id: str, prediction_id: str) -> list[Document]:
        of = f"outcome#{prediction_id}#"
        found = [
            item
            for (client, name), item in self._items.items()
            if client == client_id and name.startswith(of)
        ]
        return sorted(found, key=lambda told: (told["toldAt"], told["predictionId"]))

    def outcomes_reported_on(self, day: str) -> Iterator[Document]:
        told = [one for one in self._items.values() if one.get("toldAt", "").startswith(day)]
        yield from sorted(told, key=lambda one: one["predictionId"])

    def add_act(self, client_id: str, prediction_id: str, number: int, act: Document) -> Document:
        if (client_id, prediction_id) not in self._items:
            raise PredictionNotFound
        name = f"review#{prediction_id}#{number:04}"
        item = {"clientId": client_id, "predictionId": name, "of": prediction_id} | act
        return self.add(item)

    def acts(self, client_id: str, prediction_id: str) -> list[Document]:
        of = f"review#{prediction_id}#"
        names = [n for client, n in self._items if client == client_id and n.startswith(of)]
        return [self._items[client_id, name] for name in sorted(names)]

    def acts_on(self, day: str, after: str) -> Iterator[Document]:
        acts = [one for (_, name), one in self._items.items() if name.startswith("review#")]
        of_day = [one for one in acts if one["at"].startswith(day)]
        found = [one for one in of_day if one["predictionId"] > after]
        yield from sorted(found, key=lambda one: one["predictionId"])

    def get(self, client_id: str, prediction_id: str) -> Document:
        hidden = prediction_id.startswith(("idempotency#", "outcome#", "review#"))
        if (client_id, prediction_id) not in self._items or hidden:
            raise PredictionNotFound
        return self._items[client_id, prediction_id]


class StoringMachine:
    """analisisCredito with one model's opinion: it stores and answers what it was asked."""

    def __init__(self, predictions: PredictionList) -> None:
        self.runs: list[Document] = []
        self.starts: list[Document] = []
        self._predictions = predictions

    def run(self, request: Document) -> Document:
        self.runs.append(request)
        return self._predictions.add(request | {"decision": "APPROVE"})

    def start(self, request: Document) -> None:
        self.starts.append(request)


class S3:
    """boto3's client, of one bucket that holds these objects."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self._modified = dict.fromkeys(objects, datetime.now(UTC))

    def get_paginator(self, name: str) -> "S3":
        return self

    def paginate(self, Bucket: str, Prefix: str, Delimiter: str = "") -> list[Document]:
        keys = [key for key in sorted(self.objects) if key.startswith(Prefix)]
        page: Document = {}
        if Delimiter:
            ends = {key: key.find(Delimiter, len(Prefix)) + 1 for key in keys}
            folders = dict.fromkeys(key[:end] for key, end in ends.items() if end)
            keys = [key for key in keys if not ends[key]]
            page |= (
                {"CommonPrefixes": [{"Prefix": folder} for folder in folders]} if folders else {}
            )
        return [page | ({"Contents": [self._summary(key) for key in keys]} if keys else {})]

    def get_object(self, Bucket: str, Key: str) -> Document:
        body = self._body(Key, "GetObject")
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "") -> None:
        if IfNoneMatch and Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[Key] = Body
        self._modified[Key] = datetime.now(UTC)

    def copy_object(self, Bucket: str, Key: str, CopySource: dict[str, str]) -> None:
        self.put_object(Bucket, Key, self._body(CopySource["Key"], "CopyObject"))

    def _summary(self, key: str) -> Document:
        etag = f'"{hashlib.md5(self.objects[key], usedforsecurity=False).hexdigest()}"'
        modified = self._modified.setdefault(key, datetime.now(UTC))
        return {"Key": key, "ETag": etag, "LastModified": modified}

    def _body(self, key: str, operation: str) -> bytes:
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, operation)
        return self.objects[key]


class Topic(NotificationTopic):
    """The topic itself, with a client that keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[Document] = []
        super().__init__(self._Client(self.messages), "arn")  # type: ignore[arg-type]

    class _Client:
        def __init__(self, messages: list[Document]) -> None:
            self._messages = messages

        def publish(self, **message: Any) -> None:
            self._messages.append(message)

    @property
    def notices(self) -> list[tuple[str, str]]:
        """The kind of each notice, and the model or version that it is about."""
        kinds = [message["MessageAttributes"]["kind"]["StringValue"] for message in self.messages]
        heads = [message["Message"].partition("\n")[0] for message in self.messages]
        return [
            (kind, head.removeprefix(f"{SUBJECTS[kind]}: "))
            for kind, head in zip(kinds, heads, strict=True)
        ]

    @property
    def details(self) -> list[str]:
        return [message["Message"].partition("\n")[2] for message in self.messages]


def endpoint(
    status: str,
    version: str = "v2",
    since: str = "2026-01-01T00:00:00+00:00",
    created: str = "2026-01-01T00:00:00+00:00",
    failure: str = "",
) -> Document:
    """Return the state of an endpoint, as ModelEndpoints.live does."""
    return {
        "status": status,
        "version": version,
        "since": since,
        "created": created,
        "failure": failure,
    }


class LiveEndpoints:
    """An endpoint in one state after the other; the last one stays. None: there is no endpoint."""

    def __init__(self, *states: Document | None) -> None:
        self.states = list(states or [None])

    def live(self, model: str) -> Document | None:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


class Runs:
    """RetrainingMachine, with executions that end when the test says so."""

    def __init__(self, *executions: Execution) -> None:
        self.executions = list(executions)
        self.requests: list[Document] = []

    def last(self) -> Execution | None:
        return self.executions[-1] if self.executions else None

    def start(self, name: str, request: Document) -> bool:
        if name in [execution.name for execution in self.executions]:
            return False
        began = request["previous"], request["version"]
        self.executions.append(Execution(name, "RUNNING", *began))
        self.requests.append(request)
        return True

    def end(self, status: str, *verdicts: str) -> None:
        self.executions[-1] = replace(self.executions[-1], status=status, verdicts=verdicts)


class SageMaker:
    """boto3's client, of one endpoint. `on` has the capacity of each version's configuration.

    A deletion, a creation or an update goes on until the test sets `status`; "" is no endpoint.
    """

    def __init__(self, status: str, version: str, **on: Document) -> None:
        self.status, self.version = status, version
        self.at = datetime(2026, 11, 24, tzinfo=UTC)
        self.did: list[str] = []
        self.on = on
        self.models: dict[str, Document] = {}
        self.meta = type("Meta", (), {"region_name": "us-east-1"})

    def describe_endpoint(self, EndpointName: str) -> Document:
        if not self.status:
            raise _fault("DescribeEndpoint", f'Could not find endpoint "{EndpointName}".')
        return {
            "EndpointStatus": self.status,
            "EndpointConfigName": f"{EndpointName}-{self.version}",
            "CreationTime": self.at,
            "LastModifiedTime": self.at,
        }

    def delete_endpoint(self, EndpointName: str) -> None:
        self.describe_endpoint(EndpointName)
        self.did.append("delete")
        self.status = "Deleting"

    def create_endpoint(self, EndpointName: str, EndpointConfigName: str) -> None:
        if self.status:
            raise _fault("CreateEndpoint", "Cannot create already existing endpoint.")
        self.describe_endpoint_config(EndpointConfigName)
        self.did.append("create")
        self.status, self.version = "Creating", EndpointConfigName.rpartition("-")[2]

    def update_endpoint(self, EndpointName: str, EndpointConfigName: str) -> None:
        self.describe_endpoint(EndpointName)
        self.describe_endpoint_config(EndpointConfigName)
        self.did.append("update")
        self.status, self.version = "Updating", EndpointConfigName.rpartition("-")[2]

    def describe_model(self, ModelName: str) -> Document:
        if ModelName not in self.models:
            raise _fault("DescribeModel", f'Could not find model "{ModelName}".')
        return self.models[ModelName]

    def create_model(self, **model: Any) -> None:
        if model["ModelName"] in self.models:
            raise _fault("CreateModel", "Cannot create already existing model.")
        self.models[model["ModelName"]] = model

    def delete_model(self, ModelName: str) -> None:
        self.describe_model(ModelName)
        self.did.append("delete model")
        del self.models[ModelName]

    def describe_endpoint_config(self, EndpointConfigName: str) -> Document:
        version = EndpointConfigName.rpartition("-")[2]
        if version not in self.on:
            raise _fault("DescribeEndpointConfig", "Could not find endpoint configuration.")
        return {"ProductionVariants": [{"VariantName": "AllTraffic", **self.on[version]}]}

    def create_endpoint_config(
        self, EndpointConfigName: str, ProductionVariants: list[Document]
    ) -> None:
        version = EndpointConfigName.rpartition("-")[2]
        if version in self.on:
            raise _fault("CreateEndpointConfig", "Cannot create already existing configuration.")
        self.on[version] = {
            name: value
            for name, value in ProductionVariants[0].items()
            if name not in ("VariantName", "ModelName")
        }

    def delete_endpoint_config(self, EndpointConfigName: str) -> None:
        self.describe_endpoint_config(EndpointConfigName)
        self.did.append("delete configuration")
        del self.on[EndpointConfigName.rpartition("-")[2]]


def _fault(operation: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)
