"""IAM's rules: inline policies."""

import json
import re
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

POLICY_LENGTH = 10_240


def _role_policy(parameters: Parameters, request: Any) -> Iterator[str]:
    """Add up a role's inline policies, without white space."""
    name = parameters["RoleName"]
    roles = {one.name: one for one in request.backend.get_roles()}
    before = roles[name].policies if name in roles else {}  # a template's role is made later
    kept = {**before, parameters["PolicyName"]: parameters["PolicyDocument"]}
    texts = (one if isinstance(one, str) else json.dumps(one) for one in kept.values())
    if sum(len(re.sub(r"\s", "", text)) for text in texts) > POLICY_LENGTH:
        yield f"Maximum policy size of {POLICY_LENGTH} bytes exceeded for role {name}"


RULES: tuple[Rule, ...] = (
    Rule("inline policies of a role", ("iam:PutRolePolicy",), _role_policy,
         f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html", "LimitExceeded"),
)  # fmt: skip
