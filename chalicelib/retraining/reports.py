"""Adapter of the reports in the data bucket, for `GET /models`."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.foundation import observability
from chalicelib.foundation.settings import REPORT_PREFIX, SNAPSHOT_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Document = dict[str, Any]

JUDGED = ("version", "snapshot", "verdict", "reasons")
COMPARED = (
    "rows", "bads", "holdout", "championVersion", "challenger", "champion", "aucDifference",
    "ksDifference", "scorePsi",
)  # fmt: skip
SWAPPED = ("decisions", "moves", "yesToNo", "noToYes")
MOST_VERDICTS = 10  # of a model
DRIFT_PREFIX = f"{REPORT_PREFIX}drift/"


class Judged(msgspec.Struct, rename="camel"):
    """A report of evaluateModel."""

    version: str
    snapshot: str
    verdict: str
    reasons: list[str]
    page: str
    facts: Document | None = None
    swap_set: Document | None = None


class Reports:
    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def drift(self) -> Document | None:
        """Return the newest drift report."""
        found = self._keys(DRIFT_PREFIX)
        return self._read(found[-1]) if found else None

    def drift_before(self, version: str) -> Document | None:
        """Return the newest drift report of an earlier version."""
        found = [key for key in self._keys(DRIFT_PREFIX) if key < _drift_key(version)]
        return self._read(found[-1]) if found else None

    def has_drift(self, version: str) -> bool:
        return _drift_key(version) in self._keys(DRIFT_PREFIX)

    def put_drift(self, version: str, report: Document) -> None:
        body = msgspec.json.encode(report)
        self._s3.put_object(Bucket=self._bucket, Key=_drift_key(version), Body=body)

    def challengers(self, models: Iterable[str]) -> dict[str, Document | None]:
        """Return each model's newest judged challenger with its verdict."""
        keys = self._keys(REPORT_PREFIX)
        found = {
            model: [key for key in keys if key.endswith(f"/{model}/report.json")]
            for model in models
        }
        return {
            model: next(filter(None, map(self._judged, reversed(keys))), None)
            for model, keys in found.items()
        }

    def verdicts(self, model: str) -> list[tuple[datetime, Document]]:
        """Return a model's newest judged challengers, each with the time of its verdict."""
        found = [
            (one["LastModified"], one["Key"])
            for one in self._under(REPORT_PREFIX)
            if one["Key"].endswith(f"/{model}/report.json")
        ]
        judged = [(at, self._judged(key)) for at, key in found[-MOST_VERDICTS:]]
        return [(at, one) for at, one in judged if one]

    def _judged(self, key: str) -> Document | None:
        """Return what a page shows of a report; None of what is none, which is logged."""
        try:
            report = msgspec.json.decode(self._body(key), type=Judged)
        except (msgspec.MsgspecError, RecursionError):
            observability.unreadable(key)
            return None
        shown: Document = {name: getattr(report, name) for name in JUDGED}
        return shown | {
            "report": report.page,
            "facts": _part(report.facts, COMPARED),
            "swapSet": _part(report.swap_set, SWAPPED),
        }

    def vintages(self) -> Document | None:
        """Return the vintages of the newest whole snapshot that has them."""
        keys = self._keys(SNAPSHOT_PREFIX)
        whole = {
            key.removesuffix("manifest.json") for key in keys if key.endswith("/manifest.json")
        }
        found = [place for place in sorted(whole) if f"{place}vintages.json" in keys]
        if not found:
            return None
        snapshot = found[-1].removeprefix(SNAPSHOT_PREFIX).rstrip("/")
        return {"snapshot": snapshot, "vintages": self._read(f"{found[-1]}vintages.json")}

    def _keys(self, prefix: str) -> list[str]:
        return [one["Key"] for one in self._under(prefix)]

    def _under(self, prefix: str) -> Iterator[Any]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            yield from page.get("Contents", [])

    def _read(self, key: str) -> Any:
        return msgspec.json.decode(self._body(key))

    def _body(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()


def _part(whole: Document | None, names: Iterable[str]) -> Document | None:
    """Return what a page shows of a part of a report; None if it has no such part."""
    return {name: whole.get(name) for name in names} if whole else None


def _drift_key(version: str) -> str:
    return f"{DRIFT_PREFIX}{version}.json"
