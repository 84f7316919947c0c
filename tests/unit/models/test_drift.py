"""The stability index, and from which of a week's decisions it is taken."""

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.day_index import SHARDS, key_of, keys_of
from chalicelib.models.drift import (
    Histogram,
    Reference,
    Seen,
    compared,
    drifted,
    of_policy,
    psi,
)
from chalicelib.monitoring.drift_watch import A_DAY, spread
from chalicelib.profile import Drift

LIMITS = Drift(psi_watch=0.1, psi_limit=0.25, fewest=10)
AMOUNT = Histogram(shares=(0.25, 0.25, 0.4), missing=0.1, edges=(10.0, 20.0))
STATE = Histogram(shares=(0.6, 0.3), missing=0.0, values=("CA", "NY"))

bins = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=20)


def index(pairs):
    total = sum(before for before, _ in pairs) or 1
    return psi([before / total for before, _ in pairs], [after for _, after in pairs])


@given(bins)
def test_the_index_is_never_below_zero_nor_infinite(pairs):
    assert 0 <= index(pairs) + 1e-12 < math.inf


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(sum), st.integers(1, 50))
def test_what_is_shared_out_as_expected_has_an_index_of_zero(counts, times):
    total = sum(counts)
    expected = [count / total for count in counts]

    assert psi(expected, [count * times for count in counts]) == pytest.approx(0, abs=1e-12)


@given(bins, st.randoms())
def test_the_order_of_the_bins_does_not_matter(pairs, random):
    mixed = random.sample(pairs, len(pairs))

    assert index(mixed) == pytest.approx(index(pairs), abs=1e-12)


@given(st.integers(20, 1000), st.integers(1, 400))
def test_the_further_from_the_expected_the_higher(total, moved):
    first, further = (total + moved, total), (total + 2 * moved, total)

    assert 0 < psi([0.5, 0.5], first) < psi([0.5, 0.5], further)


def test_a_number_falls_where_training_counted_it():
    """numpy's searchsorted, from the left: an edge belongs to the bin below it."""
    assert AMOUNT.counts([5, 10, 10.5, 20, 21, 999, None]) == (2, 2, 2, 0, 1)


def test_other_values_have_a_bin_and_so_has_none():
    assert STATE.counts(["CA", "CA", "NY", "TX", "FL", None]) == (2, 1, 2, 1)
    assert STATE.expected() == pytest.approx((0.6, 0.3, 0.1, 0.0))


def week(amounts, version="v2", score=0.1):
    return [
        Seen({"amount": amount, "state": "CA"}, {"Tradicional": (version, score)})
        for amount in amounts
    ]


def report(seen, limits=LIMITS):
    scores = Histogram(shares=(0.5, 0.5), missing=0.0, edges=(0.2,))
    reference = {"amount": AMOUNT, "state": STATE, "lenderPeers": AMOUNT}
    references = {"Tradicional": Reference("v2", reference, scores)}
    return compared(seen, references, {"amount", "state"}, limits)["Tradicional"]


def test_a_week_like_the_training_is_stable_and_another_has_drifted():
    like = report(week([5] * 25 + [15] * 25 + [30] * 40 + [None] * 10))["features"]["amount"]
    other = report(week([30] * 100))

    assert like == {"status": "STABLE", "decisions": 100, "psi": 0.0}
    assert other["features"]["amount"]["status"] == "DRIFTED"
    assert ("Tradicional", "amount", other["features"]["amount"]["psi"]) in drifted(
        {"Tradicional": other}
    )


def test_a_derived_feature_is_named_as_not_watched():
    assert report(week([5] * 20))["notWatched"] == ["lenderPeers"]


def test_too_few_decisions_are_told_and_drift_is_not():
    found = report(week([30] * 9))

    assert found["features"]["amount"] == {"status": "TOO_FEW", "decisions": 9}
    assert drifted({"Tradicional": found}) == []


def test_a_score_is_compared_with_those_of_its_own_version():
    found = report(week([5] * 50, version="v1") + week([5] * 12))["score"]

    assert found["decisions"] == 12


