"""Serves one model: SageMaker's model_fn, input_fn, predict_fn and output_fn. JSON only.

An artifact is data. Its files must be exactly those the manifest lists, unchanged; none of them
is executed or unpickled (what is under code/ is this module and the modules it imports).
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from training.serving.features import Rule, Table, Value, derive, direction, usual

FORMAT = 1
JSON_TYPE = "application/json"
LINES_TYPE = "application/jsonlines"  # a batch transform: an application a line, an answer a line
LARGEST = 1e15  # JSON has numbers that no float holds
DATA = frozenset(
    {
        "features.json",
        "peers.json",
        "calibration.json",
        "scorecard.json",
        "trees.txt",
        "encoding.json",
        "card.html",
    }
)


Application = dict[str, Value]


class Refused(Exception):
    """The artifact is not what its manifest says."""


class Evaluator(Protocol):
    def explain(self, row: Mapping[str, Value]) -> tuple[float, dict[str, float]]: ...


@dataclass(frozen=True)
class Calibrated:
    """An evaluator whose logit is moved to what really happened; the contributions go with it."""

    raw: Evaluator
    slope: float
    intercept: float

    def explain(self, row: Mapping[str, Value]) -> tuple[float, dict[str, float]]:
        baseline, contributions = self.raw.explain(row)
        scaled = {name: self.slope * value for name, value in contributions.items()}
        return self.slope * baseline + self.intercept, scaled


@dataclass(frozen=True)
class Model:
    name: str
    version: str
    sha256: str  # of the manifest, which has the sha256 of everything else
    inputs: dict[str, str]
    rules: dict[str, Rule]
    tables: dict[str, Table]
    seen: dict[str, frozenset[str]]  # codes of loans enough; older artifacts have none
    evaluator: Evaluator
    usual: dict[str, Value] = field(default_factory=dict)  # of the loans that it learnt from

    def unseen(self, application: Application) -> list[str]:
        """Return the features whose code the model has not seen in training."""
        return sorted(
            name
            for name, codes in self.seen.items()
            if application.get(name) is not None and application[name] not in codes
        )

    def directions(self, row: Mapping[str, Value]) -> dict[str, str]:
        """Return ABOVE, BELOW, OTHER or MISSING for each feature whose value is not the usual."""
        sides = {name: direction(row.get(name), middle) for name, middle in self.usual.items()}
        return {name: side for name, side in sides.items() if side}


def model_fn(model_dir: str) -> Model:
    directory = Path(model_dir)
    manifest_bytes = _manifest(directory)
    manifest = json.loads(manifest_bytes)
    _verify(directory, manifest)
    features = _json(directory / "features.json")
    return Model(
        name=manifest["model"],
        version=manifest["version"],
        sha256=hashlib.sha256(manifest_bytes).hexdigest(),
        inputs=features["inputs"],
        rules={rule["feature"]: rule for rule in features["derive"]},
        tables=_json(directory / "peers.json"),
        seen={name: frozenset(codes) for name, codes in features.get("seen", {}).items()},
        evaluator=Calibrated(
            _evaluator(directory, manifest["method"]), **_json(directory / "calibration.json")
        ),
        usual={name: usual(one) for name, one in manifest.get("reference", {}).items()},
    )


def _manifest(directory: Path) -> bytes:
    try:
        return (directory / "manifest.json").read_bytes()
    except FileNotFoundError as fault:
        message = "manifest.json is missing: upload the artifact that the training wrote"
        raise Refused(message) from fault


def _verify(directory: Path, manifest: Mapping[str, Any]) -> None:
    if manifest.get("format") != FORMAT:
        raise Refused(f"format {manifest.get('format')!r}; this code reads {FORMAT}: train again")
    members = manifest["members"]
    present = {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if not path.is_dir() and path.parent.name != "__pycache__"
    }  # the interpreter's own
    for name in sorted(present ^ {*members, "manifest.json"}):
        state = "is not in the manifest" if name in present else "is missing"
        raise Refused(f"{name} {state}: upload the artifact that the training wrote")
    for name, digest in members.items():
        if not _is_expected(name):
            raise Refused(f"{name} is no part of a model: an artifact is JSON, text and its code")
        if hashlib.sha256((directory / name).read_bytes()).hexdigest() != digest:
            raise Refused(f"{name} was changed after the training: upload the original")


def _is_expected(name: str) -> bool:
    return name in DATA or (
        name.startswith("code/") and name.endswith((".py", "/requirements.txt"))
    )


def _json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def _evaluator(directory: Path, method: str) -> Evaluator:
    if method == "scorecard":
        from training.serving.scorecard import Scorecard

        return Scorecard(_json(directory / "scorecard.json"))
    if method == "trees":
        from training.serving.tree_text import UnknownTrees
        from training.serving.trees import Trees

        text = (directory / "trees.txt").read_text("utf-8")
        try:
            return Trees(text, _json(directory / "encoding.json")["columns"])
        except UnknownTrees as fault:
            raise Refused(f"trees.txt can't be evaluated: {fault}") from fault
    raise Refused(f"method {method!r} is unknown; there is scorecard and trees")


def input_fn(body: bytes | str, content_type: str) -> Application | list[Application]:
    kind = content_type.partition(";")[0].strip()
    if kind not in (JSON_TYPE, LINES_TYPE):
        raise ValueError(f"Content-Type {content_type!r}; send {JSON_TYPE} or {LINES_TYPE}")
    try:
        application = _lines(body) if kind == LINES_TYPE else _parsed(body)
    except UnicodeDecodeError as fault:
        raise ValueError(f"the body is not UTF-8: {fault}") from fault
    several = application if isinstance(application, list) else [application]
    if not all(isinstance(one, dict) for one in several):
        raise ValueError("the body must be a JSON object, the application, or a list of them")
    return application


def _lines(body: bytes | str) -> list[Any]:
    text = body.decode() if isinstance(body, bytes) else body
    return [_parsed(line) for line in text.split("\n") if line.strip()]


def _parsed(body: bytes | str) -> Any:
    return json.loads(body, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; leave out what is missing")


def predict_fn(asked: Application | list[Application], model: Model) -> Any:
    """Score an application, or each application of a list in the list's order."""
    if isinstance(asked, list):
        return [_prediction(application, model) for application in asked]
    return _prediction(asked, model)


