import tarfile
from argparse import Namespace
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import msgspec
import pandas as pd

from chalicelib.profile import OutcomeSource
from infrastructure.packing import training_source
from training.training_profile import TrainingProfile

ROOT = Path(__file__).parents[2]
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")


def options(model: str) -> Namespace:
    return Namespace(model=model, version="20050701T000000", schema="5c4e3a", snapshot="2005-06-30")


def unpacked(folder: Path) -> Path:
    """The source of SageMaker's jobs, and nothing else of this repository."""
    with tarfile.open(fileobj=BytesIO(training_source.pack())) as archive:
        archive.extractall(folder, filter="data")
    return folder


def with_outcomes(bank: TrainingProfile, rules: tuple = (), **settings) -> TrainingProfile:
    """The bank with other settings under [outcomes]; `rules` are pairs of source and trust."""
    if rules:
        settings["sources"] = tuple(OutcomeSource(*rule) for rule in rules)
    outcomes = msgspec.structs.replace(bank.outcomes, **settings)
    return replace(bank, profile=msgspec.structs.replace(bank.profile, outcomes=outcomes))


def plain(rows: pd.DataFrame) -> list[dict]:
    """Rows as the endpoint gets them: no NaN, missing is None."""
    return rows.astype(object).where(rows.notna(), None).to_dict("records")
