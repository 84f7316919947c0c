"""A process that reads the bank's loans: their hundreds of megabytes end with it.

It answers on its standard output: first the application that is shown, then the snapshot, if a
line asks for it. The end of its input, and so of its parent, is its own.
"""

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, Any, Self

from rich.console import Console

from bank.kept_files.remembered_data import remembered_dataset, shown_case
from datasets import Case, Dataset, FirstSnapshot, UnreadableData
from infrastructure.project import ROOT


class LoanProcess:
    """Loans of a bank's folder, as another process reads them. It starts at once."""

    def __init__(self, folder: Path) -> None:
        self._process: Popen[bytes] = Popen(
            [sys.executable, "-m", "bank.kept_files.loan_process", str(folder)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=PIPE,
            stdout=PIPE,
            process_group=0,  # Ctrl-C is for the parent, which ends this one
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def shown_case(self) -> Case:
        """Return the first application that no model has seen, once.

        Raises what remembered_dataset and shown_case raise.
        """
        case: Case = self._answer()
        return case

    def first_snapshot(self) -> FirstSnapshot:
        assert self._process.stdin
        self._process.stdin.write(b"snapshot\n")
        self._process.stdin.flush()
        snapshot: FirstSnapshot = self._answer()
        return snapshot

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            pipe.close()
        self._process.terminate()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout
        try:
            answer, fault = pickle.load(self._process.stdout)  # noqa: S301 - our own module wrote it
        except EOFError:
            raise UnreadableData(
                "The process that reads the loans ended, with status "
                f"{self._process.wait()}. Is there enough memory? Start again."
            ) from None
        if fault:
            raise fault
        return answer


def _serve(folder: Path, asked: IO[str], answers: IO[bytes]) -> None:
    loans: list[Dataset] = []

    def case() -> Case:
        loans.append(remembered_dataset(folder, Console(stderr=True)))
        return shown_case(loans[0], 0)

    _send(case, answers)
    for _ in asked:
        _send(loans[0].first_snapshot, answers)


def _send(answer: Callable[[], object], answers: IO[bytes]) -> None:
    try:
        pair: tuple[object, Exception | None] = answer(), None
    except Exception as fault:  # noqa: BLE001 - it is raised where the parent waits
        pair = None, fault
    pickle.dump(pair, answers)
    answers.flush()


def main() -> None:
    """Answer until the parent ends, which may be at any moment."""
    try:
        _serve(Path(sys.argv[1]), sys.stdin, sys.stdout.buffer)
    except BrokenPipeError:  # Python itself would flush what is left, and say so
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
