"""The part of a scoring profile (credit.toml) that training needs."""

import math
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

TEXT_TYPES = frozenset({"category", "code"})
TRUSTS = ("trusted", "limited", "untrusted")
DIRECTIONS = {"increasing": 1, "decreasing": -1, "no": 0}


class InvalidProfile(Exception):
    pass


@dataclass(frozen=True)
class Feature:
    name: str
    type: str
    derive: dict[str, Any] | None
    monotone: int  # 1: more of it never lowers the probability of default, -1: never raises it
    protected: bool
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None

    @property
    def is_text(self) -> bool:
        return self.type in TEXT_TYPES

    @property
    def sources(self) -> list[str]:
        if self.derive is None:
            return []
        if "prefix" in self.derive:
            return [self.derive["prefix"]]
        return list(self.derive.get("ratio") or self.derive["peers"])


@dataclass(frozen=True)
class Training:
    outcome_months: int = 12
    window_months: int | None = None
    calibration_months: int = 0
    holdout_months: int | None = None
    peer_months: int | None = None
    seen_loans: int = 1
    half_life_months: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Model:
    """One model of the profile with what it reads; `needed` keeps the profile's order."""

    name: str
    method: str
    features: tuple[Feature, ...]
    needed: tuple[Feature, ...]
    parameters: dict[str, Any]

    @property
    def inputs(self) -> list[Feature]:
        return [feature for feature in self.needed if feature.derive is None]

    @property
    def derivations(self) -> dict[str, dict[str, Any]]:
        return {feature.name: feature.derive for feature in self.needed if feature.derive}

    @property
    def peers(self) -> dict[str, dict[str, Any]]:
        return {name: rule for name, rule in self.derivations.items() if "peers" in rule}


