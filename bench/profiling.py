"""A request's time by package and function, sampled in the bank while clients ask it.

A sample is a thread that holds its interpreter's lock: in one process only one of them runs.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor

from bench.comparison import WORK, Run, place
from bench.report.measured import Measured
from bench.report.sampled_stacks import Shares, shares
from bench.rounds import WARM_UP_SHARE, Load, driven, serve
from bench.servers.environments import Environments
from infrastructure.project import ROOT

SAMPLES_A_SECOND = 500
MOST_FUNCTIONS = 60
STACKS = WORK / "stacks.txt"


class NotSampled(Exception):
    """A refusal of py-spy; the message is its own."""


def profiled(run: Run, load: Load) -> None:
    """Print shares of the processor time of a request. The stacks are left in build/."""
    Environments(WORK / "envs").make("profile")
    bank, question = run.contestants[0], run.questions[True]
    where = place(run.prepared, WORK / "runs" / "profile")
    with serve(bank, where, question.bodies[0]) as serving, ThreadPoolExecutor(1) as pool:
        driving = pool.submit(driven, serving, question, load.clients[0], load, 0)
        _record(run, serving.process.pid, load.seconds)
        measured = driving.result()[1]
    _print(shares(STACKS.read_text(), str(ROOT), MOST_FUNCTIONS), measured)


def _record(run: Run, pid: int, seconds: float) -> None:
    """Sample the process and those that it started. Raises NotSampled."""
    program = run.prepared.environments.programs("profile") / "py-spy"
    lasting = int(seconds * (1 + WARM_UP_SHARE))
    options = ["--format", "raw", "--full-filenames", "--subprocesses", "--nonblocking", "--gil"]
    limits = ["--rate", str(SAMPLES_A_SECOND), "--duration", str(lasting)]
    command = [
        str(program),
        "record",
        "--pid",
        str(pid),
        *options,
        *limits,
        "--output",
        str(STACKS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotSampled(f"{done.stderr.strip()[-500:]} (py-spy needs root, or ptrace_scope 0)")


def _print(found: Shares, measured: Measured) -> None:
    """Print shares, and what they are of the processor time that the kernel counted a request."""
    print(measured.shown())
    for title, rows in (
        ("the package that ran, the standard library as part of who called it", found.packages),
        ("a function with all that it calls", found.functions),
    ):
        print(f"\n share  ms a request  {title}")
        for name, share in rows:
            print(f"{share:6.1%}  {share * measured.figures.cpu:12.2f}  {name}")
    print(f"\n{found.samples:,} samples: {STACKS.relative_to(ROOT)}, for any flame graph")
