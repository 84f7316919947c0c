"""The scoring profile, `credit.toml`: read once, checked, frozen."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import msgspec

from chalicelib.profile.contradictions import contradictions
from chalicelib.errors import InvalidProfile
from chalicelib.text import Language, Text

PROFILE_FILE = Path(__file__).parents[1] / "credit.toml"

MINIMUM_WEIGHT = 0.6  # of [decision], for a profile that states none


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the profile: what is misspelt is refused."""


class Product(Part, frozen=True):
    name: str
    title: Text
    language: Language


class Snapshot(Part, frozen=True):
    outcome: str
    date: str | None = None
    default_date: str | None = None


class Training(Part, frozen=True):
    seed: int
    outcome_months: int = 12
    window_months: int = 24
    calibration_months: int = 3
    holdout_months: int = 3
    half_life_months: float | None = None
    peer_months: int = 60
    peer_default_months: int = 24
    seen_loans: int = 1


class Derivation(Part, frozen=True):
    """Exactly one of ratio, prefix (with length) and peers (with what is measured of them)."""

    ratio: tuple[str, str] | None = None
    prefix: str | None = None
    length: int | None = None
    peers: tuple[str, ...] | None = None
    measure: Literal["intensity", "volume"] = "intensity"

    def sources(self) -> tuple[str, ...]:
        return self.ratio or self.peers or ((self.prefix,) if self.prefix else ())


class Actionable(Part, frozen=True):
    """How far an applicant can change a feature, or to which values; its own bounds hold, too."""

    direction: Literal["increase", "decrease"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str | float, ...] = ()


class Feature(Part, frozen=True):
    type: Literal["number", "integer", "category", "code"]
    title: Text
    reason: Text
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    format: Text | None = None  # the pattern, in words
    required: bool = False
    monotone: Literal["increasing", "decreasing"] | None = None
    protected: bool = False
    actionable: bool | Actionable = False
    derive: Derivation | None = None

    @property
    def change(self) -> Actionable | None:
        """What of it is in the applicant's hands."""
        if isinstance(self.actionable, Actionable):
            return self.actionable
        return Actionable() if self.actionable else None

    @property
    def is_number(self) -> bool:
        return self.type in ("number", "integer")


class Model(Part, frozen=True):
    method: Literal["scorecard", "trees"]
    features: tuple[str, ...]
    parameters: dict[str, float] = {}


# What is left at its default is no part of a policy's hash: a new field leaves old policies valid.
class Score(Part, frozen=True, omit_defaults=True):
    points_to_double_odds: float
    base_points: float
    base_odds: float


class Decision(Part, frozen=True, omit_defaults=True):
    approve_from: float
    decline_below: float
    minimum_models: int
    mandatory: tuple[str, ...]
    top_reasons: int
    weights: dict[str, float]
    intercept: float = 0.0
    slope: float = 1.0
    maximum_disagreement: float | None = None
    review_unseen: tuple[str, ...] = ()
    minimum_weight: float = 0.0  # decisions stored before there was one had none


class Policy(Part, frozen=True):
    """All that turns scores into a decision. Each decision carries it."""

    score: Score
    decision: Decision

    def version(self) -> str:
        """The same whatever the order of what is named in it."""
        decides = msgspec.structs.replace(
            self.decision,
            mandatory=tuple(sorted({*self.decision.mandatory})),
            review_unseen=tuple(sorted({*self.decision.review_unseen})),
        )
        return _digest([self.score, decides])[:12]


class Limit(Text, frozen=True):
    """What the data do to whatever reads these features; without any, to every model."""

    features: tuple[str, ...] = ()


class Card(Part, frozen=True):
    """The features by whose values a model card shows how a model does, and what it warns of."""

    segments: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()


class Gate(Part, frozen=True):
    """What a challenger must show on applications that no model has learnt from."""

    minimum_rows: int = 500
    minimum_bads: int = 30
    minimum_auc: float = 0.55
    minimum_ks: float = 0.05
    auc_margin: float = 0.02
    ks_margin: float = 0.05
    served_margin: float = 0.02
    maximum_ece: float = 0.03
    minimum_slope: float = 0.5
    maximum_slope: float = 2.0
    maximum_psi: float = 0.25
    maximum_csi: float = 0.5
    maximum_breaks: int = 0
    minimum_approval_ratio: float = 0.8
    maximum_group_gap: float = 0.05
    minimum_group_rows: int = 100
    recent_decisions: int = 2000
    maximum_peer_flips: float = 0.7
    minimum_peer_decisions: int = 50
    sign_off: bool = False


class OutcomeSource(Part, frozen=True):
    """How far the outcomes count whose source matches: `apiKey:<id>` or `file:<key>`, * is wild."""

    source: str
    trust: Literal["trusted", "limited", "untrusted"]