@dataclass(frozen=True)
class Scale:
    """Points, and those from which an application is approved."""

    points_to_double_odds: float
    base_points: float
    base_odds: float
    approve_from: float

    def points(self, logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        factor = self.points_to_double_odds / math.log(2)
        return np.round(self.base_points - factor * (logits + math.log(self.base_odds)))


@dataclass(frozen=True)
class OutcomeSettings:
    """Whose word counts for what became of a loan, how far, and when people look first: see
    chalicelib/profile/schema.py."""

    rules: tuple[tuple[str, str], ...] = (("file:credit/newData/*", "trusted"),)
    peers: tuple[str, ...] = ()
    limited_share: float = 0.01
    limited_peer_share: float = 0.05
    limited_client_loans: int = 1
    fewest: int = 5
    false_alarms: float = 0.01
    dispersion: float = 0.05
    watch_months: int = 12


UNSAID = OutcomeSettings()  # of a profile without the table
SHARES, CHANCES = ("limited_share", "limited_peer_share"), ("false_alarms", "dispersion")
LEAST = {"fewest": 1, "watch_months": 1, "limited_client_loans": 0}


@dataclass(frozen=True)
class Product:
    features: dict[str, Feature]
    models: dict[str, dict[str, Any]]
    outcome: str
    date: str | None
    default_date: str | None
    training: Training
    scale: Scale
    segments: tuple[str, ...] = ()
    limits: tuple[dict[str, Any], ...] = ()
    recent_decisions: int = 2000
    outcomes: OutcomeSettings = UNSAID

    def asked_for(self) -> tuple[Feature, ...]:
        """What an application brings; the others are derived."""
        return tuple(feature for feature in self.features.values() if feature.derive is None)

    def model(self, name: str) -> Model:
        if name not in self.models:
            raise InvalidProfile(
                f"the profile has no model {name!r}; it has: {', '.join(self.models)}"
            )
        written = self.models[name]
        needed = self._needed(name, written["features"])
        if self.date is None and any("peers" in (f.derive or {}) for f in needed):
            raise InvalidProfile(
                f"{name} uses peers, which need dates: name the date column in [snapshot].date, "
                "or take the peers out of the model's features"
            )
        return Model(
            name=name,
            method=written["method"],
            features=tuple(self.features[feature] for feature in written["features"]),
            needed=needed,
            parameters=dict(written.get("parameters", {})),
        )

    def without(self, inputs: Collection[str]) -> "Product":
        """The same models without these features and all that is derived from them."""
        gone = set(inputs)
        for name, feature in self.features.items():  # sources stand before what is derived
            if gone & {*feature.sources}:
                gone.add(name)
        models = {
            name: {**model, "features": [f for f in model["features"] if f not in gone]}
            for name, model in self.models.items()
        }
        return replace(self, models=models)

    @property
    def protected(self) -> tuple[str, ...]:
        return tuple(name for name, feature in self.features.items() if feature.protected)

    def limits_of(self, model: Model) -> list[dict[str, str]]:
        """What the profile warns of, in its languages, that is of what this model reads."""
        read = {feature.name for feature in model.needed}
        return [
            {"es": limit["es"], "en": limit["en"]}
            for limit in self.limits
            if not limit.get("features") or read & {*limit["features"]}
        ]

    def audited(self) -> tuple[Feature, ...]:
        """What a model card groups by, with its sources; no model need read any of it."""
        wanted = {*self.protected, *self.segments}
        for name in (*self.protected, *self.segments):
            wanted |= {*self.features[name].sources}
        found = tuple(feature for name, feature in self.features.items() if name in wanted)
        if peers := [f.name for f in found if "peers" in (f.derive or {})]:
            raise InvalidProfile(f"[card] can't show segments by peers: take {peers[0]} out")
        return found

    def _needed(self, model: str, names: list[str]) -> tuple[Feature, ...]:
        wanted: set[str] = set()
        queue = list(names)
        while queue:
            name = queue.pop()
            if name not in self.features:
                raise InvalidProfile(f"{model} uses {name!r}, which is not under [features]")
            if self.features[name].protected:
                raise InvalidProfile(f"{model} uses {name!r}, which is protected: take it out")
            wanted.add(name)
            queue += [source for source in self.features[name].sources if source not in wanted]
        return tuple(feature for name, feature in self.features.items() if name in wanted)


def read(path: Path) -> Product:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        features = {n: _feature(n, written) for n, written in document["features"].items()}
        product = Product(
            features=features,
            models=document["models"],
            outcome=document["snapshot"]["outcome"],
            date=document["snapshot"].get("date"),
            default_date=document["snapshot"].get("default_date"),
            training=_training(document.get("training", {})),
            scale=Scale(**document["score"], approve_from=document["decision"]["approve_from"]),
            segments=tuple(document.get("card", {}).get("segments", ())),
            limits=tuple(document.get("card", {}).get("limits", ())),
            recent_decisions=document.get("gate", {}).get("recent_decisions", 2000),
            outcomes=_outcomes(document.get("outcomes", {})),
        )
    except FileNotFoundError as fault:
        message = f"no profile at {path}: the channel 'profile' holds credit.toml"
        raise InvalidProfile(message) from fault
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise InvalidProfile(f"{path.name} is not a scoring profile: {fault}") from fault
    _check_derivations(features)
    texts = [name for name, feature in features.items() if feature.is_text]
    if found := _outcome_faults(product.outcomes, texts):
        raise InvalidProfile("; ".join(found))
    return product


def _training(written: dict[str, Any]) -> Training:
    return Training(**{f.name: written[f.name] for f in fields(Training) if f.name in written})


def _outcomes(written: dict[str, Any]) -> OutcomeSettings:
    """Raises KeyError and TypeError for what is not in the form of the table."""
    given = {f.name: written[f.name] for f in fields(OutcomeSettings) if f.name in written}
    if "peers" in given:
        given["peers"] = tuple(given["peers"])
    if "sources" in written:
        given["rules"] = tuple((one["source"], one["trust"]) for one in written["sources"])
    return OutcomeSettings(**given)


def _outcome_faults(settings: OutcomeSettings, texts: Collection[str]) -> list[str]:
    """Each contradiction that chalicelib/profile finds; `texts` are the features whose
    values are no numbers."""
    found = [
        f"outcomes.sources: the trust of {source} must be one of {', '.join(TRUSTS)}"
        for source, trust in settings.rules
        if trust not in TRUSTS
    ]
    value = vars(settings)
    found += [f"outcomes.{name} must be 0 to 1" for name in SHARES if not 0 <= value[name] <= 1]
    found += [
        f"outcomes.{name} must be above 0 and below 1"
        for name in CHANCES
        if not 0 < value[name] < 1
    ]
    found += [
        f"outcomes.{name} must be {least} or more"
        for name, least in LEAST.items()
        if value[name] < least
    ]
    if others := {*settings.peers} - {*texts}:
        found.append(f"outcomes.peers names no category or code: {', '.join(sorted(others))}")
    return found


def _feature(name: str, written: dict[str, Any]) -> Feature:
    monotone = written.get("monotone", "no")
    if monotone not in DIRECTIONS:
        raise InvalidProfile(f"{name}: monotone is 'increasing' or 'decreasing'")
    return Feature(
        name=name,
        type=written["type"],
        derive=written.get("derive"),
        monotone=DIRECTIONS[monotone],
        protected=written.get("protected", False),
        required=written.get("required", False),
        minimum=written.get("minimum"),
        maximum=written.get("maximum"),
        values=tuple(written.get("values", ())),
        pattern=written.get("pattern"),
    )


def _check_derivations(features: dict[str, Feature]) -> None:
    declared: dict[str, Feature] = {}
    for feature in features.values():
        for source in feature.sources:
            if source not in declared:
                raise InvalidProfile(
                    f"{feature.name} is derived from {source!r}: declare that feature above it"
                )
            if "peers" in (declared[source].derive or {}):
                raise InvalidProfile(f"{feature.name} is derived from the peers of {source!r}")
        if feature.derive and "peers" in feature.derive:
            numbers = [s for s in feature.sources if not declared[s].is_text]
            if numbers:
                raise InvalidProfile(f"{feature.name}: peers share codes, not {numbers[0]!r}")
        declared[feature.name] = feature
