"""Decisions again, from what is stored: the application, the artifacts and the policy in force.

\b
    python -m training.replay <clientId> <predictionId>
    python -m training.replay --all 100                 the newest 100

Says "identical", or names what differs. An artifact that is not the recorded one is refused.
Texts are the profile's wording of today and no part of a decision. Ends with 1 if anything differs.

\b
Not checked, for nothing that is stored determines it:
    clientId, predictionId, createdAt and language;
    whether the bank was switched to review only: decisionBasis REVIEW_ONLY is taken as it is;
    why a model did not answer.
"""

import heapq
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import boto3
import click
import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from chalicelib.decision import Answer, Scored, Unavailable, weigh
from chalicelib.errors import PredictionNotFound, TableUnavailable
from chalicelib.evidence import changed_features
from chalicelib.predictions import CLAIM, OUTCOME, PredictionTable
from chalicelib.profile import Policy
from chalicelib.settings import STAGES, VERIFIED_PREFIX, Settings
from infrastructure.project import app_name
from training.artifact_process import NotRecorded, NotScored, evaluate

TOLERANCE = 1e-9  # of a probability: the last digits are the processor's

Document = dict[str, Any]
ReadArtifact = Callable[[str, str], bytes]  # of a model and version; raises NotRecorded
Found = Scored | Unavailable | NotScored | NotRecorded


def replay(decisions: Sequence[Document], read_artifact: ReadArtifact) -> list[list[str]]:
    """Of each decision, what differs; nothing if it is identical."""
    missing = [list(_missing(decision)) for decision in decisions]
    whole = [d for d, gone in zip(decisions, missing, strict=True) if not gone]
    answers = iter(_answers(whole, read_artifact))
    return [
        gone or list(_differences(decision, next(answers)))
        for decision, gone in zip(decisions, missing, strict=True)
    ]


def _missing(decision: Document) -> Iterator[str]:
    """What a record needs to be replayed at all, and has not."""
    evidence = decision.get("evidence")
    if evidence is None:
        yield "record: it carries no policy, for it was made before decisions did"
        return
    needed = {
        "": (decision, ("application", "models", "policyVersion", "decisionBasis")),
        "evidence.": (evidence, ("features", "policy")),
    }
    models = decision.get("models")
    for name, model in (models if isinstance(models, dict) else {}).items():
        answered = isinstance(model, dict) and model.get("status") == "OK"
        parts = ("version", "sha256", "reasons") if answered else ("status",)
        needed[f"models.{name}."] = (model, parts)
    for place, (part, names) in needed.items():
        for name in names:
            if not isinstance(part, dict) or part.get(name) is None:
                yield f"record: {place}{name} is missing"
    for name in ("application", "models"):
        if not isinstance(decision.get(name, {}), dict):
            yield f"record: {name} is no object"


def _answers(decisions: Sequence[Document], read_artifact: ReadArtifact) -> list[dict[str, Found]]:
    """What each model says now; every artifact is loaded once."""
    answers: list[dict[str, Found]] = [{} for _ in decisions]
    asked: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, decision in enumerate(decisions):
        for name, model in decision["models"].items():
            answers[place][name] = Unavailable({"Error": model.get("cause", "")})
            if model["status"] == "OK":
                asked[name, model["version"], model["sha256"]].append(place)
    for (name, version, sha256), places in asked.items():
        applications = [decisions[place]["application"] for place in places]
        said: Sequence[Found]
        try:
            said = evaluate(read_artifact(name, version), sha256, applications)
        except NotRecorded as refused:
            said = [refused] * len(places)
        for place, answer in zip(places, said, strict=True):
            answers[place][name] = answer
    return answers


def _differences(decision: Document, found: dict[str, Found]) -> Iterator[str]:
    """What was changed in the record first, then what comes out otherwise."""
    for feature in changed_features(decision["application"], decision["evidence"]["features"]):
        yield f"feature {feature}: not the value that was scored"
    answers: dict[str, Answer] = {}
    for name, answer in found.items():
        label = f"model {name} {decision['models'][name].get('version', '')}"
        if isinstance(answer, NotRecorded):
            yield f"{label}: refused, {answer}"
        elif isinstance(answer, NotScored):
            yield f"{label}: can't score this application, {answer}"
        else:
            answers[name] = answer
    policy = _policy(decision)
    if policy is None:
        yield f"policy {decision['policyVersion']}: not the one that was in force"
    elif answers.keys() == found.keys():
        review_only = decision["decisionBasis"] == "REVIEW_ONLY"  # was switched on, not decided
        again = weigh(answers, policy, review_only=review_only)
        yield from _unlike(_shown(decision), _shown(again), "")


