"""Cost of a score, beside the cost of the fitted estimator, in one run: `make bench`.

Trains on the sample of real loans in tests/data and times on its rows. Absolute figures are the
machine's of the moment, ratios less so; no test asserts them.
"""

import json
import tempfile
import time
import tracemalloc
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from datasets import sba
from training import train, training_profile
from training.batch_scoring import batch
from training.serving import inference
from training.snapshots import snapshot
from training.snapshots.parquet_reading import read_parquet
from workbench.policy_search.holdout import plain

ROUNDS = 7  # the best of them counts: whatever else runs only makes a round slower
ONE_BY_ONE = 300
AT_ONCE = 1 << 16


def main() -> None:
    bank = training_profile.read(sba.PROFILE)
    loans = sba.snapshot(read_parquet(sba.SAMPLE))
    one = Table("One application, with reasons", "us", "Estimator's own predict, us", "Ratio")
    many = Table("Batch, one core", "Rows/s", "Estimator's own predict, rows/s", "Ratio")
    all_served = []
    with tempfile.TemporaryDirectory() as folder:
        channel = Path(folder) / "channel"
        channel.mkdir()
        loans.to_parquet(channel / "loans.parquet")
        for model in map(bank.model, bank.models):
            with Console(stderr=True).status(f"Training and timing {model.name}"):
                all_served.append(
                    _time(model, bank, channel, Path(folder) / model.name, (one, many))
                )
    seconds, bytes_at_once = _together(all_served, loans)
    console = Console()
    console.print(one, many)
    console.print(
        f"The {len(all_served)} together: {AT_ONCE / seconds:,.0f} rows/s on one core, "
        f"{seconds / AT_ONCE * 1e6:.2f} us a row, in {bytes_at_once >> 20} MB "
        f"a chunk of {AT_ONCE:,}."
    )
    console.print(
        "Processor time. One application: from JSON to JSON, all features derived; the estimator "
        "gets its features ready, one row in a table, and gives no reasons. Batch: from the "
        "application's columns; "
        "the estimator, again, from its features; what bounds the three together are the trees' "
        "look-ups, one for each feature of each four trees. One row of "
        "trees: LightGBM's own, with pred_contrib; a batch of them: on every core it finds."
    )


def _time(
    model: training_profile.Model,
    bank: training_profile.TrainingProfile,
    channel: Path,
    folder: Path,
    tables: tuple[Table, Table],
) -> inference.Model:
    options = Namespace(model=model.name, version="1", schema="", snapshot="bench")
    train.train(options, channel, sba.PROFILE, folder)
    served = inference.model_fn(str(folder))
    frame = snapshot.read(channel, bank, model)
    learning = snapshot.prepare(frame, bank, model)
    estimator = train.fit(model, learning, bank.training).trained.estimator
    ready = learning.holdout.rows
    bodies = [_body(row) for row in plain(frame[[*served.inputs]].tail(ONE_BY_ONE))]
    own = _repeated(lambda n: _own(estimator, model, ready.iloc[[n]]), ONE_BY_ONE)
    ours = _repeated(lambda n: _answer(bodies[n], served), ONE_BY_ONE)
    tables[0].add_row(model.name, *_figures(ours / ONE_BY_ONE * 1e6, own / ONE_BY_ONE * 1e6))
    table = _as_read(frame[[*served.inputs]].sample(AT_ONCE, replace=True, random_state=1), served)
    rows = ready.sample(AT_ONCE, replace=True, random_state=1).reset_index(drop=True)
    alone = batch.Batch([served])
    quick = _repeated(lambda _: alone.logits(table), 1)
    slow = _repeated(lambda _: estimator.probabilities(rows), 1)
    tables[1].add_row(model.name, *_figures(AT_ONCE / quick, AT_ONCE / slow))
    return served


def _together(models: list[inference.Model], loans: pd.DataFrame) -> tuple[float, int]:
    """Return the processor seconds for a chunk, and the additional memory."""
    together = batch.Batch(models)
    names = dict.fromkeys(name for model in models for name in model.inputs)
    sampled = loans[[*names]].sample(AT_ONCE, replace=True, random_state=1)
    table = _as_read(sampled, *models)
    seconds = _repeated(lambda _: together.logits(table), 1)
    tracemalloc.start()
    together.logits(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


def _own(estimator: Any, model: training_profile.Model, row: pd.DataFrame) -> Any:
    if model.method == "trees":
        return estimator.contributions(row)
    return estimator.probabilities(row)


def _answer(body: bytes, served: inference.Model) -> str:
    asked = inference.input_fn(body, inference.JSON_TYPE)
    return inference.output_fn(inference.predict_fn(asked, served), inference.JSON_TYPE)


def _repeated(work: Callable[[int], Any], times: int) -> float:
    """Return the processor seconds of `times` calls in the best round, the least disturbed."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for number in range(times):
            work(number)
        rounds.append(time.process_time() - started)
    return float(np.min(rounds))


def _figures(ours: float, own: float) -> tuple[str, str, str]:
    return f"{ours:,.0f}", f"{own:,.0f}", f"{ours / own:.2f}"


def _body(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode()


def _as_read(rows: pd.DataFrame, *models: inference.Model) -> pd.DataFrame:
    """Return the rows as a Parquet file with dictionaries gives them."""
    texts = {name for model in models for name, kind in model.inputs.items() if kind == "text"}
    return rows.reset_index(drop=True).astype(dict.fromkeys(texts, "category"))


if __name__ == "__main__":
    main()
