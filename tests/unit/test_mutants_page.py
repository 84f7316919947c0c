"""The page of the mutants: each module's row says when it was tested, and on which commit."""

from tests.mutants.mutants_page import BEGIN, END, ModuleResults, Mutant, page

PATHS = {"gate": "chalicelib/gate.py", "decision": "chalicelib/decision.py"}
KILLED = Mutant(1, "a > b", "core/Gt_GtE", "+a >= b", killed=True)


def page_with(page_before, name, at):
    text, open_ones = page(page_before, PATHS, {name: ModuleResults([KILLED], at, "abc1234")}, {})
    assert open_ones == []
    return text


def test_a_module_that_a_run_leaves_out_keeps_its_row_and_its_date():
    before = page_with(f"{BEGIN}{END}", "gate", "2026-11-29 10:00")

    after = page_with(before, "decision", "2026-11-30 12:00")

    assert "| `chalicelib/gate.py` | 1 | 1 | 0 | 0 | 100.0% | 2026-11-29 10:00 | abc1234 |" in after
    assert "| 100.0% | 2026-11-30 12:00 | abc1234 |" in after
