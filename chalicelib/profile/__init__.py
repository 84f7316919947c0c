"""The scoring profile: credit.toml as checked, frozen values. Nothing else reads that file."""

from chalicelib.profile.feature_tables import Actionable, Derivation, Feature
from chalicelib.profile.policy_tables import MINIMUM_WEIGHT, Decision, Policy, Score
from chalicelib.profile.reader import PROFILE_FILE, load
from chalicelib.profile.retraining_tables import (
    Card,
    Drift,
    Gate,
    Limit,
    Outcomes,
    OutcomeSource,
    Snapshot,
    Training,
)
from chalicelib.profile.rights_tables import Notice, Rights
from chalicelib.profile.rule_tables import Computation, Condition, Rule
from chalicelib.profile.sagemaker_tables import Canary, Endpoint, Instances, Machine, SageMaker
from chalicelib.profile.schema import Inventory, Model, Product, Profile

__all__ = [
    "MINIMUM_WEIGHT",
    "PROFILE_FILE",
    "Actionable",
    "Canary",
    "Card",
    "Computation",
    "Condition",
    "Decision",
    "Derivation",
    "Drift",
    "Endpoint",
    "Feature",
    "Gate",
    "Instances",
    "Inventory",
    "Limit",
    "Machine",
    "Model",
    "Notice",
    "OutcomeSource",
    "Outcomes",
    "Policy",
    "Product",
    "Profile",
    "Rights",
    "Rule",
    "SageMaker",
    "Score",
    "Snapshot",
    "Training",
    "load",
]
