"""A file of applications through the models: one row in, one row out, in the same order.

\b
    python -m workbench.score applications.csv > scored.parquet
    python -m workbench.score applications.parquet models/* > scored.parquet

ARTIFACTS are folders or model.tar.gz; without any, the models that answer now on AWS. Each row gets
each model's probability of default and, if all the profile's models are there, the decision with
its basis, score, probability and the rules that fired. What is no feature of the profile (a
client's id) is carried along. The column `unseen` names features whose code is new to a model: a
person decides on those that `review_unseen` of the profile names. The column `consents` has those
that the row's applicant gave; a model that lacks its consent is not asked. A row that POST /predict
would refuse keeps its place without probabilities, and its column `error` says what is wrong.
"""

import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet
from rich.console import Console
from rich.progress import Progress

from chalicelib import profile
from chalicelib.profile import PROFILE_FILE, Profile
from training.batch_scoring import artifact_folder, batch
from training.fitting.calibration import probability
from training.serving import inference
from workbench.file_scoring import application_files, deployed_models
from workbench.file_scoring.application_checks import checked
from workbench.file_scoring.consented_rows import CONSENTS, Group, batches, groups
from workbench.file_scoring.file_decisions import decisions

Models = Callable[[frozenset[str]], batch.Batch]  # that may be asked under these consents

FAULTS = (
    application_files.UnfitFile,
    artifact_folder.NotAnArtifact,
    batch.UnfitColumn,
    inference.Refused,
    deployed_models.NothingLive,
    pa.ArrowInvalid,
    OSError,
)


SHOWN = ["probabilityOfDefault", "score", "decision", "decisionBasis", "rules"]
TYPES = {
    "score": pa.int32(),
    "decision": pa.string(),
    "decisionBasis": pa.string(),
    "rules": pa.string(),
}


class Sink(io.RawIOBase):
    """Output of scores, complete or visibly broken.

    Parquet's writer closes its file even on a fault. Without the closing bytes, no reader takes a
    part of the applications for all of them.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._is_cut_off = False

    def writable(self) -> bool:
        return True

    def write(self, body: Any) -> int:
        return len(body) if self._is_cut_off else self._out.write(body)

    @contextmanager
    def cut_off_by_a_fault(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._is_cut_off = True
            raise


@click.command(help=__doc__)
@click.argument("applications", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("artifacts", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--stage", default="dev", show_default=True, help="Whose live models.")
@click.option("--profile", "file", default=PROFILE_FILE, type=click.Path(path_type=Path))
def main(applications: Path, artifacts: tuple[Path, ...], stage: str, file: Path) -> None:
    if sys.stdout.isatty():
        raise click.UsageError("The answer is Parquet: send it to a file, > scored.parquet")
    with ExitStack() as stack:
        try:
            if not artifacts:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="live-"))
                artifacts = deployed_models.download(stage, profile.load(file), Path(folder))
            refused = score(applications, artifacts, profile.load(file), sys.stdout.buffer)
        except FAULTS as fault:
            raise click.ClickException(str(fault)) from fault
    if refused:
        click.echo(f"{refused:,} row(s) were not scored: their column `error` says why.", err=True)


def score(path: Path, artifacts: Sequence[Path], deployed: Profile, out: BinaryIO) -> int:
    """Score a file. Return the number of rows that were refused."""
    loaded = []
    for artifact in artifacts:
        with artifact_folder.opened(artifact) as folder:
            loaded.append(inference.model_fn(str(folder)))
    models = batches(loaded, deployed)
    file = application_files.opened(path, deployed)
    if (lacking := deployed.without_consent(())) and CONSENTS not in file.schema.names:
        names = ", ".join(lacking)
        click.echo(f"The file has no column {CONSENTS}: {names} was not asked.", err=True)
    empty = pa.RecordBatch.from_pylist([], file.schema)
    schema = scored(empty, models, deployed).schema
    refused = 0
    sink = Sink(out)
    with (
        pa.parquet.ParquetWriter(sink, schema) as writer,
        sink.cut_off_by_a_fault(),
        Progress(console=Console(stderr=True)) as progress,
    ):
        task = progress.add_task(f"Scoring {path.name}", total=file.rows)
        for rows in file.batches:
            table = scored(rows, models, deployed)
            refused += len(table) - table["error"].null_count
            writer.write_table(table)
            progress.advance(task, rows.num_rows)
    return refused


def scored(rows: pa.RecordBatch, models: Models, deployed: Profile) -> pa.Table:
    """Return the rows with what the models say of them, in the same order."""
    found = [*groups(rows, deployed)]
    if len(found) == 1:
        return _scored(rows, found[0], models, deployed)
    tables = [_scored(rows.take(one.places), one, models, deployed) for one in found]
    order = np.argsort([place for one in found for place in one.places])
    return pa.concat_tables(tables).take(order)


def _scored(rows: pa.RecordBatch, group: Group, models: Models, deployed: Profile) -> pa.Table:
    columns: dict[str, Any] = {
        name: rows.column(name) for name in rows.schema.names if name not in deployed.features
    }
    applications, wrong = checked(rows, deployed, group.given)
    if group.unknown:
        wrong[:] = f"{CONSENTS}: no model needs {', '.join(sorted(group.unknown))}"
    asked, everyone = models(group.given), models(frozenset(deployed.consents().values()))
    logits = asked.logits(applications)
    outputs: dict[str, Any] = {
        f"probabilityOfDefault_{name}": probability(logits[name])
        if name in logits
        else [None] * rows.num_rows
        for name in everyone.names
    }
    unseen = asked.unseen(applications)
    if everyone.names == deployed.models.keys():
        outputs |= decisions(applications, logits, unseen, deployed.policy)[SHOWN].items()
    refused = wrong != ""
    columns |= {name: _array(name, values, refused) for name, values in outputs.items()}
    new = [", ".join(names) or None for names in unseen]
    columns["unseen"] = pa.array(new, pa.string(), mask=refused)
    columns["error"] = pa.array(wrong, pa.string(), mask=~refused)
    return pa.table(columns)


def _array(name: str, values: Any, refused: Any) -> pa.Array:
    kind = TYPES.get(name, pa.float64())
    return pa.array(np.asarray(values, dtype=object), kind, mask=refused, from_pandas=True)


if __name__ == "__main__":
    main()
