"""A job's script takes what the bank leaves of the processors: on AWS it has its own."""

import os
import sys
from pathlib import Path

from localcloud.services.sagemaker_jobs.script_process import ScriptProcess

PRINT = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"


def test_a_script_is_nicer_than_the_bank(tmp_path: Path) -> None:
    ran = ScriptProcess("a").run([sys.executable, "-c", PRINT], tmp_path, os.environ, 60)

    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert ran.lines == [str(min(ours + 5, 19))]