def test_a_model_that_did_not_answer_has_no_score_and_still_an_application():
    found = report([Seen({"amount": 5, "state": "CA"}, {})] * 20)

    assert (found["score"]["status"], found["score"]["decisions"]) == ("TOO_FEW", 0)
    assert found["features"]["amount"]["decisions"] == 20


def test_an_artifact_without_its_scores_histogram_says_so():
    found = compared(week([5] * 20), {"Tradicional": Reference("v2")}, {"amount"}, LIMITS)

    assert found["Tradicional"]["score"] == {"status": "NO_REFERENCE", "decisions": 20}


@given(st.lists(st.integers(1, 99), min_size=2, max_size=2).filter(lambda two: two[0] != two[1]))
def test_an_index_at_a_limit_is_not_beyond_it(two):
    seen = week([5] * two[0] + [30] * two[1])
    scores = Histogram(shares=(0.5, 0.5), missing=0.0, edges=(10.0,))
    references = {"Tradicional": Reference("v2", {"amount": scores})}
    index = psi(scores.expected(), scores.counts([one.application["amount"] for one in seen]))
    below = math.nextafter(index, 0)

    for watch, limit, status in (
        (index, index, "STABLE"),
        (below, index, "WATCH"),
        (below, below, "DRIFTED"),
    ):
        limits = Drift(psi_watch=watch, psi_limit=limit, fewest=1)
        found = compared(seen, references, {"amount"}, limits)["Tradicional"]["features"]["amount"]
        assert found == {"status": status, "decisions": sum(two), "psi": round(index, 4)}


def test_the_fewest_decisions_are_enough():
    found = report(week([5] * LIMITS.fewest))["features"]["amount"]

    assert found["decisions"] == LIMITS.fewest
    assert found["psi"] > 0


def test_the_index_adds_half_an_application_to_each_bin():
    """(8.5 - 5.5) / 11 * ln(8.5 / 5.5) + (2.5 - 5.5) / 11 * ln(2.5 / 5.5)"""
    by_hand = 3 / 11 * math.log(8.5 / 5.5) - 3 / 11 * math.log(2.5 / 5.5)

    assert psi([0.5, 0.5], [8, 2]) == pytest.approx(by_hand)


def test_shares_that_exceed_the_whole_by_rounding_leave_nothing_for_other_values():
    rounded = Histogram(shares=(0.7, 0.2), missing=0.1 + 1e-9, values=("a", "b"))

    assert rounded.expected() == (0.7, 0.2, 0.0, 0.1 + 1e-9)


def test_a_histogram_without_bins_counts_every_value_as_another():
    assert Histogram(shares=(), missing=0.5).counts(["a", 1, None]) == (2, 1)


def test_the_report_of_a_model_has_its_version_score_features_and_unwatched_names():
    found = report(week([30] * 100, score=0.9))

    assert [*found] == ["version", "score", "features", "notWatched"]
    assert found["version"] == "v2"
    assert [*found["features"]] == ["amount", "state"]
    assert found["score"]["status"] == "DRIFTED"
    assert drifted({"Tradicional": found}) == [
        ("Tradicional", "score", found["score"]["psi"]),
        ("Tradicional", "amount", found["features"]["amount"]["psi"]),
        ("Tradicional", "state", found["features"]["state"]["psi"]),
    ]


AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def log(*made, keys=None):
    """Decisions made at these times, as the table gives them: under their shards or these keys."""
    ids = [f"{int(at.timestamp() * 1000):012x}{number:020x}" for number, at in enumerate(made)]
    under = defaultdict(list)
    for one, at in sorted(zip(ids, made, strict=True)):
        day = at.date().isoformat()
        for key in keys(day) if keys else [key_of(day, one)]:
            decided = {"application": {"at": at}, "models": {}, "decisionBasis": "SCORE"}
            under[key].append({"predictionId": one, **decided})

    class Log:
        read = 0

        def made_under(self, key, first, last, page):
            for one in under[key]:
                if first <= one["predictionId"] <= last:
                    self.read += 1
                    yield one

    return Log()


def taken_at(made):
    """The times of the decisions that a report is made of."""
    return [one.application["at"] for one in spread(AT, made)]