class Outcomes(Part, frozen=True):
    """Whose word counts for what became of a loan, how far, and when people look first. What no
    source matches is untrusted: it counts once a trusted source says the same."""

    sources: tuple[OutcomeSource, ...] = (OutcomeSource("file:credit/newData/*", "trusted"),)
    peers: tuple[str, ...] = ()  # features by whose values outcomes and decisions are watched
    limited_share: float = 0.01  # of the trusted loans, those of one limited source
    limited_peer_share: float = 0.05  # of a peer's trusted loans, those of one limited source
    limited_client_loans: int = 1  # of one client, those of limited sources
    fewest: int = 5  # new outcomes of a peer or source; fewer are not tested
    false_alarms: float = 0.01  # of honest snapshots, those in which something is held
    dispersion: float = 0.05  # correlation of the defaults within a peer or source
    watch_months: int = 12  # outcomes that are tested together with the new ones

    @property
    def rules(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.source, one.trust) for one in self.sources)


class Instances(Part, frozen=True):
    type: str
    count: int = 2


class Canary(Part, frozen=True):
    """Its size is a share of the capacity or a number of instances."""

    bake_seconds: int
    share: float | None = None
    instances: int | None = None
    alarms: tuple[Literal["model-errors", "model-latency"], ...] = ("model-errors", "model-latency")


class Endpoint(Part, frozen=True):
    """Serverless, by memory and concurrency; or instances, whose updates a canary may go before.
    Of a serverless endpoint's concurrency `provisioned` is always started, at a price; `keep_warm`
    calls at once go to it every 5 minutes."""

    memory_mb: int | None = None
    max_concurrency: int | None = None
    provisioned: int | None = None
    keep_warm: int = 0
    instances: Instances | None = None
    canary: Canary | None = None


class Drift(Part, frozen=True):
    """Limits of the population stability index, of scores and of features."""

    psi_watch: float = 0.1
    psi_limit: float = 0.25
    fewest: int = 200


class Machine(Part, frozen=True):
    instance_type: str = "ml.m5.large"
    volume_gb: int = 10
    longest_seconds: int = 3600


class SageMaker(Part, frozen=True):
    image: str = "sagemaker-scikit-learn:1.9-0-cpu-py3"
    training_role: str = "training"
    endpoint_role: str = "endpoints"
    training: dict[str, Machine] = {}

    def machine(self, stage: str) -> Machine:
        return self.training.get(stage, Machine())


class Profile(Part, frozen=True):
    product: Product
    snapshot: Snapshot
    training: Training
    features: dict[str, Feature]
    models: dict[str, Model]
    score: Score
    decision: Decision
    endpoint: dict[str, Endpoint]
    card: Card = Card()
    gate: Gate = Gate()
    drift: Drift = Drift()
    outcomes: Outcomes = Outcomes()
    sagemaker: SageMaker = SageMaker()

    def asked_for(self) -> dict[str, Feature]:
        """The features that an application brings; the others are derived."""
        return {name: feature for name, feature in self.features.items() if not feature.derive}

    @property
    def policy(self) -> Policy:
        return Policy(self.score, self.decision)

    def policy_version(self) -> str:
        """The hash of what decides: cut-offs, weights, mandatory models and the score's scale."""
        return self.policy.version()

    def schema(self, model: str) -> str:
        """The hash of what a model was trained to read. Texts and bounds are not part of it."""
        used = [
            [name, feature.type, feature.values, feature.monotone, feature.derive]
            for name, feature in sorted(self.features.items())
            if name in self.sources_of(self.models[model].features)
        ]
        return _digest([used, self.models[model].method, self.models[model].features])

    def sources_of(self, names: tuple[str, ...]) -> set[str]:
        """The features named and, through their derivations, all that they are computed from."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                derive = self.features[name].derive if name in self.features else None
                waiting.extend(derive.sources() if derive else ())
        return found


def load(path: Path = PROFILE_FILE) -> Profile:
    """Raises InvalidProfile, naming every contradiction."""
    try:
        written = msgspec.toml.decode(path.read_bytes())
        for name, feature in written.get("features", {}).items():
            _feature(name, feature)
        written.get("decision", {}).setdefault("minimum_weight", MINIMUM_WEIGHT)
        profile = msgspec.convert(written, Profile)
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidProfile(f"{path} can't be read as a profile: {error}") from error
    if found := list(contradictions(profile)):
        raise InvalidProfile(f"{path}: " + "; ".join(found))
    return profile


def _feature(name: str, written: Any) -> None:
    """msgspec says which key is wrong, but not in which of many tables."""
    try:
        msgspec.convert(written, Feature)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"features.{name}: {error}") from error


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
