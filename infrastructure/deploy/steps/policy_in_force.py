"""The deployment's own policy: in force at the first deployment, later a draft in prod."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.settings import Settings
from chalicelib.governance.policies.policy_bucket import PolicyBucket
from chalicelib.governance.policies.policy_desk import PolicyDesk
from chalicelib.governance.policies.policy_documents import with_policy
from chalicelib.governance.policies.policy_problems import InvalidPolicy
from chalicelib.profile import Profile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class UnfitPolicy(AppVengersError):
    """A policy in force that does not fit the deployment's credit.toml."""


def put(s3: "S3Client", settings: Settings, deployed: Profile, deployer: str, now: datetime) -> str:
    """Put credit.toml's policy in force, or draft it, and return what was done.

    Raises UnfitPolicy if the policy in force does not fit this credit.toml.
    """
    policies = PolicyBucket(s3, settings.data_bucket)
    act = PolicyDesk(policies, deployed, now).deploy(
        {"deployment": deployer}, at_once=settings.stage == "dev"
    )
    in_force = PolicyDesk(policies, deployed, now).overview()["inForce"]
    if in_force is None:  # the clock went back, to before the first policy
        return f"{deployed.policy_version()} decides until the first policy is in force"
    current = in_force["policy"]
    _require_fit(policies, deployed, current)
    if act and act.kind == "DRAFTED":
        return (
            f"{current} is in force; credit.toml's {act.policy} is the draft {act.id}: two people "
            f"of the role risk approve it with POST /people/policy-drafts/{act.id}/approval"
        )
    return f"{current} is in force"


def _require_fit(policies: PolicyBucket, deployed: Profile, version: str) -> None:
    try:
        with_policy(deployed, policies.policy(version))
    except InvalidPolicy as fault:
        raise UnfitPolicy(
            f"The policy in force, {version}, does not fit this credit.toml: {fault} "
            "Deploy the features and models that it reads, or put another in force first."
        ) from fault
