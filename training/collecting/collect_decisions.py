"""A snapshot's decisions: by vintage, and the newest ones for the swap set."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import islice

import pandas as pd

from training.collecting.collect_job import Facts, Job
from training.collecting.collect_parts import Earlier
from training.snapshots import vintages
from training.snapshots.counting import WITHHELD_WAITING

CLIENT_DECISIONS = 5  # of one client, how many the swap set decides again
READ = 10  # for each that is wanted, so many are read at the most


def by_vintage(job: Job, earlier: Earlier, rows: pd.DataFrame) -> Facts:
    since = earlier.vintages["lastDay"]["day"] if earlier.vintages else ""
    at = job.at.astimezone(UTC).isoformat(timespec="seconds")
    counts, last_day = vintages.counted(earlier.vintages, job.log.decided(since), at[:10])
    outcome = job.bank.outcome
    ended = rows[rows["decision"].notna() & rows[outcome].notna()]
    counts_already = rows["withheld"].isna() | (rows["withheld"] == WITHHELD_WAITING)
    approved = (rows["decision"] == "APPROVE") & (rows["told"] == "defaulted") & counts_already
    bad = ended.assign(bad=ended[outcome])
    return vintages.vintages(at, counts, last_day, bad, rows[approved & rows["toldWhen"].notna()])


def newest(job: Job, rows: pd.DataFrame, months: Facts, count: int) -> pd.DataFrame:
    """Return the newest decisions for the swap set, with the labels that have matured.

    No row names a client.
    """
    label = rows[job.bank.outcome].map({0.0: "paid", 1.0: "defaulted"})
    ended = rows["decision"].notna() & label.notna()
    label_of = dict(zip(rows.loc[ended, "row"], label[ended], strict=True))
    newest = job.log.newest({one["month"]: one["decisions"] for one in months["months"]})
    columns = ("predictionId", "createdAt", "decision", "application", "models", "outcome")
    return pd.DataFrame(
        [
            (
                one["predictionId"],
                one["createdAt"],
                one["decision"],
                json.dumps(one["application"], sort_keys=True),
                json.dumps(dict(_models(one)), sort_keys=True),
                label_of.get(one["predictionId"]),
            )
            for one in islice(apart(islice(newest, READ * count)), count)
        ],
        columns=columns,
        dtype=object,
    )


def apart(decisions: Iterable[Facts]) -> Iterator[Facts]:
    """Yield the first decision of each application, and of a client the first CLIENT_DECISIONS.

    Retries without an idempotency key, or a flood of one application, are one decision, whoever the
    client is: they must not push the others out, nor turn as many.
    """
    seen, of_client = set(), Counter[str]()
    for one in decisions:
        application, client = json.dumps(one["application"], sort_keys=True), one["clientId"]
        if application in seen or of_client[client] == CLIENT_DECISIONS:
            continue
        seen.add(application)
        of_client[client] += 1
        yield one


def _models(decision: Facts) -> Iterator[tuple[str, Facts]]:
    for name, said in decision["models"].items():
        kept = ("status", "version", "probabilityOfDefault", "unseen", "consent")
        yield name, {part: said[part] for part in kept if part in said}