def every(seconds, days=7):
    """A decision so often, for so many days before AT."""
    return [
        AT - timedelta(seconds=back) for back in range(0, int(days * 86400), seconds) if back > 0
    ]


def test_of_a_busy_week_a_part_of_every_hour_is_read_and_few_decisions_in_vain():
    busy = log(*every(20))
    taken = taken_at(busy)

    assert len({at.strftime("%d %H") for at in taken}) == 7 * 24 + 1
    assert 7 * A_DAY * 0.9 < len(taken) <= 8 * A_DAY
    assert busy.read < 8 * (A_DAY + 86400 / 20 / SHARDS * 1.5)


def test_a_part_of_a_busy_day_has_as_many_of_each_hour_as_the_day_has():
    made = [*every(60), *(AT.replace(hour=3, minute=0) + timedelta(seconds=n) for n in range(3000))]
    last_day = [at.hour for at in taken_at(log(*made)) if at.day == AT.day]
    taken = Counter(last_day)

    assert A_DAY * 0.8 < len(last_day) <= A_DAY
    assert taken[3] / len(last_day) == pytest.approx(3060 / (3000 + 9.5 * 60), abs=0.03)


def test_a_day_whose_shard_alone_is_too_much_is_read_some_of_every_hour():
    one_key = log(*every(20), keys=lambda day: [keys_of(day)[1]])
    taken = Counter(at.strftime("%d %H") for at in taken_at(one_key))

    assert len(taken) == 7 * 24 + 1
    assert 8 * A_DAY * 0.9 < sum(taken.values()) <= 8 * A_DAY


def test_an_hour_that_alone_is_too_much_is_read_as_far_as_its_share_goes():
    noon = AT.replace(hour=8, minute=0)
    made = [noon + timedelta(seconds=2 * n) for n in range(1400)]
    taken = list(spread(AT, log(*made, keys=lambda day: [day])))

    assert len(taken) == A_DAY


def test_the_limit_of_a_day_is_whole_and_one_more_is_a_sample():
    made = [AT - timedelta(seconds=10 * back) for back in range(1, A_DAY + 2)]

    assert len([*spread(AT, log(*made[1:], keys=lambda day: [day]))]) == A_DAY
    assert len([*spread(AT, log(*made, keys=lambda day: [day]))]) < A_DAY


def test_what_moves_between_two_keys_while_it_is_read_counts_once():
    made = every(600)

    assert len(list(spread(AT, log(*made, keys=lambda day: keys_of(day)[:2])))) == len(made)


def test_a_quiet_week_is_read_whole_and_nothing_twice():
    made = every(600)

    assert sorted(taken_at(log(*made))) == sorted(made)


def test_what_is_older_than_a_week_or_later_is_not_read():
    assert list(spread(AT, log(AT - timedelta(days=7.01), AT + timedelta(minutes=1)))) == []


def policy_of(bases: str, before: str | None = None, rules: str = "") -> dict:
    """Each letter is the basis of a decision; the same of the week before."""
    seen = [Seen({}, {}, basis, tuple(rules)) for basis in bases]
    then = (
        None if before is None else of_policy([Seen({}, {}, one) for one in before], None, LIMITS)
    )
    return of_policy(seen, then, LIMITS)


def test_what_decided_and_which_rules_fired_is_counted():
    found = policy_of("SSR", rules="RL")

    assert (found["bases"], found["rules"]) == ({"R": 1, "S": 2}, {"L": 3, "R": 3})
    assert found["status"] == "TOO_FEW"


@pytest.mark.parametrize(
    ("now", "before", "status"),
    [
        ("S" * 10, "S" * 10, "STABLE"),
        ("S" * 5 + "R" * 5, "S" * 10, "DRIFTED"),
        ("S" * 10, "S" * 9, "TOO_FEW"),
        ("S" * 9, "S" * 10, "TOO_FEW"),
        ("S" * 10, None, "TOO_FEW"),
    ],
)
def test_the_bases_of_a_week_are_compared_with_those_of_the_week_before(now, before, status):
    assert policy_of(now, before)["status"] == status
