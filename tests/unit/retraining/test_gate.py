"""The gate: every reason for a no, and none more for a better challenger or a looser limit."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.profile import Gate
from chalicelib.retraining.gate import Direction, Facts, Group, Interval, Measured, reasons

GATE = Gate(minimum_rows=1000, minimum_bads=50)
GOOD = Measured(auc=0.7, ks=0.3, brier=0.05, ece=0.01, slope=1.0, intercept=0.0)
EQUAL = Interval(value=0.0, low=-0.01, high=0.01)


def group(value: str, **changes: Any) -> Group:
    usual = {"rows": 500, "bads": 25, "approved": 0.6, "observed": 0.05, "expected": 0.05}
    return Group(value=value, **(usual | changes))


PASSING = Facts(
    rows=2000,
    bads=100,
    challenger=GOOD,
    champion=GOOD,
    auc_difference=EQUAL,
    ks_difference=EQUAL,
    score_psi=0.05,
    feature_csi={"size": 0.1, "place": 0.2},
    directions=(Direction("arrears", 1600, 0),),
    protected={"age": (group("to 30"), group("above 30"))},
    served_auc=GOOD.auc - 0.019,
)

BAD: list[tuple[dict[str, Any], str]] = [
    ({"rows": 999}, "rows"),
    ({"bads": 49}, "bads"),
    ({"challenger": msgspec.structs.replace(GOOD, auc=0.54)}, "AUC mínimo"),
    ({"challenger": msgspec.structs.replace(GOOD, ks=0.04)}, "KS mínimo"),
    ({"auc_difference": Interval(-0.01, -0.03, 0.01)}, "AUC contra el modelo en servicio"),
    ({"ks_difference": Interval(-0.02, -0.06, 0.01)}, "KS contra el modelo en servicio"),
    ({"challenger": msgspec.structs.replace(GOOD, ece=0.031)}, "calibración"),
    ({"challenger": msgspec.structs.replace(GOOD, slope=0.4)}, "pendiente de calibración"),
    ({"challenger": msgspec.structs.replace(GOOD, slope=2.1)}, "pendiente de calibración"),
    ({"served_auc": GOOD.auc - 0.021}, "AUC con sus tablas de pares"),
    ({"score_psi": 0.26}, "PSI del puntaje"),
    ({"feature_csi": {"size": 0.6, "place": 0.2}}, "CSI de size"),
    ({"directions": (Direction("arrears", 1600, 1),)}, "monotonía de arrears"),
    ({"protected": {"age": (group("a"), group("b", approved=0.4))}}, "aprobación por age"),
    ({"protected": {"age": (group("a", observed=0.11),)}}, "calibración de age a"),
]


def rules(facts: Facts, gate: Gate = GATE) -> list[str]:
    return [reason.rule for reason in reasons(facts, gate)]


def test_a_challenger_that_shows_all_may_pass():
    assert reasons(PASSING, GATE) == []


@pytest.mark.parametrize(("changes", "rule"), BAD, ids=lambda value: str(value)[:40])
def test_each_limit_is_a_reason_of_its_own(changes, rule):
    assert rules(msgspec.structs.replace(PASSING, **changes)) == [rule]


def judged(**changes: float) -> dict[str, Any]:
    return {"challenger": msgspec.structs.replace(GOOD, **changes), "served_auc": None}


# By limit: its rule, and facts that lie exactly at a value of it.
AT: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "minimum_rows": ("rows", lambda at: {"rows": at}),
    "minimum_bads": ("bads", lambda at: {"bads": at}),
    "minimum_auc": ("AUC mínimo", lambda at: judged(auc=at)),
    "minimum_ks": ("KS mínimo", lambda at: judged(ks=at)),
    "auc_margin": (
        "AUC contra el modelo en servicio",
        lambda at: {"auc_difference": Interval(-at, -at, 0.0)},
    ),
    "ks_margin": (
        "KS contra el modelo en servicio",
        lambda at: {"ks_difference": Interval(-at, -at, 0.0)},
    ),
    "served_margin": ("AUC con sus tablas de pares", lambda at: {"served_auc": GOOD.auc - at}),
    "maximum_ece": ("calibración", lambda at: judged(ece=at)),
    "minimum_slope": ("pendiente de calibración", lambda at: judged(slope=at)),
    "maximum_slope": ("pendiente de calibración", lambda at: judged(slope=at)),
    "maximum_psi": ("PSI del puntaje", lambda at: {"score_psi": at}),
    "maximum_csi": ("CSI de size", lambda at: {"feature_csi": {"size": at}}),
    "maximum_breaks": (
        "monotonía de arrears",
        lambda at: {"directions": (Direction("arrears", 1600, at),)},
    ),
    "minimum_approval_ratio": (
        "aprobación por age",
        lambda at: {"protected": {"age": (group("a", approved=1.0), group("b", approved=at))}},
    ),
    "maximum_group_gap": (
        "calibración de age a",
        lambda at: {"protected": {"age": (group("a", observed=at, expected=0.0),)}},
    ),
}


@pytest.mark.parametrize("limit", AT)
def test_a_fact_at_its_limit_passes_and_one_just_beyond_is_refused(limit):
    rule, facts_at = AT[limit]
    at = getattr(GATE, limit)
    step = 1 if isinstance(at, int) else 1e-9
    beyond = at - step if limit.startswith("minimum") else at + step

    assert rules(msgspec.structs.replace(PASSING, **facts_at(at))) == []
    assert rules(msgspec.structs.replace(PASSING, **facts_at(beyond))) == [rule]


def test_a_group_counts_from_its_fewest_rows_on():
    for rows, refused in ((GATE.minimum_group_rows, True), (GATE.minimum_group_rows - 1, False)):
        few = {"age": (group("a"), group("b", rows=rows, observed=1.0))}
        found = rules(msgspec.structs.replace(PASSING, protected=few))

        assert found == (["calibración de age b"] if refused else [])


def test_fewer_bads_in_a_group_than_expected_are_as_far_from_it_as_more():
    gap = GATE.maximum_group_gap
    at, beyond = ({"age": (group("a", observed=0.0, expected=e),)} for e in (gap, gap + 1e-9))

    assert rules(msgspec.structs.replace(PASSING, protected=at)) == []
    assert rules(msgspec.structs.replace(PASSING, protected=beyond)) == ["calibración de age a"]


def test_the_approval_ratio_is_of_the_lowest_rate_to_the_highest():
    rates = {"age": (group("a", approved=0.5), group("b", approved=0.45), group("c", approved=0.4))}
    passing = msgspec.structs.replace(PASSING, protected=rates)

    assert rules(passing) == []
    assert rules(passing, msgspec.structs.replace(GATE, minimum_approval_ratio=0.81)) == [
        "aprobación por age"
    ]


def test_every_reason_is_given_and_not_the_first():
    worst = msgspec.structs.replace(
        PASSING,
        rows=1,
        bads=0,
        challenger=Measured(auc=0.4, ks=0.0, brier=0.5, ece=0.4, slope=-1.0, intercept=2.0),
        auc_difference=Interval(-0.3, -0.4, -0.2),
        ks_difference=Interval(-0.3, -0.4, -0.2),
        score_psi=3.0,
        feature_csi={"size": 2.0},
        directions=(Direction("arrears", 10, 5),),
        protected={"age": (group("a"), group("b", approved=0.1, observed=0.5))},
        served_auc=0.3,
    )

    assert set(rules(worst)) == {rule for _, rule in BAD} - {"calibración de age a"} | {
        "calibración de age b"
    }


def test_a_first_model_has_absolute_limits_only():
    first = msgspec.structs.replace(PASSING, champion=None, auc_difference=None, ks_difference=None)

    assert reasons(first, GATE) == []
    weak = msgspec.structs.replace(GOOD, auc=0.54)
    assert rules(msgspec.structs.replace(first, challenger=weak)) == ["AUC mínimo"]


def test_a_group_that_is_too_small_shows_nothing():
    small = {"age": (group("a"), group("b", rows=99, approved=0.0, observed=1.0))}

    assert reasons(msgspec.structs.replace(PASSING, protected=small), GATE) == []


def test_a_difference_that_may_be_chance_is_no_reason():
    """Worse as measured, but not worse by more than the margin for certain."""
    apart = Interval(value=-0.015, low=-0.02, high=0.01)

    assert reasons(msgspec.structs.replace(PASSING, auc_difference=apart), GATE) == []


shares = st.floats(0, 1)
measured = st.builds(
    Measured,
    auc=shares,
    ks=shares,
    brier=shares,
    ece=shares,
    slope=st.floats(-1, 4),
    intercept=st.floats(-3, 3),
)
intervals = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(
    lambda three: Interval(value=sorted(three)[1], low=min(three), high=max(three))
)
groups = st.builds(
    Group,
    value=st.sampled_from("abc"),
    rows=st.integers(1, 400),
    bads=st.integers(0, 9),
    approved=shares,
    observed=shares,
    expected=shares,
)
facts = st.builds(
    Facts,
    rows=st.integers(0, 3000),
    bads=st.integers(0, 200),
    challenger=measured,
    champion=st.none() | measured,
    auc_difference=st.none() | intervals,
    ks_difference=st.none() | intervals,
    score_psi=st.floats(0, 2),
    feature_csi=st.dictionaries(st.sampled_from("xy"), st.floats(0, 2)),
    directions=st.lists(
        st.builds(
            Direction,
            feature=st.sampled_from("xy"),
            steps=st.just(10),
            broken=st.integers(0, 10),
        ),
        max_size=2,
    ).map(tuple),
    protected=st.dictionaries(st.sampled_from("pq"), st.lists(groups, max_size=3).map(tuple)),
    served_auc=st.none() | shares,
)
LOOSER_UPWARDS = {
    "auc_margin", "ks_margin", "served_margin", "maximum_ece", "maximum_slope", "maximum_psi",
    "maximum_csi", "maximum_breaks", "maximum_group_gap", "minimum_group_rows",
}  # fmt: skip
LIMITS = [
    *sorted(LOOSER_UPWARDS),
    "minimum_rows", "minimum_bads", "minimum_auc", "minimum_ks", "minimum_slope",
    "minimum_approval_ratio",
]  # fmt: skip


@given(facts, st.sampled_from(LIMITS), st.floats(0, 1))
def test_a_looser_limit_never_adds_a_reason(given_facts, limit, by):
    value = getattr(GATE, limit)
    looser = value * (1 + by) + by if limit in LOOSER_UPWARDS else value * (1 - by)
    loosened = msgspec.structs.replace(GATE, **{limit: looser})

    assert set(rules(given_facts, loosened)) <= set(rules(given_facts))


def better(found: Facts, by: float) -> dict[str, Any]:
    """Of each fact, one that is better or as good."""
    own = found.challenger
    nearer = 1 + (own.slope - 1) * (1 - by)
    return {
        "rows": found.rows + round(1000 * by),
        "bads": found.bads + round(100 * by),
        "challenger": msgspec.structs.replace(
            own, auc=own.auc + by, ks=own.ks + by, ece=own.ece * (1 - by), slope=nearer
        ),
        "auc_difference": found.auc_difference and raised(found.auc_difference, by),
        "ks_difference": found.ks_difference and raised(found.ks_difference, by),
        "score_psi": found.score_psi * (1 - by),
        "feature_csi": {name: shift * (1 - by) for name, shift in found.feature_csi.items()},
        "directions": tuple(
            msgspec.structs.replace(one, broken=int(one.broken * (1 - by)))
            for one in found.directions
        ),
        "protected": {
            name: tuple(
                msgspec.structs.replace(one, observed=one.observed * (1 - by) + one.expected * by)
                for one in groups
            )
            for name, groups in found.protected.items()
        },
    }


def raised(apart: Interval, by: float) -> Interval:
    return Interval(apart.value + by, apart.low + by, apart.high + by)


@given(facts, st.floats(0, 1), st.data())
def test_a_better_fact_never_adds_a_reason(given_facts, by, data):
    changes = better(given_facts, by)
    name = data.draw(st.sampled_from(sorted(changes)))
    served = given_facts.served_auc and given_facts.served_auc + 2 * by  # better by tables, too
    improved = msgspec.structs.replace(given_facts, served_auc=served, **{name: changes[name]})

    assert set(rules(improved)) <= set(rules(given_facts))


def test_facts_are_read_as_the_comparison_writes_them():
    written = msgspec.json.encode(PASSING)

    assert b'"aucDifference"' in written
    assert msgspec.json.decode(written, type=Facts) == PASSING


def test_a_direction_with_fewer_breaks_than_the_limit_passes():
    gate = msgspec.structs.replace(GATE, maximum_breaks=3)
    facts = msgspec.structs.replace(PASSING, directions=(Direction("arrears", 1600, 2),))

    assert rules(facts, gate) == []
