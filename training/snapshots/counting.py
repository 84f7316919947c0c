"""Rows of a snapshot that count: as peers, as codes that are seen, and for training.

A row that does not count is withheld, with the reason: its source is not trusted (any more), it is
a decision made here without a matured label, a limited source has reported more than its share, or
the watch has quarantined it and no person has released it. A withheld row stays in the snapshot,
because it may count tomorrow.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from training.serving.features import derive_columns
from training.snapshots import labels, watch
from training.snapshots.watch import Held
from training.training_profile import TrainingProfile

WITHHELD_SOURCE, WITHHELD_WAITING = "source", "waiting"
WITHHELD_CLIENT, WITHHELD_LIMIT = "client", "limit"
QUARANTINE, REJECTED = "quarantine:", "rejected:"
RELEASED = "released"


def counted(
    before: pd.Series,
    rows: pd.DataFrame,
    verdicts: Mapping[str, str],
    bank: TrainingProfile,
    version: str,
) -> tuple[pd.DataFrame, list[Held]]:
    """Return the labelled `rows` with the reasons for withholding, and the new quarantines.

    `before` are their labels so far. `verdicts` are people's, on earlier quarantines.
    """
    label, keys = rows[bank.outcome], peer_keys(rows, bank)
    trust = labels.trust(rows["source"], bank.outcomes.rules)
    why = _kept(rows["withheld"], verdicts)
    why = why.mask(rows["decision"].notna() & label.isna(), WITHHELD_WAITING)
    why = why.mask(trust == 0, WITHHELD_SOURCE)
    why = why.mask(_over_limits(rows["source"], trust, why, keys, bank), WITHHELD_LIMIT)
    label = label.where(why.isna())
    new = label.notna() & rows["source"].notna() & (before != label)
    released = _released(rows, before == label, verdicts).where(label.notna(), None)
    new &= released.isna()
    asked = rows.assign(**{bank.outcome: label, "released": released})
    held = watch.held(asked, new, keys, bank, version)
    for one in held:
        why.loc[one.rows] = QUARANTINE + one.id
    label = label.where(why.isna())
    since = _counted_since(rows, label, version)
    columns = {bank.outcome: label, "countedSince": since, "withheld": why, "released": released}
    return rows.assign(**columns), held


def _released(rows: pd.DataFrame, same: pd.Series, verdicts: Mapping[str, str]) -> pd.Series:
    """Return the quarantine that a person released each label from; a label that changes later is
    not the `same`, and is tested again.
    """
    now = _verdict(rows["withheld"], verdicts) == RELEASED
    names = rows["withheld"].str.removeprefix(QUARANTINE)
    return names.where(now, rows["released"].where(same, None)).astype(object)


def _counted_since(rows: pd.DataFrame, label: pd.Series, version: str) -> pd.Series:
    """Return the day of the snapshot that first had the label; none for the bank's own rows."""
    reported = label.notna() & rows["source"].notna()
    first = rows["countedSince"].fillna(pd.Timestamp(version[:8]))
    return first.where(reported).astype("datetime64[ns]")


def peer_keys(rows: pd.DataFrame, bank: TrainingProfile) -> dict[str, pd.Series]:
    """Return the values by which outcomes are limited and watched, missing where a row has none."""
    rules = {name: bank.features[name].derive for name in bank.outcomes.peers}
    derived = derive_columns(rows, {name: rule for name, rule in rules.items() if rule})
    return {name: derived[name].astype(object) for name in bank.outcomes.peers}


def reasons(rows: pd.DataFrame) -> dict[str, int]:
    """Count the withheld rows by reason."""
    kinds = Counter(str(why).partition(":")[0] for why in rows["withheld"].dropna())
    return dict(sorted(kinds.items()))


def in_quarantine(rows: pd.DataFrame) -> set[str]:
    """Return the ids of the quarantines that rows are in."""
    held = rows["withheld"].dropna()
    return {why.removeprefix(QUARANTINE) for why in held if why.startswith(QUARANTINE)}


def _kept(withheld: pd.Series, verdicts: Mapping[str, str]) -> pd.Series:
    """Return the reasons that stay whatever the rows are: client's share, quarantine, rejection."""
    verdict = _verdict(withheld, verdicts)
    in_quarantine = withheld.str.startswith(QUARANTINE, na=False)
    stays = withheld.eq(WITHHELD_CLIENT) | withheld.str.startswith(REJECTED, na=False)
    kept = withheld.where(stays | (in_quarantine & verdict.isna()))
    rejected = withheld.str.replace(QUARANTINE, REJECTED, regex=False)
    return kept.mask(verdict == "rejected", rejected).astype(object)


def _verdict(withheld: pd.Series, verdicts: Mapping[str, str]) -> pd.Series:
    held = withheld.where(withheld.str.startswith(QUARANTINE, na=False))
    return held.str.removeprefix(QUARANTINE).map(verdicts).astype(object)


def _over_limits(
    source: pd.Series,
    trust: pd.Series,
    why: pd.Series,
    keys: Mapping[str, pd.Series],
    bank: TrainingProfile,
) -> pd.Series:
    """Flag the rows of limited sources beyond their share; a source's first rows count."""
    settings, ours = bank.outcomes, (trust == 2) & why.isna()
    rooms = {
        name: _room(values[ours].value_counts(), settings.limited_peer_share)
        for name, values in keys.items()
    }
    everyone = _room(pd.Series({"": int(ours.sum())}), settings.limited_share)
    over = pd.Series(False, source.index)
    used: Counter[Any] = Counter()
    for row in np.flatnonzero((trust == 1) & why.isna()):
        asked = {(name, values.iat[row]) for name, values in keys.items()}
        asked = {(name, value) for name, value in asked if not pd.isna(value)}
        room = min(
            [everyone[""] - used[source.iat[row]]]
            + [rooms[n].get(v, 0) - used[source.iat[row], n, v] for n, v in asked]
        )
        over.iat[row] = room < 1
        if room >= 1:
            used.update([source.iat[row], *((source.iat[row], n, v) for n, v in asked)])
    return over


def _room(loans: pd.Series, share: float) -> dict[str, int]:
    """Return how many loans may count in each group: five of 100 at a share of 5 %.

    Rounded first: 0.29 * 100 is below 29 as a float, and is 29 here.
    """
    room: dict[str, int] = (loans * share).round(9).astype(int).to_dict()
    return room
