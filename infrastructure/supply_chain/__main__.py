"""Checks of the supply chain: make supply-chain.

python -m infrastructure.supply_chain [--unchecked-is-fine]

It ends with 0 if all is well, 1 on a fault, and 2 if an advisory may be unknown, as the index did
not answer.
"""

import argparse
import sys
from datetime import UTC, datetime

from infrastructure.supply_chain import advisories, console_packages, secret_scan

FAULT, UNCHECKED = 1, 2


def _advisories(*, unchecked_is_fine: bool) -> int:
    try:
        report = advisories.audit()
    except advisories.Unreadable as fault:
        print(f"UNCHECKED: {fault}")
        return 0 if unchecked_is_fine else UNCHECKED
    both = advisories.Report([*report.dependencies, *console_packages.audit().dependencies])
    verdict = advisories.judge(both, advisories.accepted(), datetime.now(UTC).date())
    for line in advisories.lines(verdict):
        print(line)
    if verdict.faults:
        return FAULT
    return UNCHECKED if verdict.unchecked and not unchecked_is_fine else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--unchecked-is-fine", action="store_true", help="0 instead of 2")
    given = parser.parse_args()
    secrets = secret_scan.main([])
    return secrets or _advisories(unchecked_is_fine=given.unchecked_is_fine)


if __name__ == "__main__":
    sys.exit(main())
