"""Fuzz the served bank by its own description: python -m tests.drills.fuzzing [cases an operation]

schemathesis calls each operation with an API key of every scope and a person with every role, by
examples, by the limits of the schemas, by chance, and along links. All checks are on, but for what
is explained here and in fuzzing.toml.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from chalicelib.foundation.settings import Settings
from chalicelib.people.access import Role
from infrastructure import embedded
from tests.drills.bank_process import BankProcess, bank_process
from tests.drills.desk.people import People

CONFIG = Path(__file__).with_name("fuzzing.toml")
PHASES = "examples,coverage,fuzzing,stateful"
# API Gateway does not tell an unknown path from an unknown method: docs/errors.md, not-found.
EXCLUDED = "unsupported_method"
GATEWAY_SECONDS = 29  # API Gateway waits no longer
EVERYBODY = "everybody"


def token(bank: BankProcess) -> str:
    os.environ |= embedded.CLIENT | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{bank.aws_port}"}
    people = People(bank, Settings("appvengers", "dev", "us-east-1"), {EVERYBODY: tuple(Role)})
    return people.token(EVERYBODY)


def fuzz(bank: BankProcess, cases: int) -> int:
    """Return schemathesis's exit code: 0 if no check failed."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run",
        f"{bank.url}/openapi.json", "--phases", PHASES, "--no-color",
        "--max-response-time", str(GATEWAY_SECONDS),
        "--checks", "all", "--exclude-checks", EXCLUDED,
        "--max-examples", str(cases), "-H", f"x-api-key: {bank.api_key}",
        "-H", f"Authorization: Bearer {token(bank)}",
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode


def main(cases: int) -> int:
    with (
        tempfile.TemporaryDirectory() as name,
        bank_process(Path(name) / "bank", Path(name) / "bank.log") as bank,
    ):
        bank.start()
        return fuzz(bank, cases)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 60))
