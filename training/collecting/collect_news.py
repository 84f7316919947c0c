"""News since a snapshot: rows of files, and outcomes of decisions."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from chalicelib.decisions.outcome_rules import (
    DECLINED,
    LIMITED,
    NOT_GRANTED,
    UNTRUSTED,
    loan_fault,
    of_file,
    recorded_source,
    trust_of,
)
from training.collecting import new_data
from training.collecting.collect_job import NEW_DATA, Facts, Job
from training.collecting.collect_parts import Earlier
from training.collecting.csv_rows import Wrong
from training.snapshots import labels
from training.snapshots.counting import WITHHELD_CLIENT
from training.snapshots.settling import earlier_loans, settled

NO_LOAN = {
    DECLINED: "the application was declined, so there is no loan",
    NOT_GRANTED: "a person decided: granted must say on which day the loan was granted",
}


@dataclass
class News:
    loans: list[pd.DataFrame] = field(default_factory=list)
    decisions: set[tuple[str, str]] = field(default_factory=set)  # client and prediction
    sources: list[Facts] = field(default_factory=list)
    files: list[Facts] = field(default_factory=list)
    wrong: list[Facts] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)  # unconfirmed, contradictions, …


def news_since(job: Job, earlier: Earlier) -> News:
    news = News(decisions=job.log.decisions_with_outcomes(earlier.since))
    known = {(one["key"], one["etag"]) for one in earlier.sources}
    contents = {one["sha256"]: one["key"] for one in earlier.sources}
    for key, etag in sorted(job.bucket.keys(NEW_DATA).items()):
        if key.endswith("/") or (key, etag) in known:
            continue
        body = job.bucket.read(key)
        sha256 = hashlib.sha256(body).hexdigest()
        news.sources.append({"key": key, "etag": etag, "sha256": sha256})
        if sha256 in contents:
            taken, wrong = 0, [Wrong(0, f"it was taken before, as {contents[sha256]}")]
        else:
            taken, wrong = _take(job, key, body, news)
        contents.setdefault(sha256, key)
        news.files.append({"file": key, "taken": taken, "wrong": len(wrong)})
        news.wrong += [{"file": key, "row": one.row, "what": one.what} for one in wrong]
    return news


def _take(job: Job, key: str, body: bytes, news: News) -> tuple[int, list[Wrong]]:
    """Take a file's rows. Return how many were taken, and the wrong rows."""
    try:
        loans, said, wrong = _rows(job, key, body)
    except new_data.Unreadable as fault:
        return 0, [Wrong(0, str(fault))]
    except Exception as fault:  # noqa: BLE001  a file that nobody foresaw stops no other
        return 0, [Wrong(0, f"it can't be read: {type(fault).__name__}")]
    _take_loans(job, of_file(key), loans, news)
    taken, sha256 = len(loans), hashlib.sha256(body).hexdigest()
    for row, one in said:
        client, prediction = one.pop("clientId"), one.pop("predictionId")
        decision = job.log.decision(client, prediction)
        if reason := _decision_fault(decision, one):
            wrong.append(Wrong(row, reason))
        elif decision:
            news.counts["duplicates"] += not job.log.tell(decision, one, of_file(key), sha256)
            news.decisions.add((client, prediction))
            taken += 1
    return taken, sorted(wrong, key=lambda one: one.row)


def _take_loans(job: Job, source: str, loans: pd.DataFrame, news: News) -> None:
    """Add the loans of a file.

    Loans of an untrusted file count only if no other source has them.
    """
    if trust_of(source, job.bank.outcomes.rules) == UNTRUSTED:
        news.counts["unconfirmed"] += len(loans)
    elif len(loans):
        news.loans.append(loans.assign(source=source))


def _decision_fault(decision: Facts | None, said: Facts) -> str:
    if decision is None:
        return "there is no such decision"
    day = decision["createdAt"][:10]
    if said["when"] < day:
        return "when is before the decision"
    if said.get("granted", day) < day:
        return "granted is before the decision"
    return NO_LOAN.get(loan_fault(decision["finalDecision"], said.get("granted")), "")


def _rows(
    job: Job, key: str, body: bytes
) -> tuple[pd.DataFrame, list[tuple[int, dict[str, str]]], list[Wrong]]:
    """Return a file's loans, or its outcomes of decisions, and its wrong rows."""
    frame, broken = new_data.read(key, body)
    if new_data.is_of_decisions(frame, job.bank):
        said, wrong = new_data.outcomes(frame, job.as_of)
        return pd.DataFrame(), said, broken + wrong
    loans, wrong = new_data.loans(frame, job.bank, job.as_of)
    return labels.canonical(loans, job.bank), [], broken + wrong


def rows_reported(job: Job, news: News) -> pd.DataFrame:
    """Return a row for each loan, and for each decision with an outcome that counts."""
    decided = [_decided(job, news, *key) for key in sorted(news.decisions, key=_by_prediction)]
    frames = [*news.loans]
    if rows := [row for row in decided if row]:
        frames.append(labels.canonical(pd.DataFrame(rows), job.bank))
    if not frames:
        return labels.canonical(pd.DataFrame(), job.bank)
    return pd.concat(frames, ignore_index=True)


def _by_prediction(key: tuple[str, str]) -> tuple[str, str]:
    return key[1], key[0]


def _decided(job: Job, news: News, client_id: str, prediction_id: str) -> Facts | None:
    decision = job.log.decision(client_id, prediction_id)
    outcomes = job.log.outcomes(client_id, prediction_id)
    if decision is None or not outcomes:
        return None
    settlement = settled(decision, outcomes, job.bank.outcomes.rules)
    news.counts["contradictions"] += settlement.contradicted
    news.counts["reversals"] += settlement.reversed
    if settlement.outcome is None:
        news.counts["unconfirmed"] += 1
        return None
    return _row(job, decision, settlement.outcome)


def _row(job: Job, decision: Facts, outcome: Facts) -> Facts:
    bank, day = job.bank, decision["createdAt"][:10]
    when = outcome["when"] if outcome["outcome"] == "defaulted" else None
    row = {name: day for name in (bank.date,) if name}
    row |= {name: when for name in (bank.default_date,) if name}
    made: Facts = (
        decision["application"]
        | row
        | {
            "row": decision["predictionId"],
            "decision": decision["decision"],
            "decidedOn": day,
            "told": outcome["outcome"],
            "toldWhen": when,
            "source": recorded_source(outcome),
            "expected": decision.get("probabilityOfDefault"),
            "withheld": _withheld(job, decision, outcome),
        }
    )
    return made


def _withheld(job: Job, decision: Facts, outcome: Facts) -> str | None:
    """Return why the outcome of a limited source is withheld, or None.

    A limited source may report only so many loans of a client. They are counted here, because a
    snapshot has no clients.
    """
    settings = job.bank.outcomes
    if trust_of(recorded_source(outcome), settings.rules) != LIMITED:
        return None
    of_client = job.log.of_client(decision["clientId"])
    before = earlier_loans(of_client, decision["predictionId"], settings.rules)
    return WITHHELD_CLIENT if before >= settings.limited_client_loans else None
