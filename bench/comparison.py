"""A run: what is needed first, then all rounds. A peer that fails is left out, with its reason."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.preparation import questions, train
from bench.report.machine import described
from bench.report.measured import Measured
from bench.report.performance_page import Results
from bench.rounds import Load, Question, WrongAnswer, measure, ordered
from bench.servers.contestants import OURS, Contestant, Place, Prepared
from bench.servers.environments import Environments, NotInstalled
from bench.servers.server_process import NotServing, free_ports
from datasets import sba
from infrastructure.project import ROOT

WORK = ROOT / "build" / "bench-peers"


@dataclass(frozen=True)
class Run:
    contestants: list[Contestant]
    prepared: Prepared
    questions: dict[bool, Question]  # of the bank's contestants, and of the peers
    missing: dict[str, str]  # why a contestant is not measured, by its name


def prepared_run(chosen: Sequence[Contestant], console: Console, *, reuse: bool) -> Run:
    """Make the environments, train the models, and compute the expected answers."""
    environments = Environments(WORK / "envs")
    missing = _missing(environments, chosen, console)
    folders = (WORK / name for name in ("bank", "artifacts", "pipelines"))
    prepared = Prepared(environments, *folders)
    dataset = sba.dataset(console)
    if not (reuse and all(one.exists() for one in prepared.folders)):
        train(prepared, chosen[0], dataset, console)
    shutil.rmtree(WORK / "runs", ignore_errors=True)
    installed = [one for one in chosen if one.name not in missing]
    return Run(installed, prepared, questions(prepared, dataset), missing)


def _missing(
    environments: Environments, chosen: Sequence[Contestant], console: Console
) -> dict[str, str]:
    """Make the environments. Return the reasons of those that pip could not install."""
    environments.make("load")  # without it nothing can be measured
    missing = {}
    for one in chosen:
        with console.status(f"Installing {one.label} (a minute, once)"):
            try:
                if one.environment and environments.make(one.environment):
                    console.print(f"Installed {one.label}")
            except NotInstalled as fault:
                missing[one.name] = f"pip cannot install it here: {fault}"
    return missing


def compared(run: Run, load: Load, console: Console) -> Iterator[Results]:
    """Yield the results after each round. Raises WrongAnswer or NotServing if it is the bank's."""
    began, machine = datetime.now(UTC), described()
    measured: list[Measured] = []
    for number in range(load.rounds):
        for contestant in ordered(run.contestants, number):
            if contestant.name in run.missing:
                continue
            where = f"Round {number + 1} of {load.rounds}: {contestant.label}"
            with console.status(where):
                _measure(run, contestant, load, number, measured, console)
        yield Results(
            began=f"{began:%Y-%m-%d %H:%M} UTC",
            machine=machine,
            rounds=number + 1,
            seconds=load.seconds,
            missing=run.missing,
            measured=measured,
        )


def _measure(
    run: Run,
    contestant: Contestant,
    load: Load,
    number: int,
    measured: list[Measured],
    console: Console,
) -> None:
    folder = WORK / "runs" / f"{number}-{contestant.name}"

    def report(one: Measured) -> None:
        measured.append(one)
        console.print(f"{number + 1}  {contestant.label:30} {one.shown()}")

    try:
        question = run.questions[contestant.is_of_the_bank]
        measure(contestant, place(run.prepared, folder), question, load, report)
    except (NotServing, WrongAnswer) as fault:
        if contestant.name == OURS:
            raise
        console.print(f"{contestant.label} is left out: {fault}", markup=False)
        run.missing[contestant.name] = str(fault)
        measured[:] = [one for one in measured if one.name != contestant.name]
    shutil.rmtree(folder, ignore_errors=True)


def place(prepared: Prepared, folder: Path) -> Place:
    return Place(free_ports(3)[0], folder, prepared)
