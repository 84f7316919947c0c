"""Acts on policies, and which is in force: two approvals, a time of effect, a rollback."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.governance.policies.acts import (
    Act,
    approvals_of,
    in_force,
    in_force_between,
    periods,
)

ANA, BEA, CARL = ({"sub": name, "username": name} for name in ("ana", "bea", "carl"))
FIRST = Act("00", "DEPLOYED", "p0", "2026-01-01", {"deployment": "arn"})


def draft(number: int, policy: str, effective_from: str) -> Act:
    at = f"2026-01-{number:02}"
    return Act(f"{number:02}", "DRAFTED", policy, at, ANA, effective_from, reason="why")


def approval(number: int, of: Act, by: dict[str, str]) -> Act:
    return Act(f"{number:02}", "APPROVED", of.policy, f"2026-01-{number:02}", by, draft=of.id)


def rollback(number: int, policy: str) -> Act:
    return Act(f"{number:02}", "ROLLED_BACK", policy, f"2026-01-{number:02}", BEA, reason="why")


def policy(acts, at: str) -> str | None:
    found = in_force(periods(acts), at)
    return found and found.policy


def test_before_the_first_deployment_no_policy_is_in_force():
    assert policy([], "2026-01-01") is None
    assert policy([FIRST], "2025-12-31T23:59:59.999Z") is None
    assert policy([FIRST], "2026-01-01") == "p0"


def test_several_approvals_of_one_person_at_once_are_one():
    one = draft(2, "p1", "2026-01-10")
    acts = [one, *(approval(number, one, ANA) for number in (3, 4, 5)), approval(6, one, BEA)]

    assert [act.id for act in approvals_of(acts, one.id)] == ["03", "06"]


def test_a_draft_is_in_force_from_its_time_once_two_people_have_approved_it():
    one = draft(2, "p1", "2026-01-10")
    acts = [FIRST, one, approval(3, one, ANA)]
    assert policy(acts, "2026-02-01") == "p0"
    assert policy([*acts, approval(4, one, ANA)], "2026-02-01") == "p0"

    whole = [*acts, approval(4, one, BEA)]
    assert policy(whole, "2026-01-09T23:59:59.999Z") == "p0"
    assert policy(whole, "2026-01-10") == "p1"


def test_an_approval_after_the_time_of_effect_counts_from_then():
    one = draft(2, "p1", "2026-01-03")
    acts = [FIRST, one, approval(4, one, ANA), approval(6, one, BEA), approval(7, one, CARL)]

    assert [(period.start, period.policy) for period in periods(acts)] == [
        ("2026-01-01", "p0"), ("2026-01-06", "p1"),
    ]  # fmt: skip


def test_approvals_of_two_drafts_of_one_policy_do_not_add_up():
    one, other = draft(2, "p1", "2026-01-02"), draft(3, "p1", "2026-01-03")
    acts = [FIRST, one, other, approval(4, one, ANA), approval(5, other, BEA)]

    assert policy(acts, "2026-02-01") == "p0"


def test_a_rollback_is_in_force_at_once_and_cancels_what_was_to_come():
    one, later = draft(2, "p1", "2026-01-02"), draft(5, "p2", "2026-01-20")
    acts = [FIRST, one, approval(3, one, ANA), approval(4, one, BEA)]
    acts += [later, approval(6, later, ANA), approval(7, later, BEA)]
    assert policy(acts, "2026-01-20") == "p2"

    acts.append(rollback(8, "p0"))
    assert policy(acts, "2026-01-07") == "p1"
    assert policy(acts, "2026-01-08") == "p0"
    assert policy(acts, "2026-02-01") == "p0"


def test_what_is_approved_after_a_rollback_comes_into_force():
    one = draft(2, "p1", "2026-01-09")
    acts = [FIRST, one, approval(3, one, ANA), rollback(4, "p0"), approval(5, one, BEA)]

    assert policy(acts, "2026-01-09") == "p1"


def test_all_policies_of_a_stretch_of_time_are_known():
    one = draft(2, "p1", "2026-01-10")
    found = periods([FIRST, one, approval(3, one, ANA), approval(4, one, BEA)])

    assert in_force_between(found, "2026-01-02", "2026-01-09") == {"p0"}
    assert in_force_between(found, "2026-01-09", "2026-01-10") == {"p0", "p1"}
    assert in_force_between(found, "2026-01-10", "2026-01-11") == {"p1"}
    assert in_force_between(found, "2025-01-10", "2025-01-11") == set()


@given(
    st.lists(st.tuples(st.sampled_from([ANA, BEA, CARL]), st.integers(0, 3)), max_size=12),
    st.permutations(range(16)),
)
def test_only_a_draft_with_two_different_approvers_is_ever_in_force(approvals, order):
    drafts = [draft(number + 1, f"p{number + 1}", "2026-01-01") for number in range(4)]
    acts = [FIRST, *drafts]
    acts += [approval(n, drafts[of], by) for n, (by, of) in enumerate(approvals, 10)]
    mixed = sorted(acts, key=lambda act: order[int(act.id) % 16])
    people = [{by["sub"] for by, of in approvals if drafts[of] is one} for one in drafts]

    approved = {one.policy for one, who in zip(drafts, people, strict=True) if len(who) >= 2}
    assert {period.policy for period in periods(mixed)} == {"p0"} | approved
