"""The policy: [score], [decision], [[rules]] and [offer] of credit.toml, which decide."""

import math

import msgspec

from chalicelib.profile.tables.base_table import Table, digest
from chalicelib.profile.tables.offer_tables import Offer
from chalicelib.profile.tables.rule_tables import Computation, Rule

MINIMUM_WEIGHT = 0.6  # of [decision], for a profile that states none


# What is left at its default is no part of a policy's hash: a new field leaves old policies valid.
class Score(Table, frozen=True, omit_defaults=True):
    points_to_double_odds: float
    base_points: float
    base_odds: float

    @property
    def points_a_unit(self) -> float:
        """The points of one unit of log-odds."""
        return self.points_to_double_odds / math.log(2)

    def points(self, logit: float) -> int:
        """Return the points of a log-odds of default.

        The good:bad odds double with every `points_to_double_odds` more points.

        >>> scale = Score(points_to_double_odds=20, base_points=600, base_odds=50)
        >>> scale.points(-math.log(50)), scale.points(-math.log(100))
        (600, 620)
        """
        return round(self.base_points - self.points_a_unit * (logit + math.log(self.base_odds)))


class Decision(Table, frozen=True, omit_defaults=True):
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


class Policy(Table, frozen=True, omit_defaults=True):
    """All that turns scores into a decision. Each decision carries it.

    `derived` has the derived features that the rules read, and those they are computed from.
    `consents` has, by model, the consent without which the model is not asked.
    """

    score: Score
    decision: Decision
    rules: tuple[Rule, ...] = ()
    derived: dict[str, Computation] = msgspec.field(default_factory=dict)
    offer: Offer | None = None
    consents: dict[str, str] = msgspec.field(default_factory=dict)

    def version(self) -> str:
        """Return the hash of the policy. The order of rules counts, that of names does not."""
        decides = msgspec.structs.replace(
            self.decision,
            mandatory=tuple(sorted({*self.decision.mandatory})),
            review_unseen=tuple(sorted({*self.decision.review_unseen})),
        )
        by_rules = [self.rules, self.derived] if self.rules else []
        by_offer = [self.offer] if self.offer else []
        by_consent = [{"consents": self.consents}] if self.consents else []
        return digest([self.score, decides, *by_rules, *by_offer, *by_consent])[:12]
