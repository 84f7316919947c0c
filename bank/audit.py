"""The permission audit: the whole bank runs on the sample, each part under its own role; then what
was needed is held against what is given.

make audit
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bank.audit_run import run
from bank.embedded_bank import Bank, open_bank
from localcloud.iam import iam_policy
from localcloud.iam.authorization import BY_DOCUMENTATION, Authorization
from localcloud.iam.iam_policy import Call, Permission

Uses = Mapping[Call, set[str]]


@dataclass(frozen=True)
class Findings:
    used: dict[tuple[str, Permission], set[str]]  # by role and permission
    refused: dict[Call, set[str]]
    unused: list[tuple[str, Permission]]
    idle: list[str]  # functions and routes that the run left out

    @property
    def clean(self) -> bool:
        return not (self.refused or self.unused or self.idle)


def findings(given: Mapping[str, Iterable[Permission]], calls: Uses, idle: list[str]) -> Findings:
    """Return the findings of the recorded calls in these policies; the run need not be repeated
    for other policies.
    """
    used: dict[tuple[str, Permission], set[str]] = defaultdict(set)
    refused = {}
    for call, by in calls.items():
        permissions = tuple(given.get(call.role, ()))
        if not iam_policy.allows(permissions, call):
            refused[call] = by
        for permission in permissions:
            if permission.covers(call):
                used[call.role, permission] |= by
    unused = [
        (role, permission)
        for role, permissions in given.items()
        for permission in permissions
        if (role, permission) not in used
    ]
    return Findings(used, refused, unused, idle)


def policies_of(bank: Bank) -> dict[str, list[Permission]]:
    """Return every role of the account with its policies."""
    import boto3  # the bank's own: it must be open

    authorization, given = bank.cloud.authorization, {}
    for page in boto3.client("iam").get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            documents = authorization.policies(role["RoleName"])
            given[role["RoleName"]] = [p for one in documents for p in iam_policy.parse(one)]
    return given


def calls_of(authorization: Authorization) -> dict[Call, set[str]]:
    return {**authorization.allowed, **authorization.refused}


def show(found: Findings, console: Console) -> None:
    table = Table(box=SIMPLE, pad_edge=False)
    for title in ("Role", "Action", "Resource", "Used by"):
        table.add_column(title, overflow="fold")
    order = sorted(found.used.items(), key=lambda u: (u[0][0], u[0][1].action, u[0][1].resource))
    for (role, permission), by in order:
        table.add_row(role, permission.action, permission.resource, ", ".join(sorted(by)))
    console.print(table)
    console.print(f"{BY_DOCUMENTATION.strip()} done by AWS itself, as its documentation has it.")
    for call, by in found.refused.items():
        needed = f"{call.role} needs {call.action} on {call.resource} {dict(call.context) or ''}"
        console.print(f"MISSING  {needed} ({', '.join(sorted(by))})")
    for role, permission in found.unused:
        console.print(f"UNUSED   {role} never used {permission.action} on {permission.resource}")
    for name in found.idle:
        console.print(f"NOT RUN  {name}: add it to bank/audit_run.py")
    console.print(
        f"{len(found.used)} permissions used, {len(found.refused)} missing, "
        f"{len(found.unused)} given and never used."
    )


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="audit-") as folder, open_bank(Path(folder)) as bank:
        idle = run(bank)
        found = findings(policies_of(bank), calls_of(bank.cloud.authorization), idle)
    show(found, Console(width=None if sys.stdout.isatty() else 260))
    return 0 if found.clean else 1


if __name__ == "__main__":
    sys.exit(main())
