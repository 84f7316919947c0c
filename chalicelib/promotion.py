"""reentrenamiento's functions: what there is to train on, whether a challenger may pass, and its
promotion, by the machine or by a person who signs it off."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib import artifact, challenge_report, gate
from chalicelib.containers import image_uri
from chalicelib.endpoints import SETTLED
from chalicelib.errors import ArtifactChanged, ChampionChanged, EndpointBusy, InvalidArtifact
from chalicelib.profile import Profile
from chalicelib.settings import JOB_PREFIX, MODEL_PREFIX, REPORT_PREFIX, SNAPSHOT_PREFIX
from chalicelib.swap_set import Recent, swap_set

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

    from chalicelib.endpoints import ModelEndpoints
    from chalicelib.notifications import NotificationTopic

Document = dict[str, Any]

NO_CHAMPION = "none"
NEWS = ("rows", "bads", "newRows", "newBads")


class RetrainingFiles:
    """Of the data bucket what a retraining reads and leaves; of the bucket of models its way in."""

    def __init__(self, s3: "S3Client", data: str, models: str) -> None:
        self._s3 = s3
        self._data = data
        self._models = models

    def url(self, key: str) -> str:
        return f"s3://{self._data}/{key}"

    def read(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._data, Key=key)["Body"].read()

    def read_if_there(self, key: str) -> bytes | None:
        try:
            return self.read(key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None

    def artifact(self, job: str) -> bytes:
        """What a training left. Raises InvalidArtifact for what is too large to be a model."""
        response = self._s3.get_object(Bucket=self._data, Key=_artifact_key(job))
        if response["ContentLength"] > artifact.LARGEST_ARCHIVE:
            limit = artifact.LARGEST_ARCHIVE // 2**20
            raise InvalidArtifact(f"It is larger than {limit} MiB, more than any model needs.")
        return response["Body"].read()

    def write(self, key: str, body: bytes, content_type: str) -> None:
        self._s3.put_object(Bucket=self._data, Key=key, Body=body, ContentType=content_type)

    def promote(self, model: str, version: str, body: bytes) -> None:
        """To where createEndpointModel takes it from."""
        key = f"{MODEL_PREFIX}{model}/{version}/model.tar.gz"
        self._s3.put_object(Bucket=self._models, Key=key, Body=body)


class ModelPackages:
    """Challengers that wait for a person, in SageMaker's registry: a group a model."""

    def __init__(self, client: "SageMakerClient", prefix: str, image: str) -> None:
        self._client = client
        self._prefix = prefix
        self._image = image

    def register(self, model: str, version: str, url: str, facts: Mapping[str, str]) -> str:
        """The package's ARN; `facts` come back by `approved`."""
        group = f"{self._prefix}-{model}"
        self._ensure(group)
        created = self._client.create_model_package(
            ModelPackageGroupName=group,
            ModelPackageDescription=f"{model} {version}",
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [
                    {
                        "Image": image_uri(self._image, self._client.meta.region_name),
                        "ModelDataUrl": url,
                    }
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties=dict(facts),
        )
        return created["ModelPackageArn"]

    def signed_off(self, arn: str) -> dict[str, str] | None:
        """What was registered, if it is approved now; an event may be late."""
        package = self._client.describe_model_package(ModelPackageName=arn)
        if package.get("ModelApprovalStatus") != "Approved":
            return None
        return package["CustomerMetadataProperties"]

    def _ensure(self, group: str) -> None:
        try:
            self._client.describe_model_package_group(ModelPackageGroupName=group)
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            self._client.create_model_package_group(ModelPackageGroupName=group)


def open_snapshot(event: Document, prefix: str, files: RetrainingFiles) -> Document:
    """openSnapshot: how much is new in it, and what each model's training and comparison need."""
    key = f"{SNAPSHOT_PREFIX}{event['snapshot']}/manifest.json"
    manifest = msgspec.json.decode(files.read(key))
    # A job's inputs can't be left out: without a champion a small file takes its place.
    nobody = {"version": NO_CHAMPION, "url": files.url(key)}
    shared = {name: event[name] for name in ("version", "snapshot")}
    shared["profile"] = files.url(event["profilePrefix"])
    models = [
        {
            **shared,
            **_names(one["model"], event["version"], prefix, files),
            "schema": one["schema"],
            "champion": one.get("champion") or nobody,
        }
        for one in event["models"]
    ]
    wrong = {
        "wrongRows": manifest.get("wrongRows", 0),
        "wrongRowsReport": manifest.get("report", ""),
    }
    return {name: manifest[name] for name in NEWS} | wrong | {"models": models}


def _names(model: str, version: str, prefix: str, files: RetrainingFiles) -> Document:
    job = f"{prefix}-{model}-{version}"
    return {
        "model": model,
        "job": job,
        "artifact": files.url(_artifact_key(job)),
        "comparison": f"{job}-compare",
        "reports": files.url(_report_key(model, version)),
    }


def evaluate(event: Document, profile: Profile, files: RetrainingFiles) -> Document:
    """evaluateModel: every reason for a no, the swap set, and the report of both."""
    model, version = event["model"], event["version"]
    place = _report_key(model, version)
    facts = msgspec.json.decode(files.read(f"{place}evaluation.json"))
    digest, faults = _of_artifact(event, facts, profile, files)
    reasons = [*faults, *_of_facts(facts, profile)]
    lines = files.read_if_there(f"{place}decisions.jsonl") or b""
    recent = msgspec.json.Decoder(Recent).decode_lines(lines)
    report: Document = {
        "model": model,
        "version": version,
        "snapshot": event["snapshot"],
        "verdict": "rejected" if reasons else "passed",
        "reasons": reasons,
        "facts": facts,
        "swapSet": swap_set(recent, model, profile.policy) if recent else None,
        "page": files.url(f"{place}report.html"),
    }
    files.write(f"{place}report.json", msgspec.json.encode(report), "application/json")
    files.write(f"{place}report.html", challenge_report.page(report).encode(), "text/html")
    return {
        **{name: report[name] for name in ("verdict", "reasons")},
        "report": report["page"],
        "sha256": digest,
        "notice": challenge_report.notice(report),
    }


def _of_artifact(
    event: Document, facts: Document, profile: Profile, files: RetrainingFiles
) -> tuple[str, list[str]]:
    """The archive's SHA-256, and what is wrong with it."""
    try:
        body = files.artifact(event["job"])
    except InvalidArtifact as fault:
        return "", [f"artefacto: {fault}"]
    digest = hashlib.sha256(body).hexdigest()
    try:
        verified = artifact.verify(body, event["model"], event["version"], profile)
    except InvalidArtifact as fault:
        return digest, [f"artefacto: {fault}"]
    if facts.get("sha256", verified.sha256) != verified.sha256:
        return digest, ["artefacto: no es el que se midió; repita el entrenamiento"]
    return digest, []


def _of_facts(facts: Document, profile: Profile) -> list[str]:
    if "refused" in facts:
        return [f"medición: {facts['refused']}"]
    measured = msgspec.convert(facts, gate.Facts)
    return [f"{one.rule}: {one.told}" for one in gate.reasons(measured, profile.gate)]


def promote(
    event: Document,
    profile: Profile,
    files: RetrainingFiles,
    packages: ModelPackages,
    endpoints: "ModelEndpoints",
) -> Document:
    """promoteModel: into production, or to the person who signs off. Safe to repeat.

    Raises ChampionChanged if another model answers now than the one it was compared with.
    """
    model, version, job = event["model"], event["version"], event["job"]
    body = _as_evaluated(event, files)
    if _live(model, endpoints) not in (event["champion"], version):
        raise ChampionChanged(f"{model} {version} was not compared with what answers now.")
    if not profile.gate.sign_off:
        files.promote(model, version, body)
        return {"verdict": "promoted"}
    facts = {name: event[name] for name in ("model", "version", "job", "sha256", "champion")}
    package = packages.register(model, version, files.url(_artifact_key(job)), facts)
    return {"verdict": "pending", "package": package}


def approved(
    arn: str,
    files: RetrainingFiles,
    packages: ModelPackages,
    endpoints: "ModelEndpoints",
    topic: "NotificationTopic",
) -> None:
    """packageApproved: a person has signed off a challenger. The event may come again, and late.

    Raises EndpointBusy while another version is being deployed: Lambda tries again.
    """
    facts = packages.signed_off(arn)
    if facts is None:
        return
    what = f"{facts['model']} {facts['version']}"
    live = _live(facts["model"], endpoints, settled=True)
    if live == facts["version"]:
        return
    if live != facts["champion"]:
        compared = f"Se comparó con {facts['champion']} y ahora responde {live}"
        topic.publish("rejected", what, f"{compared}: espere al próximo reentrenamiento.")
        return
    try:
        body = _as_evaluated(facts, files)
    except ArtifactChanged as fault:
        topic.publish("rejected", what, str(fault))
        return
    files.promote(facts["model"], facts["version"], body)
    topic.publish("promoted", what, arn)


def _live(model: str, endpoints: "ModelEndpoints", *, settled: bool = False) -> str:
    live = endpoints.live(model)
    if live is None:
        return NO_CHAMPION
    if settled and live["status"] not in SETTLED:
        raise EndpointBusy(f"The endpoint of {model} is {live['status']}.")
    version: str = live["version"]
    return version


def _as_evaluated(facts: Mapping[str, str], files: RetrainingFiles) -> bytes:
    body = files.artifact(facts["job"])
    if hashlib.sha256(body).hexdigest() != facts["sha256"]:
        raise ArtifactChanged(
            f"The artifact of {facts['job']} is not the one that was evaluated: train it again."
        )
    return body


def _artifact_key(job: str) -> str:
    return f"{JOB_PREFIX}/{job}/output/model.tar.gz"


def _report_key(model: str, version: str) -> str:
    return f"{REPORT_PREFIX}{version}/{model}/"
