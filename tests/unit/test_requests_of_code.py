"""Each request that our code writes out exists at AWS: its operation, its members, those required.

Values are held against the models where requests are made, on the embedded cloud. This walks the
calls that no run has made, too.
"""

import ast
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel

ROOT = Path(__file__).parents[2]
PACKAGES = ("bank", "chalicelib", "infrastructure", "stepfunctions", "training", "workbench")
SERVICES = (
    "apigateway", "cloudformation", "cloudwatch", "cognito-idp", "dynamodb", "events", "iam",
    "kms", "lambda", "logs", "resourcegroupstaggingapi", "s3", "sagemaker", "sagemaker-runtime",
    "service-quotas", "sns", "sqs", "ssm", "stepfunctions", "sts",
)  # fmt: skip


@cache
def operations() -> dict[str, list[OperationModel]]:
    """Return the services' operations by the names of boto3's methods."""
    session, found = botocore.session.get_session(), {}
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in model.operation_names:
            found.setdefault(xform_name(name), []).append(model.operation_model(name))
    return found


@cache
def requests() -> dict[str, tuple[str, frozenset[str], bool]]:
    """Return method, members and whether these are all, of each call of a client, by its place."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    named = {one.arg for one in node.keywords if one.arg}
                    if named and node.func.attr in operations():
                        of_a_table = "table" in ast.unparse(node.func.value).lower()
                        members = frozenset(named | {"TableName"} if of_a_table else named)
                        whole = all(one.arg for one in node.keywords)
                        place = f"{path.relative_to(ROOT)}:{node.lineno}:{node.col_offset}"
                        found[place] = (node.func.attr, members, whole)
    return found


def fits(operation: OperationModel, members: frozenset[str], *, whole: bool) -> bool:
    shape = operation.input_shape
    required = {*shape.required_members} if whole else set()
    return required <= members <= {*shape.members}


def test_the_walk_finds_the_requests():
    assert len(requests()) > 150
    assert len({method for method, _, _ in requests().values()}) > 80


def test_a_request_has_the_members_that_aws_knows_and_requires():
    unfit = {
        f"{place} {method}": sorted(members)
        for place, (method, members, whole) in requests().items()
        if not any(fits(o, members, whole=whole) for o in operations()[method] if o.input_shape)
    }

    assert unfit == {}
