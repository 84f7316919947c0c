"""Packages of the console: what npm says of them, and that no answer is no good answer."""

from datetime import date

import msgspec
import pytest

from infrastructure.supply_chain import console_packages
from infrastructure.supply_chain.advisories import Acceptance, judge

TODAY = date(2026, 11, 29)
NAMES = {f"npm:{name}" for name in console_packages.locked()}
PREACT = f"npm:preact {console_packages.locked()['preact'].version}"


def answer(**vulnerable):
    """An answer of `npm audit --json`, version 2."""
    return msgspec.json.encode({"auditReportVersion": 2, "vulnerabilities": vulnerable})


def advisory(name):
    url = f"https://github.com/advisories/{name}"
    return {"severity": "high", "via": [{"source": 1, "url": url, "title": "XSS"}], "nodes": []}


def test_each_package_of_the_lock_is_checked():
    verdict = judge(console_packages.report(answer()), {}, TODAY)

    assert (verdict.faults, verdict.packages, verdict.unchecked) == ([], len(NAMES), [])


def test_an_advisory_is_a_fault_until_it_is_accepted():
    found = console_packages.report(answer(preact=advisory("GHSA-36hm-qxxp-pg3m")))
    (fault,) = judge(found, {}, TODAY).faults
    assert fault.startswith(f"GHSA-36hm-qxxp-pg3m in {PREACT}: ")

    accepted = {"GHSA-36hm-qxxp-pg3m": Acceptance("npm:preact", "No text is markup.", TODAY)}
    assert judge(found, accepted, TODAY).faults == []


def test_a_package_that_is_vulnerable_by_another_is_not_counted_twice():
    by_another = {"severity": "high", "via": ["preact"], "nodes": []}
    bad = answer(preact=advisory("GHSA-36hm-qxxp-pg3m"), htm=by_another)

    assert len(judge(console_packages.report(bad), {}, TODAY).faults) == 1


@pytest.mark.parametrize("said", [b"", b"{}", b'{"message": "405 Method Not Allowed"}', b"[]"])
def test_an_answer_that_is_no_report_is_a_fault_of_reading(said):
    with pytest.raises(msgspec.MsgspecError):
        console_packages.report(said)


@pytest.mark.parametrize("program", ["echo {}", "false", "no-such-program"])
def test_packages_without_an_answer_are_unchecked(program):
    verdict = judge(console_packages.audit(tuple(program.split())), {}, TODAY)

    assert (verdict.faults, {*verdict.unchecked}) == ([], NAMES)


def test_each_package_of_the_bundle_is_locked_in_its_version():
    lock = console_packages.locked()

    assert {one.name: one.version for one in console_packages.shipped()} == {
        name: lock[name].version
        for name in (
            "@picocss/pico", "@preact/signals", "@preact/signals-core", "fflate", "htm", "preact"
        )
    }  # fmt: skip
