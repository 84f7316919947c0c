"""The audit's run, made once; its calls are then held against other policies."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bank.audit import calls_of, findings, policies_of
from bank.audit_run import run
from bank.embedded_bank import Bank, open_bank
from localcloud.iam.iam_policy import Call, Permission


@dataclass(frozen=True)
class Audited:
    bank: Bank
    calls: dict[Call, set[str]]
    given: dict[str, list[Permission]]
    idle: list[str]

    def findings(self, **other: list[Permission]):
        """With other permissions for some roles; _ in their names is written -."""
        given = {**self.given, **{role.replace("_", "-"): p for role, p in other.items()}}
        return findings(given, self.calls, self.idle)


@pytest.fixture(scope="package")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    with open_bank(tmp_path_factory.mktemp("audit")) as bank:
        idle = run(bank)
        yield Audited(bank, calls_of(bank.cloud.authorization), policies_of(bank), idle)
