"""A challenger or a champion: an artifact, read so that many rows can be scored at once."""

import json
import tarfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.batch_scoring import artifact_folder, batch
from training.serving import inference

Floats = npt.NDArray[np.float64]
Facts = dict[str, Any]

UNREADABLE = (
    artifact_folder.NotAnArtifact,
    inference.Refused,
    tarfile.TarError,
    KeyError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class ComparedModel:
    manifest: Facts
    model: inference.Model

    @classmethod
    def of(cls, folder: Path) -> "ComparedModel":
        manifest = json.loads((folder / "manifest.json").read_bytes())
        return cls(manifest, inference.model_fn(str(folder)))

    def logits(self, rows: pd.DataFrame) -> Floats:
        return self._batch.logits(rows)[self.model.name]

    @cached_property
    def reader(self) -> inference.Model:
        return batch.reading_derived(self.model)

    @cached_property
    def _batch(self) -> batch.Batch:
        return batch.Batch([self.reader])

    @property
    def learnt_until(self) -> str | None:
        end: str | None = self.manifest["window"].get("to")
        return end


def compared_model_in(folder: Path, stack: ExitStack) -> ComparedModel:
    return ComparedModel.of(stack.enter_context(artifact_folder.opened(folder / "model.tar.gz")))


def champion_in(folder: Path, stack: ExitStack) -> tuple[ComparedModel | None, str]:
    """Load the champion, or return None and why it can't be read.

    A champion that can't be read must not stop its successor.
    """
    try:
        return compared_model_in(folder, stack), ""
    except UNREADABLE as fault:
        return None, f"the champion can't be read: {type(fault).__name__}: {fault}"
