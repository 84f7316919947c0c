"""With the API key alone no decision of a retrained bank moves. The drill's smallest form: in a
process of its own, for it opens banks beside the one of these tests. `make drill-poisoning` is the
whole."""

import subprocess
import sys

from tests.drills.poisoning import lenient_copy

PATIENCE_SECONDS = 900


def test_no_decision_of_the_victim_or_the_invented_lender_moves(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.drills.poisoning", "small", "here"],
        cwd=lenient_copy(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "victim defaulted 200" in done.stdout
    assert "bad paid 200" in done.stdout
    assert "No decision and no verdict differs." in done.stdout
