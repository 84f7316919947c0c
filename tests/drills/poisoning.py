"""Poisoning with the API key alone, up to the decisions: python -m tests.drills.poisoning [size]

A bank trains, and decides honest applications. Then it is the control: it gets an honest file of
outcomes and one updateData. Copies of it, made before, get the same after an attack. The artifacts
that answer in each then decide the same applications, group by group, and the decisions are
compared. The first of each group is asked of the API, too.

An attack's decisions are dated back, by turns to 2005-08 and to 2002-08. A training that trusts
them learns from the outcomes of 2005; those of 2002 matured in 2005-08 and move a peer's rate.

`full` takes the whole register. `sample` and `small` take its sample, too small for the gate: they
run in a copy of the bank with wider limits, so that challengers arrive. The limit of peer_flips.py
stays. The drill fails if a decision differs, a verdict does, or no challenger arrives.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean
from typing import Any

import boto3
import msgspec
import pandas as pd
import requests
from rich.console import Console

from bank.api import serving_api
from bank.embedded_bank import Bank, open_bank
from bank.first_run import body_of, bring
from bank.kept_files import outcome_files
from chalicelib import profile
from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.day_index import key_of
from chalicelib.decisions.decision import weigh
from chalicelib.scoring.branch_results import Scored
from datasets import Case, Dataset
from datasets.sba import SAMPLE, TEST_FROM, TEST_TO, dataset, dataset_of
from infrastructure.first_models.first_model_steps import scheduled_event
from infrastructure.project import ROOT
from training.batch_scoring import artifact_folder
from training.serving import inference
from workbench.file_scoring import deployed_models

API_KEY, STAGE = "the-key-of-the-drill", "dev"
INVENTED = "BANK OF NOWHERE"
LEARNT_FROM = date(2005, 8, 15)  # in the window of a training that ends with the register's 2006-03
IN_RATES = date(2002, 8, 15)  # matured three years later, and approved in the last peer_months
LONG_AGO = (LEARNT_FROM, IN_RATES)
CLIENTS, ATTEMPTS, TIMEOUT_SECONDS = 4, 5, 60
RETRAINING_SECONDS, DEPLOY_SECONDS = 1800, 120
EDGE = "at the cut-off"
WIDER = {"minimum_rows": 100, "minimum_bads": 10, "auc_margin": 0.3, "ks_margin": 0.5,
         "served_margin": 0.5, "maximum_ece": 0.3, "minimum_slope": 0.0, "maximum_slope": 9.0,
         "maximum_psi": 9.0, "maximum_csi": 9.0, "maximum_group_gap": 0.5,
         "minimum_approval_ratio": 0.1}  # fmt: skip
LEFT_OUT = shutil.ignore_patterns(
    ".venv*", ".git", ".localcloud", "build", "__pycache__", ".*cache"
)
SHARE = 3  # the small drill takes every third loan: older ones are needed for rates of peers
BIG_LENDERS, BIG_SINCE = 30, pd.Timestamp("2000-07-01")

Answer = dict[str, Any]
Decisions = dict[str, list[Answer]]  # by group
Report = tuple[str, str, int]  # group, outcome, how many


@dataclass(frozen=True)
class Plan:
    """How large the drill is."""

    loans: Dataset
    group: int  # applications
    honest: int  # applications decided before any attack
    attacks: Mapping[str, Sequence[Report]]
    runs: Sequence[Sequence[date]]  # each with the days of its decisions; none: today
    before: bool = True  # decide before the retraining, too: to be seen, not compared


@dataclass(frozen=True)
class Ended:
    """A copy of the bank after its updateData."""

    verdicts: dict[str, str]  # by model, with the reasons of a no
    decisions: Decisions
    manifest: dict[str, Any]


class Caller:
    """A holder of the API key, who has nothing else."""

    def __init__(self, url: str) -> None:
        self._url = url

    def decide(self, body: dict[str, Any]) -> Answer:
        """Ask again while a model is silent: a slow machine is no finding, a refusal is."""
        for _ in range(ATTEMPTS):
            answer = self._post("/predict", body)
            assert not 400 <= answer.status_code < 500, answer.text
            if answer.status_code == 200 and not answer.json().get("partial"):
                found: Answer = answer.json()
                return found
        raise AssertionError(f"no full answer in {ATTEMPTS} attempts: {answer.text}")

    def report(self, decided: Answer, outcome: str, day: date) -> int:
        said = {"outcome": outcome, "when": day.isoformat(), "granted": day.isoformat()}
        place = f"/predictions/{decided['clientId']}/{decided['predictionId']}/outcome"
        return self._post(place, said).status_code

    def _post(self, path: str, body: dict[str, Any]) -> requests.Response:
        headers = {"x-api-key": API_KEY}
        return requests.post(self._url + path, json=body, headers=headers, timeout=TIMEOUT_SECONDS)


def run(plan: Plan, work: Path, console: Console) -> Iterator[tuple[str, Decisions, Ended, Ended]]:
    """Yield each attack with the decisions before, of the control, and of the attacked bank."""
    cases = list(islice(plan.loans.cases(), plan.honest + 2 * plan.group))
    reported = {group for reports in plan.attacks.values() for group, _, _ in reports}
    chosen = chosen_lenders(plan.loans.snapshot())
    lenders = {group: lender for group, lender in chosen.items() if group in reported}
    groups = groups_of(cases[plan.honest : plan.honest + plan.group], lenders)
    used = cases[plan.honest + plan.group :]
    console.print(f"lenders: {lenders}")
    for number, days in enumerate(plan.runs):
        base, of = work / f"base-{number}", str(days[0]) if days else "today"
        copies = {name: work / f"copy-{number}-{at}" for at, name in enumerate(plan.attacks)}
        with _opened(base) as (bank, caller):
            honest = _begin(bank, caller, plan, cases[: plan.honest], days[:1], console)
            before = _decided(caller, groups) if plan.before else {}
            for copy in copies.values():  # what a kill -9 would leave, which opens
                shutil.copytree(base, copy)
            control = _ended(bank, caller, honest, groups)
        console.print(f"{of}: control {control.verdicts}")
        for name, reports in plan.attacks.items():
            with _opened(copies[name]) as (bank, caller):
                bank.cloud.idle(RETRAINING_SECONDS)
                taken = _attack(bank, caller, reports, used, lenders, days)
                attacked = _ended(bank, caller, honest, groups)
            console.print(f"{name}: reports {dict(taken)}; {attacked.verdicts}")
            yield f"{name}, decided {of}", before, control, attacked


def chosen_lenders(loans: pd.DataFrame) -> dict[str, str]:
    """Return the lender of each group: of the big ones, that with the fewest and the most bads."""
    recent = loans[loans["approvalDate"] >= BIG_SINCE].dropna(subset=["defaulted"])
    rates = recent.groupby("lender")["defaulted"].agg(["size", "mean"])
    big = rates.nlargest(BIG_LENDERS, "size")["mean"].astype(float)
    return {"invented": INVENTED, "victim": str(big.idxmin()), "bad": str(big.idxmax())}


def groups_of(cases: Sequence[Case], lenders: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the same applications as brought by each lender, and as they are."""
    found = {
        group: [_brought_by(case, lender, f"{group}-{n}") for n, case in enumerate(cases)]
        for group, lender in lenders.items()
    }
    return found | {"the rest": [body_of(case) for case in cases]}


