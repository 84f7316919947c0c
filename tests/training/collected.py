"""A data bucket and a table on the embedded cloud, and snapshots collected from them."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import boto3
import pandas as pd

from chalicelib.decisions import outcomes
from chalicelib.decisions.predictions import PredictionTable
from training import collect
from training.collecting.decision_log import DecisionLog
from training.snapshots import labels

TABLE, BUCKET = "dev-appvengers-PrediccionesCredito", "dev-appvengers-data"
FIRST = "credit/snapshots/2005-06-30/applications.parquet"
AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
DAY = AT.date().isoformat()


@dataclass(frozen=True)
class Collected:
    """A data bucket and a table."""

    bank: object

    @property
    def predictions(self):
        return PredictionTable(boto3.client("dynamodb"), TABLE)

    def put(self, key, body):
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)

    def drop(self, name, rows):
        text = rows if isinstance(rows, bytes) else rows.to_csv(index=False).encode()
        self.put(f"credit/newData/{name}", text)

    def decide(self, case, number, at="2026-11-20T10:00:00.000Z", kind="APPROVE", expected=None):
        made = {
            "clientId": f"client-{number}",
            "predictionId": f"{number:032x}",
            "createdAt": at,
            "decision": kind,
            "probabilityOfDefault": expected,
            "application": case["application"],
            "models": {"Tradicional": {"status": "OK", "probabilityOfDefault": 0.05}},
        }
        return self.predictions.add(made)

    def run(self, version, previous="2005-06-30", at=AT, recent=3):
        until = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log = DecisionLog(boto3.resource("dynamodb").Table(TABLE), until)
        bucket = collect.Bucket(boto3.client("s3"), BUCKET)
        job = collect.Job(version, at, self.bank, bucket, log)
        collect.collect(job, previous, recent)
        return json.loads(self.files(version)["manifest.json"])

    def files(self, version):
        bucket, place = collect.Bucket(boto3.client("s3"), BUCKET), f"credit/snapshots/{version}/"
        return {key.removeprefix(place): bucket.read(key) for key in bucket.keys(place)}

    def rows(self, version):
        parts = {n: b for n, b in self.files(version).items() if n.startswith("part-")}
        newest_last = sorted(parts, key=lambda name: (version in name, name))
        frames = [
            labels.canonical(pd.read_parquet(io.BytesIO(parts[name])), self.bank)
            for name in newest_last
        ]
        return pd.concat(frames, ignore_index=True)

    def report(self, version):
        key = f"credit/reports/newData/{version}.json"
        return json.loads(collect.Bucket(boto3.client("s3"), BUCKET).read(key))


def emptied(bank, first):
    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    for key in collect.Bucket(s3, BUCKET).keys(""):
        s3.delete_object(Bucket=BUCKET, Key=key)
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        key = {name: item[name] for name in ("clientId", "predictionId")}
        dynamodb.delete_item(TableName=TABLE, Key=key)
    collected = Collected(bank)
    collected.put(FIRST, first)
    return collected


# The bank's own word. What the holder of an API key says counts nowhere: see test_counting.py.
TRUSTED, KEY = "file:credit/newData/told.csv", "apiKey:a1b2c3d4e5"


def tell(place, number, outcome, when, at, source=TRUSTED, **more):
    said = {"outcome": outcome, "when": when} | more
    outcomes.report(f"client-{number}", f"{number:032x}", said, source, place.predictions, at)
