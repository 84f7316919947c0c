from types import SimpleNamespace

from infrastructure.account import batch_note
from infrastructure.account.cost import Tariff
from infrastructure.project import ROOT

USUAL = SimpleNamespace(**{name: row["value"] for name, row in batch_note.assumptions().items()})


def given(**other) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(USUAL), **other})


def test_the_page_is_as_the_command_writes_it():
    written = (ROOT / "docs" / "batches.md").read_text(encoding="utf-8")

    assert batch_note.page(written) == written


def test_what_dynamodb_takes_bounds_the_rate():
    a_minute = (USUAL.first_units_a_second - USUAL.units_for_the_day) / USUAL.write_units * 60

    assert batch_note.storing_seconds(given(rows=0.99 * a_minute), offered=1e9) == 60
    assert batch_note.storing_seconds(given(rows=1.01 * a_minute), offered=1e9) == 120
    first = batch_note.storing_seconds(given(rows=1_000_000), offered=1e9)
    assert first < batch_note.storing_seconds(given(rows=1_000_000), offered=100)
    most = (USUAL.most_units_a_second - USUAL.units_for_the_day) / USUAL.write_units
    long = batch_note.storing_seconds(given(rows=1e9), offered=1e9)
    assert long > 1e9 / most


def test_the_writes_are_most_of_the_cost_of_either_design():
    for design in batch_note.estimates(Tariff(), USUAL):
        assert design.usd["DynamoDB writes"] > 0.9 * sum(design.usd.values())