def moved(one: Sequence[Answer], other: Sequence[Answer]) -> int:
    pairs = zip(one, other, strict=True)
    return sum(before["decision"] != after["decision"] for before, after in pairs)


def score_moved(one: Sequence[Answer], other: Sequence[Answer]) -> float:
    pairs = zip(one, other, strict=True)
    return fmean(after["score"] - before["score"] for before, after in pairs)


def _brought_by(case: Case, lender: str, client: str) -> dict[str, Any]:
    application = {k: v for k, v in case["application"].items() if k != "franchise"}
    return body_of(case) | {"clientId": client, "application": application | {"lender": lender}}


def _begin(
    bank: Bank,
    caller: Caller,
    plan: Plan,
    cases: Sequence[Case],
    days: Sequence[date],
    console: Console,
) -> dict[str, str]:
    """Train the first models and decide what is honest. Return the honest files."""
    bring(bank, plan.loans, console)
    bank.cloud.idle(RETRAINING_SECONDS)
    _date_back(bank, [caller.decide(body_of(case)) for case in cases], days)
    table = bank.settings.predictions_table
    pages = [*boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)]
    ours = outcome_files.of_decisions(plan.loans, pages, datetime.now(UTC).date())
    loans = outcome_files.of_loans(plan.loans, f"{TEST_FROM:%Y-%m}", f"{TEST_TO:%Y-%m}")
    return {"loans.csv": loans, "decisions.csv": ours}


