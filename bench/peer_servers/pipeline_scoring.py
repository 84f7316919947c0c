"""Scoring by three scikit-learn pipelines, and a table of decisions: what each peer serves.

Each gets the same best case: one table of one row for all three pipelines, scikit-learn without
its checks, one connection, and one insert a decision.
"""

import json
import math
import os
import sqlite3
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import sklearn

MODELS = "models.json"  # in the folder of the pipelines: their columns, weights and cut-offs
FOLDER, TABLE = "PIPELINES", "DECISIONS"  # variables of the environment, by path
NOTHING = {"text": "", "number": math.nan}


class PipelineScoring:
    """The three pipelines of a folder, blended as the bank blends its models."""

    def __init__(self, folder: Path) -> None:
        sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
        said = json.loads((folder / MODELS).read_bytes())
        self._columns: dict[str, str] = said["columns"]
        self._weights: dict[str, float] = said["weights"]
        self._approve, self._decline = said["approveUpTo"], said["declineAbove"]
        # Our own files, fitted a minute ago: nothing foreign is unpickled.
        self._pipelines = {name: joblib.load(folder / f"{name}.joblib") for name in self._weights}

    def score(self, application: dict[str, Any]) -> dict[str, Any]:
        row = pd.DataFrame(
            {name: [self._value(application, name, kind)] for name, kind in self._columns.items()}
        )
        models = {
            name: float(pipeline.predict_proba(row)[0, 1])
            for name, pipeline in self._pipelines.items()
        }
        logit = sum(self._weights[name] * math.log(p / (1 - p)) for name, p in models.items())
        probability = 1 / (1 + math.exp(-logit))
        return {
            "decision": self._decision(probability),
            "probabilityOfDefault": probability,
            "models": {name: {"probabilityOfDefault": p} for name, p in models.items()},
        }

    @staticmethod
    def _value(application: dict[str, Any], name: str, kind: str) -> Any:
        value = application.get(name)
        if value is None:
            return NOTHING[kind]
        return value if kind == "text" else float(value)

    def _decision(self, probability: float) -> str:
        if probability <= self._approve:
            return "APPROVE"
        return "DECLINE" if probability > self._decline else "REVIEW"


class DecisionTable:
    """A SQLite table; a decision is on disk before `add` returns, also at a power failure."""

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma busy_timeout = 10000")
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.execute(
            "create table if not exists decisions "
            "(id text primary key, client text, created text, application text, answer text)"
        )

    def add(self, client: str, application: dict[str, Any], answer: dict[str, Any]) -> None:
        row = (
            answer["predictionId"], client, answer["createdAt"], json.dumps(application),
            json.dumps(answer),
        )  # fmt: skip
        with self._turn:
            self._db.execute("insert into decisions values (?, ?, ?, ?, ?)", row)


class CreditService:
    """An application in, a stored decision out."""

    def __init__(self) -> None:
        self._scoring = PipelineScoring(Path(os.environ[FOLDER]))
        self._table = DecisionTable(Path(os.environ[TABLE]))

    def decide(self, client: str, application: dict[str, Any]) -> dict[str, Any]:
        answer = {
            "predictionId": uuid.uuid4().hex,
            "createdAt": datetime.now(UTC).isoformat(),
            **self._scoring.score(application),
        }
        self._table.add(client, application, answer)
        return answer