def _prediction(application: Application, model: Model) -> dict[str, Any]:
    for name, kind in model.inputs.items():
        value = application.get(name)
        is_right = isinstance(value, str) if kind == "text" else _is_number(value)
        if value is not None and not is_right:
            raise ValueError(f"{name} must be a {kind}")
    row = derive(application, model.rules, model.tables)
    baseline, contributions = model.evaluator.explain(row)
    return {
        "model": model.name,
        "version": model.version,
        "sha256": model.sha256,
        "probabilityOfDefault": 1 / (1 + math.exp(-baseline - sum(contributions.values()))),
        "baseline": baseline,
        "contributions": contributions,
        "directions": model.directions(row),
        "unseen": model.unseen(application),
    }


def _is_number(value: Value) -> bool:
    is_numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return is_numeric and abs(value) < LARGEST  # type: ignore[arg-type]


def output_fn(prediction: Any, accept: str) -> str:
    accepted = {part.partition(";")[0].strip() for part in accept.split(",")}
    if LINES_TYPE in accepted:
        answers = prediction if isinstance(prediction, list) else [prediction]
        return "".join(json.dumps(answer) + "\n" for answer in answers)
    if not accepted & {JSON_TYPE, "application/*", "*/*", ""}:
        raise ValueError(f"Accept {accept!r}; the answer is {JSON_TYPE} or {LINES_TYPE}")
    return json.dumps(prediction)