def _attack(
    bank: Bank,
    caller: Caller,
    reports: Sequence[Report],
    cases: Sequence[Case],
    lenders: Mapping[str, str],
    days: Sequence[date],
) -> Counter[str]:
    """Apply for a lender, and report outcomes. Return the answers' statuses by group."""
    taken: Counter[str] = Counter()
    for group, outcome, count in reports:
        if group == EDGE:
            chosen = [_at_the_cut_off(caller, cases)["application"]]
        else:
            chosen = [_brought_by(case, lenders[group], "")["application"] for case in cases]
        client = f"attacker-{group.replace(' ', '-')}"
        bodies = [
            body_of(cases[0])
            | {"clientId": f"{client}-{n}", "application": chosen[n % len(chosen)]}
            for n in range(count)
        ]
        with ThreadPoolExecutor(CLIENTS) as pool:
            decided = list(pool.map(caller.decide, bodies))
        dated = _date_back(bank, decided, days)
        for one, when in dated if outcome else ():
            taken[f"{group} {outcome} {caller.report(one, outcome, when)}"] += 1
    return taken


def _at_the_cut_off(caller: Caller, cases: Sequence[Case]) -> dict[str, Any]:
    """Return an application that is approved by the fewest points: the next model may turn it."""
    bodies = [body_of(case) | {"clientId": f"attacker-looks-{n}"} for n, case in enumerate(cases)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        scores = [(one["score"] - one["cutOffs"]["approveFrom"], n)
                  for n, one in enumerate(pool.map(caller.decide, bodies))
                  if one["decision"] == "APPROVE"]  # fmt: skip
    return bodies[min(scores)[1]]


def _date_back(
    bank: Bank, decided: Sequence[Answer], days: Sequence[date]
) -> list[tuple[Answer, date]]:
    """Give these decisions the days by turns: the wait for years that a drill does not have."""
    table = boto3.resource("dynamodb").Table(bank.settings.predictions_table)
    dated = list(zip(decided, cycle(days or [datetime.now(UTC).date()])))
    for one, day in dated if days else ():
        key = {name: one[name] for name in ("clientId", "predictionId")}
        item = table.get_item(Key=key, ConsistentRead=True)["Item"]
        at = f"{day}{str(item['createdAt'])[10:]}"
        index = key_of(str(day), str(item["predictionId"]))
        table.put_item(Item={**item, "createdAt": at, "day": index})
    return dated


def _ended(
    bank: Bank, caller: Caller, files: Mapping[str, str], groups: Mapping[str, list[dict[str, Any]]]
) -> Ended:
    s3, states = boto3.client("s3"), boto3.client("stepfunctions")
    for name, body in files.items():
        key = f"credit/newData/{name}"
        s3.put_object(Bucket=bank.settings.data_bucket, Key=key, Body=body.encode())
    at = datetime.now(UTC) + timedelta(minutes=1)
    answer = boto3.client("lambda").invoke(
        FunctionName=bank.settings.function("updateData"), Payload=json.dumps(scheduled_event(at))
    )
    done = json.load(answer["Payload"])
    assert done.get("done") == "started", done
    bank.cloud.idle(RETRAINING_SECONDS)
    machine = bank.settings.retraining_machine_arn("123456789012")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{done['execution']}"
    described = states.describe_execution(executionArn=arn)
    assert described["status"] == "SUCCEEDED", described
    ended = json.loads(described["output"])["models"]
    verdicts = {one["model"]: " ".join([one["verdict"], *one["reasons"]]) for one in ended}
    version = at.strftime("%Y%m%dT%H%M%S")
    place = f"credit/snapshots/{version}/manifest.json"
    manifest = json.load(s3.get_object(Bucket=bank.settings.data_bucket, Key=place)["Body"])
    promoted = {one["model"] for one in ended if one["verdict"] == "promoted"}
    _wait_until_live(bank, caller, groups, dict.fromkeys(promoted, version))
    return Ended(verdicts, _decided(caller, groups), manifest)


def _wait_until_live(
    bank: Bank, caller: Caller, groups: Mapping[str, list[dict[str, Any]]], wanted: dict[str, str]
) -> None:
    """Raises AssertionError, with the last notices, if a promoted model does not answer."""
    body = next(iter(groups.values()))[0]
    until = time.monotonic() + DEPLOY_SECONDS
    while True:
        said = caller.decide(body)["models"]
        if {name: said[name]["version"] for name in wanted} == wanted:
            return
        assert time.monotonic() < until, [one.subject for one in bank.cloud.notices[-9:]]
        time.sleep(1)


def _decided(caller: Caller, groups: Mapping[str, list[dict[str, Any]]]) -> Decisions:
    """Decide the groups by the artifacts that answer, and the first of each by the API, too."""
    bank = profile.load()
    with tempfile.TemporaryDirectory(prefix="answering-") as folder:
        models = {}
        for path in deployed_models.download(STAGE, bank, Path(folder)):
            with artifact_folder.opened(path) as artifact:
                model = inference.model_fn(str(artifact))
                models[model.name] = model
    found = {
        group: [_weighed(body, models, bank) for body in bodies] for group, bodies in groups.items()
    }
    for group, bodies in groups.items():
        asked = caller.decide(bodies[0])
        same = {name: found[group][0][name] for name in ("decision", "score")}
        assert same == {name: asked[name] for name in same}, (group, asked)
    return found


def _weighed(
    body: dict[str, Any], models: Mapping[str, inference.Model], bank: profile.Profile
) -> Answer:
    sent = CreditApplication.from_payload(body, bank).values
    answers: dict[str, Any] = {
        name: msgspec.convert({**inference.predict_fn(sent, model), "status": "OK"}, Scored)
        for name, model in models.items()
    }
    return weigh(sent, answers, bank.policy)


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Bank, Caller]]:
    with open_bank(folder) as bank, serving_api(bank, API_KEY, 0) as port:
        yield bank, Caller(f"http://127.0.0.1:{port}")


