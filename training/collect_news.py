"""What was told since a snapshot: rows of files, and outcomes of decisions."""

import hashlib
from dataclasses import dataclass, field

import labels
import new_data
import pandas as pd
from collect_job import NEW_DATA, Facts, Job
from collect_parts import Earlier


@dataclass
class News:
    loans: list[pd.DataFrame] = field(default_factory=list)
    decisions: set[tuple[str, str]] = field(default_factory=set)  # client and prediction
    sources: list[Facts] = field(default_factory=list)
    files: list[Facts] = field(default_factory=list)
    wrong: list[Facts] = field(default_factory=list)


def news_since(job: Job, earlier: Earlier) -> News:
    news = News(decisions=job.log.told(earlier.since))
    known = {(one["key"], one["etag"]) for one in earlier.manifest.get("sources", [])}
    contents = {one["sha256"]: one["key"] for one in earlier.manifest.get("sources", [])}
    for key, etag in sorted(job.bucket.keys(NEW_DATA).items()):
        if key.endswith("/") or (key, etag) in known:
            continue
        body = job.bucket.read(key)
        sha256 = hashlib.sha256(body).hexdigest()
        news.sources.append({"key": key, "etag": etag, "sha256": sha256})
        if sha256 in contents:
            taken, wrong = 0, [new_data.Wrong(0, f"it was taken before, as {contents[sha256]}")]
        else:
            taken, wrong = _take(job, key, body, news)
        contents.setdefault(sha256, key)
        news.files.append({"file": key, "taken": taken, "wrong": len(wrong)})
        news.wrong += [{"file": key, "row": one.row, "what": one.what} for one in wrong]
    return news


def _take(job: Job, key: str, body: bytes, news: News) -> tuple[int, list[new_data.Wrong]]:
    """How many rows of a file were taken, and the wrong ones."""
    try:
        loans, said, wrong = _rows(job, key, body)
    except new_data.Unreadable as fault:
        return 0, [new_data.Wrong(0, str(fault))]
    except Exception as fault:  # noqa: BLE001  a file that nobody foresaw stops no other
        return 0, [new_data.Wrong(0, f"it can't be read: {type(fault).__name__}")]
    if len(loans):
        news.loans.append(loans)
    taken, source = len(loans), hashlib.sha256(body).hexdigest()
    for row, one in said:
        decision = job.log.decision(one["clientId"], one["predictionId"])
        if decision is None:
            wrong.append(new_data.Wrong(row, "there is no such decision"))
        elif one["when"] < decision["createdAt"][:10]:
            wrong.append(new_data.Wrong(row, "when is before the decision"))
        else:
            job.log.tell(decision, one["outcome"], one["when"], source)
            news.decisions.add((one["clientId"], one["predictionId"]))
            taken += 1
    return taken, sorted(wrong, key=lambda one: one.row)


def _rows(
    job: Job, key: str, body: bytes
) -> tuple[pd.DataFrame, list[tuple[int, dict[str, str]]], list[new_data.Wrong]]:
    """A file's loans, or what it tells of decisions, and its wrong rows."""
    frame, broken = new_data.read(key, body)
    if new_data.is_of_decisions(frame, job.bank):
        said, wrong = new_data.outcomes(frame, job.as_of)
        return pd.DataFrame(), said, broken + wrong
    loans, wrong = new_data.loans(frame, job.bank, job.as_of)
    return labels.canonical(loans, job.bank), [], broken + wrong


def rows_told(job: Job, news: News) -> pd.DataFrame:
    """A row for each loan and decision of which something is told."""
    decided = [_decided(job, *key) for key in sorted(news.decisions, key=lambda key: key[::-1])]
    frames = [*news.loans]
    if found := [row for row in decided if row]:
        frames.append(labels.canonical(pd.DataFrame(found), job.bank))
    if not frames:
        return labels.canonical(pd.DataFrame(), job.bank)
    return pd.concat(frames, ignore_index=True)


def _decided(job: Job, client_id: str, prediction_id: str) -> Facts | None:
    decision = job.log.decision(client_id, prediction_id)
    outcomes = job.log.outcomes(client_id, prediction_id)
    if decision is None or not outcomes:
        return None
    told, bank, day = outcomes[-1], job.bank, decision["createdAt"][:10]
    when = told["when"] if told["outcome"] == "defaulted" else None
    row = {name: day for name in (bank.date,) if name}
    row |= {name: when for name in (bank.default_date,) if name}
    return (
        decision["application"]
        | row
        | {
            "row": prediction_id,
            "decision": decision["decision"],
            "decidedOn": day,
            "told": told["outcome"],
            "toldWhen": when,
        }
    )
