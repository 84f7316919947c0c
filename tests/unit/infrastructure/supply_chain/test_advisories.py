"""An advisory is a fault, an accepted one for a while; a package without an answer is neither."""

from datetime import date

import msgspec
import pytest

from infrastructure.supply_chain import advisories
from infrastructure.supply_chain.advisories import Acceptance, Report, judge

TODAY = date(2026, 11, 29)
GOOD = {"name": "msgspec", "version": "0.22.0", "vulns": []}
BAD = {
    "name": "jmespath",
    "version": "1.1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.2.0"], "aliases": ["GHSA-1"]}],
}
SKIPPED = {"name": "rfc8785", "skip_reason": "Dependency not found on PyPI"}
WAIVED = Acceptance("jmespath", "No caller's text becomes an expression.", TODAY)


def report(*packages):
    return msgspec.convert({"dependencies": packages}, Report)


def test_packages_without_an_advisory_are_fine():
    verdict = judge(report(GOOD, GOOD), {}, TODAY)

    assert (verdict.faults, verdict.packages, verdict.unchecked) == ([], 1, [])


def test_an_advisory_is_a_fault_that_says_which_version_ends_it():
    verdict = judge(report(GOOD, BAD), {}, TODAY)

    (fault,) = verdict.faults
    assert "PYSEC-1 in jmespath 1.1.0: update to 1.2.0" in fault


@pytest.mark.parametrize("name", ["PYSEC-1", "GHSA-1"])
def test_an_accepted_advisory_is_fine_by_either_name_until_its_last_day(name):
    assert judge(report(BAD), {name: WAIVED}, TODAY).faults == []
    (late,) = judge(report(BAD), {name: WAIVED}, date(2026, 11, 30)).faults
    assert "accepted until 2026-11-29" in late


def test_an_acceptance_counts_for_its_package_alone():
    other = Acceptance("msgspec", "…", TODAY)

    assert len(judge(report(GOOD, BAD), {"PYSEC-1": other}, TODAY).faults) == 2


def test_an_acceptance_that_is_not_needed_any_more_is_a_fault():
    gone = report({**BAD, "vulns": []})

    (fault,) = judge(gone, {"PYSEC-1": WAIVED}, TODAY).faults
    assert "remove it" in fault


def test_a_package_that_the_index_did_not_answer_for_is_unchecked():
    """pip-audit alone ends as if it had no advisory."""
    verdict = judge(report(GOOD, SKIPPED), {}, TODAY)

    assert (verdict.faults, verdict.unchecked) == ([], ["rfc8785"])
    said = "\n".join(advisories.lines(verdict))
    assert "1 of 2 packages checked" in said
    assert "UNCHECKED" in said
    assert "UNCHECKED" not in "\n".join(advisories.lines(judge(report(GOOD), {}, TODAY)))


def test_an_acceptance_of_an_unchecked_package_stays():
    skipped = report({"name": "jmespath", "skip_reason": "not found"})

    assert judge(skipped, {"PYSEC-1": WAIVED}, TODAY).faults == []


def test_the_committed_acceptances_can_be_read():
    assert all(one.reason and one.package for one in advisories.accepted().values())
