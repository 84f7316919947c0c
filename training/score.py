"""A file of applications through the models: one row in, one row out, in the same order.

\b
    python -m training.score applications.csv > scored.parquet
    python -m training.score applications.parquet models/* > scored.parquet

ARTIFACTS are folders or model.tar.gz; without any, the models that answer now on AWS. Each row gets
each model's probability of default and, if all the profile's models are there, the decision's. What
is no feature of the profile (a client's id) is carried along.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import click
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from rich.console import Console
from rich.progress import Progress

sys.path.insert(0, str(Path(__file__).parent))  # where train.py's modules import each other flat

import batch
import inference
from calibration import probability

from chalicelib import profile
from chalicelib.profile import PROFILE_FILE, Profile
from training import artifact_folder, live

CHUNK = 1 << 16  # rows in memory at a time
BLOCK = 1 << 24  # bytes of a CSV

FAULTS = (
    artifact_folder.NotAnArtifact,
    batch.UnfitColumn,
    inference.Refused,
    live.NothingLive,
    pa.ArrowInvalid,
    OSError,
)


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
                artifacts = live.download(stage, profile.load(file), Path(folder))
            score(applications, artifacts, profile.load(file), sys.stdout.buffer)
        except FAULTS as fault:
            raise click.ClickException(str(fault)) from fault


def score(path: Path, artifacts: Sequence[Path], deployed: Profile, out: BinaryIO) -> None:
    loaded = []
    for artifact in artifacts:
        with artifact_folder.opened(artifact) as folder:
            loaded.append(inference.model_fn(str(folder)))
    models = batch.Batch(loaded)
    rows, chunks = _read(path, deployed)
    writer = None
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(f"Scoring {path.name}", total=rows)
        for chunk in chunks:
            found = pa.Table.from_pandas(scored(chunk, models, deployed), preserve_index=False)
            writer = writer or pa.parquet.ParquetWriter(out, found.schema)
            writer.write_table(found.cast(writer.schema))
            progress.advance(task, len(chunk))
    if writer:
        writer.close()


def scored(chunk: pd.DataFrame, models: batch.Batch, deployed: Profile) -> pd.DataFrame:
    columns: dict[str, Any] = {n: chunk[n] for n in chunk if n not in deployed.features}
    logits = models.logits(chunk)
    columns |= {f"probabilityOfDefault_{name}": probability(one) for name, one in logits.items()}
    if logits.keys() == deployed.models.keys():
        columns["probabilityOfDefault"] = probability(blended(logits, deployed))
    return pd.DataFrame(columns)


def blended(logits: dict[str, Any], deployed: Profile) -> Any:
    """The decision's logit of each application, from each model's."""
    decision = deployed.decision
    total = sum(decision.weights.values())
    mean = sum(decision.weights[name] / total * one for name, one in logits.items())
    return decision.intercept + decision.slope * mean


def _read(path: Path, deployed: Profile) -> tuple[int | None, Iterator[pd.DataFrame]]:
    """How many rows there are, if that is known, and the rows."""
    texts = [n for n, f in deployed.asked_for().items() if not f.is_number]
    if path.suffix == ".parquet":
        file = pa.parquet.ParquetFile(path, read_dictionary=texts)
        return file.metadata.num_rows, (_frame(b, texts) for b in file.iter_batches(CHUNK))
    types = dict.fromkeys(texts, pa.dictionary(pa.int32(), pa.string()))
    types |= {n: pa.float64() for n, f in deployed.asked_for().items() if f.is_number}
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(block_size=BLOCK),
        convert_options=pa.csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, null_values=[""]
        ),
    )
    return None, (_frame(b, texts) for b in reader)


def _frame(rows: pa.RecordBatch, texts: list[str]) -> pd.DataFrame:
    columns = [column for column in texts if column in rows.schema.names]
    return rows.to_pandas(categories=columns)


if __name__ == "__main__":
    main()