FEW: Sequence[Report] = (("invented", "paid", 6), ("victim", "defaulted", 60))
ATTACKS: dict[str, Sequence[Report]] = {
    "6 paid, 60 defaulted": FEW,
    "300 of each": (
        ("invented", "paid", 300),
        ("victim", "defaulted", 300),
        ("bad", "paid", 300),
    ),
    "120 applications at the cut-off": ((EDGE, "", 120),),
}


def planned(size: str, console: Console) -> Plan:
    if size == "full":
        return Plan(dataset(console), 200, 200, ATTACKS, (LONG_AGO,))
    register = pd.read_parquet(SAMPLE)
    loans = dataset_of(register if size == "sample" else register.iloc[::SHARE])
    if size == "sample":
        return Plan(loans, 200, 60, ATTACKS, (LONG_AGO, ()))
    reports: Sequence[Report] = (*FEW, ("bad", "paid", 20))
    return Plan(loans, 200, 8, {"6 and 20 paid, 60 defaulted": reports}, (LONG_AGO,), before=False)


def drilled(size: str, console: Console) -> list[str]:
    """Print what became of each group. Return what an attack has changed."""
    faults = []
    with tempfile.TemporaryDirectory(prefix="poisoning-") as work:
        for name, before, control, attacked in run(planned(size, console), Path(work), console):
            print(f"\n{name}: APPROVE/REVIEW/DECLINE")
            print(
                f"{'':<10}{'before':>15}{'control':>15}{'attacked':>15}{'differ':>10}{'score':>12}"
            )
            for group in control.decisions:
                print(_line(group, before, control.decisions, attacked.decisions), flush=True)
                if differ := moved(control.decisions[group], attacked.decisions[group]):
                    faults.append(f"{name}: {differ} decisions of {group} differ")
            if control.verdicts != attacked.verdicts:
                faults.append(f"{name}: {attacked.verdicts}, without it {control.verdicts}")
            if "promoted" not in control.verdicts.values():
                faults.append(f"{name}: no challenger arrived, so nothing is shown")
    return faults


def lenient_copy(folder: Path) -> Path:
    """Return a copy of the bank whose gate lets challengers of a sample pass."""
    copy = folder / "bank"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    profile = copy / "chalicelib" / "credit.toml"
    text = profile.read_text(encoding="utf-8")
    for name, limit in WIDER.items():
        text, count = re.subn(rf"^{name} = \S+", f"{name} = {limit}", text, flags=re.MULTILINE)
        assert count == 1, name
    # Fewer trees are as good as many here, and trained sooner.
    text = re.sub(r"num_iterations = \d+", "num_iterations = 40", text)
    profile.write_text(text, encoding="utf-8")
    return copy


def _line(group: str, before: Decisions, control: Decisions, attacked: Decisions) -> str:
    kinds = [Counter(one["decision"] for one in found.get(group, []))
             for found in (before, control, attacked)]  # fmt: skip
    shown = (
        "/".join(str(kind[name]) for name in ("APPROVE", "REVIEW", "DECLINE")) for kind in kinds
    )
    counts = "".join(f"{one:>15}" for one in shown)
    differ = moved(control[group], attacked[group])
    by = score_moved(control[group], attacked[group])
    return f"{group:<10}{counts}{differ:>10}{by:>12.2f}"


def main(arguments: Sequence[str]) -> int:
    size = arguments[0] if arguments else "full"
    if size != "full" and "here" not in arguments:
        command = [sys.executable, "-m", "tests.drills.poisoning", size, "here"]
        with tempfile.TemporaryDirectory(prefix="poisoning-") as work:
            copy = lenient_copy(Path(work))
            return subprocess.run(command, cwd=copy, check=False).returncode
    faults = drilled(size, Console(soft_wrap=True, highlight=False))
    print("\n".join(faults) or "No decision and no verdict differs.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
