"""The scoring profile: credit.toml as checked, frozen values. Nothing else reads that file."""

from chalicelib.profile.reader import PROFILE_FILE, load
from chalicelib.profile.schema import Inventory, Model, Product, Profile
from chalicelib.profile.tables.evidence_tables import Evidence
from chalicelib.profile.tables.feature_tables import Actionable, Derivation, Feature
from chalicelib.profile.tables.offer_tables import Band, Offer
from chalicelib.profile.tables.policy_tables import MINIMUM_WEIGHT, Decision, Policy, Score
from chalicelib.profile.tables.retention_tables import Retained, Retention
from chalicelib.profile.tables.retraining_tables import (
    Card,
    Drift,
    Gate,
    Limit,
    Outcomes,
    OutcomeSource,
    Snapshot,
    Training,
)
from chalicelib.profile.tables.rights_tables import Notice, Rights
from chalicelib.profile.tables.rule_tables import Computation, Condition, Rule
from chalicelib.profile.tables.sagemaker_tables import (
    Canary,
    Endpoint,
    Instances,
    Machine,
    SageMaker,
)

__all__ = [
    "MINIMUM_WEIGHT",
    "PROFILE_FILE",
    "Actionable",
    "Band",
    "Canary",
    "Card",
    "Computation",
    "Condition",
    "Decision",
    "Derivation",
    "Drift",
    "Endpoint",
    "Evidence",
    "Feature",
    "Gate",
    "Instances",
    "Inventory",
    "Limit",
    "Machine",
    "Model",
    "Notice",
    "Offer",
    "OutcomeSource",
    "Outcomes",
    "Policy",
    "Product",
    "Profile",
    "Retained",
    "Retention",
    "Rights",
    "Rule",
    "SageMaker",
    "Score",
    "Snapshot",
    "Training",
    "load",
]
