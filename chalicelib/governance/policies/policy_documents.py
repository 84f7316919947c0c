"""Documents of policies: immutable, named by the hash of what they decide. Pure."""

from typing import Any

import msgspec

from chalicelib.foundation.request_fields import naming
from chalicelib.foundation.text import Text
from chalicelib.governance.policies.drafted_cut_offs import cut_off_faults
from chalicelib.governance.policies.policy_problems import InvalidPolicy
from chalicelib.profile import Decision, Offer, Policy, Profile, Rule, Score
from chalicelib.profile.contradictions.profile_contradictions import contradictions

Document = dict[str, Any]

PARTS: dict[str, Any] = {
    "score": Score,
    "decision": Decision,
    "rules": tuple[Rule, ...],
    "offer": Offer | None,
}
NOT_AN_OBJECT = Text(
    es="policy debe ser un objeto con una o varias de estas partes: {parts}",
    en="policy must be an object with one or more of these parts: {parts}",
)
WRONG = Text(es="La política no es válida: {faults}", en="The policy is not valid: {faults}")


def proposed(parts: Any, profile: Profile) -> Profile:
    """Return a profile with these parts of its policy replaced. Raises InvalidPolicy.

    `parts` has the sections of credit.toml as JSON: score, decision, rules, offer. A section that
    is left out stays as it is in `profile`.
    """
    if not isinstance(parts, dict) or not parts or parts.keys() - PARTS.keys():
        raise InvalidPolicy(NOT_AN_OBJECT.format(parts=", ".join(PARTS)))
    try:
        changed = {name: msgspec.convert(parts[name], PARTS[name]) for name in parts}
    except msgspec.ValidationError as error:
        raise InvalidPolicy(WRONG.format(faults=str(error))) from error
    found = msgspec.structs.replace(profile, **changed)
    if faults := cut_off_faults(found, parts.keys()):
        raise naming(InvalidPolicy, faults)
    return checked(found)


def with_policy(profile: Profile, policy: Policy) -> Profile:
    """Return a profile that decides by another policy. Raises InvalidPolicy if it can't."""
    parts = {name: getattr(policy, name) for name in PARTS}
    models = {
        name: msgspec.structs.replace(model, consent=policy.consents.get(name))
        for name, model in profile.models.items()
    }
    return checked(msgspec.structs.replace(profile, models=models, **parts))


def checked(profile: Profile) -> Profile:
    """Return the profile. Raises InvalidPolicy, which names every contradiction."""
    if faults := [*contradictions(profile)]:
        raise InvalidPolicy(WRONG.format(faults="; ".join(faults)))
    return profile


def written(policy: Policy) -> bytes:
    """Return a policy's document as JSON."""
    body = {"version": policy.version(), "policy": policy}
    return msgspec.json.encode(body, order="deterministic")


def read(body: bytes, version: str) -> Policy:
    """Return the policy of a document. Raises ValueError if it isn't the one of this version."""
    policy = msgspec.convert(msgspec.json.decode(body)["policy"], Policy)
    if policy.version() != version:
        raise ValueError(f"the document of policy {version} holds policy {policy.version()}")
    return policy
