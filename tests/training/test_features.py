import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.serving.features import derive, derive_columns, direction, joined_keys, usual
from training.validation import measures

RULES = {
    "amountPerEmployee": {"ratio": ["amount", "employees"]},
    "sector": {"prefix": "naics", "length": 2},
    "lenderSectorPeers": {"peers": ["lender", "sector"]},
}
TABLES = {"lenderSectorPeers": {"FIFTH THIRD BANK|72": 0.31, "ZIONS BANK|45": -1.2}}

applications = st.fixed_dictionaries(
    {
        "amount": st.none() | st.floats(100, 5e6),
        "employees": st.none() | st.integers(0, 10_000),
        "naics": st.none() | st.sampled_from(["722110", "451120", "621210"]),
        "lender": st.none() | st.sampled_from(["FIFTH THIRD BANK", "ZIONS BANK", "BANCO NUEVO"]),
    }
)


@settings(max_examples=50, deadline=None)
@given(st.lists(applications, min_size=1, max_size=8))
def test_one_application_and_a_table_have_the_same_features(rows):
    frame = pd.DataFrame(rows).astype({"amount": float, "employees": float})
    frame = frame.astype({"naics": object, "lender": object})
    table = derive_columns(frame, {n: r for n, r in RULES.items() if "peers" not in r})
    keys = joined_keys(table, ["lender", "sector"])
    known = keys.map(TABLES["lenderSectorPeers"]).astype(float).fillna(0.0)
    table["lenderSectorPeers"] = known.mask(keys.isna())
    for row, (_, columns) in zip(rows, table.iterrows(), strict=True):
        one = derive(row, RULES, TABLES)
        for name in RULES:
            assert one[name] == columns[name] or (one[name] is None and pd.isna(columns[name]))


def test_a_ratio_over_nothing_is_missing():
    assert derive({"amount": 9_000, "employees": 0}, RULES, TABLES)["amountPerEmployee"] is None


def test_a_lender_nobody_knows_is_like_the_portfolio():
    row = derive({"lender": "BANCO NUEVO", "naics": "722110"}, RULES, TABLES)
    assert row["lenderSectorPeers"] == 0.0


def test_peers_of_an_unknown_sector_are_missing():
    assert derive({"lender": "ZIONS BANK"}, RULES, TABLES)["lenderSectorPeers"] is None


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1, max_size=200))
def test_the_usual_number_is_the_median_of_the_loans_learnt_from(values):
    column = pd.Series(values, dtype=float)
    found = usual(measures.histogram(column))
    known = column.dropna().sort_values().tolist()

    if not known:
        assert found is None
        return
    below = sum(value <= found for value in known) / len(known)
    assert below >= 0.5 - 1e-4
    assert found == pytest.approx(column.median(), abs=max(known) - min(known))


@given(st.integers(1, 50), st.integers(0, 50))
def test_the_usual_text_is_the_commonest(common, missing):
    column = pd.Series(["TX"] * common + ["CA"] * (common - 1) + [None] * missing, dtype=object)

    assert usual(measures.histogram(column)) == "TX"


@pytest.mark.parametrize(
    ("value", "middle", "side"),
    [(5, 5.0, None), (5.1, 5, "ABOVE"), (4.9, 5, "BELOW"), (None, 5, "MISSING"), ("a", "a", None),
     ("b", "a", "OTHER"), (5, None, None)],
)  # fmt: skip
def test_a_values_side_is_pinned_at_the_usual(value, middle, side):
    assert direction(value, middle) == side
