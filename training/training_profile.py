"""Profile of a training: features by name, the features that a model needs, and its points."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib import profile
from chalicelib.foundation.errors import InvalidProfile
from chalicelib.profile import Outcomes, Profile, Training

DIRECTIONS = {"increasing": 1, "decreasing": -1, None: 0}


@dataclass(frozen=True)
class Feature:
    """A feature with its name; `derive` is the rule as an artifact's features.json has it."""

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

    @classmethod
    def of(cls, name: str, feature: profile.Feature) -> "Feature":
        return cls(
            name=name,
            type=feature.type,
            derive=feature.derive.rule() if feature.derive else None,
            monotone=DIRECTIONS[feature.monotone],
            protected=feature.protected,
            required=feature.required,
            minimum=feature.minimum,
            maximum=feature.maximum,
            values=feature.values,
            pattern=feature.pattern,
        )

    @property
    def is_text(self) -> bool:
        return self.type in ("category", "code")

    @property
    def sources(self) -> list[str]:
        if self.derive is None:
            return []
        if "prefix" in self.derive:
            return [self.derive["prefix"]]
        return list(self.derive.get("ratio") or self.derive["peers"])


@dataclass(frozen=True)
class Model:
    """One model of the profile with what it reads; `needed` keeps the profile's order."""

    name: str
    method: str
    features: tuple[Feature, ...]
    needed: tuple[Feature, ...]
    parameters: dict[str, float]

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
class TrainingProfile:
    """The profile as training reads it."""

    profile: Profile
    features: dict[str, Feature]

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self.profile.models)

    @property
    def outcome(self) -> str:
        return self.profile.snapshot.outcome

    @property
    def date(self) -> str | None:
        return self.profile.snapshot.date

    @property
    def default_date(self) -> str | None:
        return self.profile.snapshot.default_date

    @property
    def training(self) -> Training:
        return self.profile.training

    @property
    def outcomes(self) -> Outcomes:
        return self.profile.outcomes

    @property
    def segments(self) -> tuple[str, ...]:
        return self.profile.card.segments

    @property
    def scale(self) -> Scale:
        score = msgspec.structs.asdict(self.profile.score)
        return Scale(**score, approve_from=self.profile.decision.approve_from)

    @property
    def protected(self) -> tuple[str, ...]:
        return tuple(name for name, feature in self.features.items() if feature.protected)

    def asked_for(self) -> tuple[Feature, ...]:
        """Return what an application brings; the others are derived."""
        return tuple(feature for feature in self.features.values() if feature.derive is None)

    def model(self, name: str) -> Model:
        """Return a model of the profile. Raises InvalidProfile for a name that it lacks."""
        if name not in self.profile.models:
            raise InvalidProfile(
                f"the profile has no model {name!r}; it has: {', '.join(self.models)}"
            )
        written = self.profile.models[name]
        needed = self.profile.sources_of(written.features)
        return Model(
            name=name,
            method=written.method,
            features=tuple(self.features[feature] for feature in written.features),
            needed=tuple(feature for name, feature in self.features.items() if name in needed),
            parameters=dict(written.parameters),
        )

    def read_by_policy(self) -> Model:
        """Return what policy rules read, as a model that is never fitted."""
        read = self.profile.read_by_policy()
        needed = tuple(feature for name, feature in self.features.items() if name in read)
        return Model("rules", "scorecard", needed, needed, {})

    def without(self, inputs: Collection[str]) -> "TrainingProfile":
        """Return the same models without these features and all that is derived from them."""
        gone = set(inputs)
        for name, feature in self.features.items():  # sources stand before what is derived
            if gone & {*feature.sources}:
                gone.add(name)
        models = {
            name: msgspec.structs.replace(
                model, features=tuple(f for f in model.features if f not in gone)
            )
            for name, model in self.profile.models.items()
        }
        return replace(self, profile=msgspec.structs.replace(self.profile, models=models))

    def inventory_of(self, model: Model) -> dict[str, Any] | None:
        """Return who answers for a model and what it is for, as far as the profile says."""
        written = self.profile.models.get(model.name)
        entry = written.inventory if written else None
        return None if entry is None else dict(msgspec.to_builtins(entry))

    def limits_of(self, model: Model) -> list[dict[str, str]]:
        """Return what the profile warns of, in its languages, that is of what this model reads."""
        read = {feature.name for feature in model.needed}
        return [
            {"es": limit.es, "en": limit.en}
            for limit in self.profile.card.limits
            if not limit.features or read & {*limit.features}
        ]

    def audited(self) -> tuple[Feature, ...]:
        """Return what a model card groups by, with its sources; no model need read any of it."""
        wanted = {*self.protected, *self.segments}
        for name in (*self.protected, *self.segments):
            wanted |= {*self.features[name].sources}
        return tuple(feature for name, feature in self.features.items() if name in wanted)


def read(path: Path) -> TrainingProfile:
    """Return the profile at `path`. Raises InvalidProfile, as every reader of it does."""
    return of(profile.load(path))


def of(bank: Profile) -> TrainingProfile:
    """Return a profile that is read already."""
    return TrainingProfile(
        bank, {name: Feature.of(name, one) for name, one in bank.features.items()}
    )