def _policy(decision: Document) -> Policy | None:
    try:
        policy = msgspec.convert(decision["evidence"]["policy"], Policy)
    except msgspec.ValidationError:
        return None
    return policy if policy.version() == decision["policyVersion"] else None


def _shown(decided: Document) -> Document:
    """What the models and the policy determine, without texts."""
    parts = (
        "decision", "decisionBasis", "probabilityOfDefault", "score", "disagreement", "reasons",
        "models", "policyVersion",
    )  # fmt: skip
    shown = {name: decided.get(name) for name in parts}
    models = {name: _without_texts(model) for name, model in decided["models"].items()}
    return _without_texts(shown) | {"models": models}


def _without_texts(part: Document) -> Document:
    if "reasons" not in part:
        return part
    reasons = {f"{r.get('feature')} costs": r.get("points") for r in part["reasons"] or ()}
    return part | {"reasons": reasons, "order of the reasons": " ".join(reasons)}


def _unlike(stored: Any, again: Any, where: str) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(again, dict):
        for name in sorted({*stored, *again}):
            yield from _unlike(stored.get(name), again.get(name), f"{where} {name}".strip())
    elif isinstance(stored, float) and isinstance(again, float):
        if abs(stored - again) > TOLERANCE:
            yield f"{where}: {stored!r} is stored, {again!r} comes out"
    elif stored != again:
        yield f"{where}: {stored!r} is stored, {again!r} comes out"


def newest(client: Any, table: str, count: int) -> list[tuple[str, str]]:
    """Client and prediction ids. The whole table is read for it: its keys sort by client."""
    pages = client.get_paginator("scan").paginate(
        TableName=table, ProjectionExpression="clientId, predictionId"
    )
    keys = (
        (item["predictionId"]["S"], item["clientId"]["S"])
        for page in pages
        for item in page["Items"]
        if not item["predictionId"]["S"].startswith((CLAIM, OUTCOME))
    )
    return [(client_id, prediction) for prediction, client_id in heapq.nlargest(count, keys)]


def artifacts_in(client: Any, bucket: str) -> ReadArtifact:
    def read(model: str, version: str) -> bytes:
        key = f"{VERIFIED_PREFIX}{model}/{version}/model.tar.gz"
        try:
            body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except client.exceptions.NoSuchKey as gone:
            raise NotRecorded(f"s3://{bucket}/{key} is gone") from gone
        return body

    return read


@click.command(help=__doc__)
@click.argument("client_id", required=False)
@click.argument("prediction_id", required=False)
@click.option("--all", "count", type=click.IntRange(1), help="The newest so many.")
@click.option("--stage", default="dev", show_default=True, type=click.Choice(STAGES))
def main(client_id: str | None, prediction_id: str | None, count: int | None, stage: str) -> None:
    if (count is None) == (prediction_id is None):
        raise click.UsageError("Give a clientId and a predictionId, or --all N.")
    settings = Settings(app_name(), stage, os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))
    try:
        differing = _replay_stored(settings, client_id, prediction_id, count)
    except PredictionNotFound as fault:
        raise click.ClickException(str(fault)) from fault
    except (TableUnavailable, ClientError, BotoCoreError) as fault:
        message = (
            f"The bank of stage {stage} can't be read: {fault.__cause__ or fault}\n"
            'On the embedded cloud, while it runs: eval "$(.venv/bin/python -m localcloud env)"'
        )
        raise click.ClickException(message) from fault
    sys.exit(1 if differing else 0)


def _replay_stored(
    settings: Settings, client_id: str | None, prediction_id: str | None, count: int | None
) -> int:
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    table = PredictionTable(dynamodb, settings.predictions_table)
    with Console(stderr=True).status("Reading the decisions"):
        keys: Iterable[tuple[str, str]] = (
            newest(dynamodb, settings.predictions_table, count)
            if count
            else [(client_id or "", prediction_id or "")]
        )
        decisions = [table.get(*key) for key in keys]
    with Console(stderr=True).status(f"Replaying {len(decisions):,}"):
        found = replay(decisions, artifacts_in(s3, settings.model_bucket))
    return _print(decisions, found)


def _print(decisions: list[Document], found: list[list[str]]) -> int:
    """The number of those that differ."""
    for decision, differences in zip(decisions, found, strict=True):
        told = "differs" if differences else "identical"
        print(f"{told}  {decision['clientId']} {decision['predictionId']}")
        for difference in differences:
            print(f"  {difference}")
    differing = sum(map(bool, found))
    if len(found) > 1:
        print(f"{len(found):,} replayed, {len(found) - differing:,} identical, {differing:,} not")
    return differing


if __name__ == "__main__":
    main()
