"""IAM's rules for policies: their size and their grammar.

IAM checks the grammar and no more: it takes actions and services that do not exist, and elements
of an ARN that lead nowhere. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_policy-validator.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import (
    BaseIAMPolicyValidator,
    IAMPolicyDocumentValidator,
    IAMTrustPolicyDocumentValidator,
)

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

POLICY_LENGTH = 10_240
_TRUSTS = ("AssumeRolePolicyDocument", "PolicyDocument")
_GRAMMAR = f"{DOCS}/IAM/latest/UserGuide/reference_policies_grammar.html"


def _role_policy(parameters: Parameters, request: Any) -> Iterator[str]:
    """Add up a role's inline policies, without white space."""
    name = parameters["RoleName"]
    roles = {one.name: one for one in request.backend.get_roles()}
    before = roles[name].policies if name in roles else {}  # a template's role is made later
    kept = {**before, parameters["PolicyName"]: parameters["PolicyDocument"]}
    if sum(len(re.sub(r"\s", "", _text(one))) for one in kept.values()) > POLICY_LENGTH:
        yield f"Maximum policy size of {POLICY_LENGTH} bytes exceeded for role {name}"


def _grammar(parameters: Parameters, _request: Any) -> Iterator[str]:
    written = _text(parameters["PolicyDocument"])
    yield from _malformed(IAMPolicyDocumentValidator(written))
    for statement in _statements(written):
        if {"Principal", "NotPrincipal"} & {*statement}:
            yield "Policy document should not specify a principal."


def _trust_grammar(parameters: Parameters, _request: Any) -> Iterator[str]:
    member = next(one for one in _TRUSTS if one in parameters)
    written = _text(parameters[member])
    yield from _malformed(IAMTrustPolicyDocumentValidator(written))
    for statement in _statements(written):
        if not {"Principal", "NotPrincipal"} & {*statement}:
            yield "Missing required field Principal"


def _malformed(validator: BaseIAMPolicyValidator) -> Iterator[str]:
    try:
        validator.validate()
    except MalformedPolicyDocument as malformed:
        yield str(malformed.message)


def _statements(text: str) -> list[dict[str, Any]]:
    """Return a policy's statements; none of what is no policy, which breaks the grammar."""
    try:
        found = json.loads(text)["Statement"]
    except (KeyError, TypeError, ValueError):
        return []
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, dict)]


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


RULES: tuple[Rule, ...] = (
    Rule("inline policies of a role", ("iam:PutRolePolicy",), _role_policy,
         f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html", "LimitExceeded"),
    Rule("grammar of an inline policy", ("iam:PutRolePolicy",), _grammar, _GRAMMAR,
         "MalformedPolicyDocument"),
    Rule("grammar of a trust policy", ("iam:CreateRole", "iam:UpdateAssumeRolePolicy"),
         _trust_grammar, _GRAMMAR, "MalformedPolicyDocument"),
)  # fmt: skip
