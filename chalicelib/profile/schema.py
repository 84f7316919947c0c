"""The whole of credit.toml as a frozen value."""

from collections.abc import Collection
from datetime import date
from functools import cached_property
from typing import Literal

import msgspec

from chalicelib.foundation.text import Language, Text
from chalicelib.profile.tables.api_tables import Api
from chalicelib.profile.tables.base_table import Table, digest
from chalicelib.profile.tables.evidence_tables import LOCKS, Evidence
from chalicelib.profile.tables.feature_tables import Feature
from chalicelib.profile.tables.offer_tables import Offer
from chalicelib.profile.tables.policy_tables import Decision, Policy, Score
from chalicelib.profile.tables.retention_tables import Retention
from chalicelib.profile.tables.retraining_tables import (
    Card,
    Drift,
    Gate,
    Outcomes,
    Snapshot,
    Training,
)
from chalicelib.profile.tables.review_tables import Contest, Review
from chalicelib.profile.tables.rights_tables import Rights
from chalicelib.profile.tables.rule_tables import Computation, Rule
from chalicelib.profile.tables.sagemaker_tables import Endpoint, SageMaker


class Product(Table, frozen=True):
    name: str
    title: Text
    language: Language


class Example(Table, frozen=True):
    """A real application of the product, which the API's description shows."""

    client_id: str
    application: dict[str, int | float | str]
    consents: tuple[str, ...] = ()


class Inventory(Table, frozen=True):
    """An entry of the bank's model inventory: who answers for a model, and for what it is used.

    The fields are those of SR 11-7, section VI:
    https://www.federalreserve.gov/supervisionreg/srletters/sr1107a1.pdf
    """

    owner: str
    developer: str
    validator: str
    tier: Literal[1, 2, 3]  # 1: the decisions that cost the most depend on it
    intended_use: Text
    limits: Text
    next_review: date
    developer_users: tuple[str, ...] = ()  # their names in the user pool: they sign nothing off

    def is_overdue(self, today: date) -> bool:
        return self.next_review < today


class Model(Table, frozen=True):
    method: Literal["scorecard", "trees"]
    features: tuple[str, ...]
    parameters: dict[str, int | float] = msgspec.field(default_factory=dict)
    inventory: Inventory | None = None
    consent: str | None = None  # that an applicant must give before the model is asked


class Profile(Table, frozen=True, dict=True):  # the cache of `policy` is in the dict
    product: Product
    snapshot: Snapshot
    training: Training
    features: dict[str, Feature]
    models: dict[str, Model]
    score: Score
    decision: Decision
    endpoint: dict[str, Endpoint]
    rules: tuple[Rule, ...] = ()
    offer: Offer | None = None
    rights: Rights = Rights()
    retention: Retention = Retention()
    evidence: dict[str, Evidence] = msgspec.field(default_factory=lambda: {**LOCKS})
    review: Review = Review()
    contest: Contest = Contest()
    api: Api = Api()
    card: Card = Card()
    examples: dict[str, Example] = msgspec.field(default_factory=dict)
    gate: Gate = Gate()
    drift: Drift = Drift()
    outcomes: Outcomes = Outcomes()
    sagemaker: SageMaker = SageMaker()

    def asked_for(self) -> dict[str, Feature]:
        """Return the features that an application brings; the others are derived."""
        return {name: feature for name, feature in self.features.items() if not feature.derive}

    def segments(self) -> dict[str, tuple[str, ...]]:
        """Return the values of each segment of the card that an application has as it is."""
        asked = self.asked_for()
        named = (name for name in self.card.segments if name in asked)
        return {name: asked[name].values for name in named if asked[name].values}

    def read_by_models(self) -> set[str]:
        """Return the features that models read; not those they are computed from."""
        return {name for model in self.models.values() for name in model.features}

    def consents(self) -> dict[str, str]:
        """Return the consent that each model needs; a model that needs none is left out."""
        return {name: model.consent for name, model in self.models.items() if model.consent}

    def without_consent(self, given: Collection[str]) -> dict[str, str]:
        """Return the models that may not be asked, each with the consent that it lacks."""
        return {name: consent for name, consent in self.consents().items() if consent not in given}

    def withheld(self, given: Collection[str]) -> set[str]:
        """Return the features that only models without their consent read.

        They are neither asked for nor kept. A feature that the policy reads, too, is not withheld.
        """
        skipped = self.without_consent(given)
        read = [
            {*self.sources_of(model.features)}
            for name, model in self.models.items()
            if name not in skipped
        ]
        unasked = [self.sources_of(self.models[name].features) for name in skipped]
        return set().union(*unasked) - set().union(self.read_by_policy(), *read)

    def read_by_policy(self) -> set[str]:
        """Return the features that rules and the offer read and, of derived ones, all they are
        computed from.
        """
        read = {name for rule in self.rules for name in rule.inputs if name in self.features}
        amount = {self.offer.amount} if self.offer else set()
        return self.sources_of(tuple(read | amount))

    @cached_property
    def policy(self) -> Policy:
        rules, read = tuple(rule.in_order() for rule in self.rules), self.read_by_policy()
        derived = {
            name: Computation(feature.derive.ratio, feature.derive.prefix, feature.derive.length)
            for name, feature in self.features.items()
            if name in read and feature.derive
        }
        return Policy(self.score, self.decision, rules, derived, self.offer, self.consents())

    def policy_version(self) -> str:
        """Return the hash of all that decides: see `Policy`."""
        return self.policy.version()

    def schema(self, model: str) -> str:
        """Return the hash of the inputs that a model was trained to read.

        Texts and bounds are not part of it.
        """
        used = [
            [name, feature.type, feature.values, feature.monotone, feature.derive]
            for name, feature in sorted(self.features.items())
            if name in self.sources_of(self.models[model].features)
        ]
        return digest([used, self.models[model].method, self.models[model].features])

    def sources_of(self, names: tuple[str, ...]) -> set[str]:
        """Return the named features and, through their derivations, all their sources."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                derive = self.features[name].derive if name in self.features else None
                waiting.extend(derive.sources() if derive else ())
        return found
