"""The loans that the study and `make settings` learn from, and the profile that splits them."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pandas as pd
from rich.console import Console

from chalicelib import profile
from datasets import sba
from training import training_profile
from training.snapshots import snapshot
from training.snapshots.parquet_reading import read_parquet

FROM, TO = pd.Timestamp("2004-01-01"), pd.Timestamp("2006-12-31")


@dataclass(frozen=True)
class Study:
    bank: training_profile.TrainingProfile
    channel: Path
    console: Console

    def learning(self, name: str) -> tuple[training_profile.Model, snapshot.Learning]:
        model = self.bank.model(name)
        frame = snapshot.read(self.channel, self.bank, model)
        return model, snapshot.prepare(frame, self.bank, model)


def prepared(channel: Path, console: Console) -> Study:
    _write(read_parquet(sba.register(console)), channel)
    return Study(_bank(), channel, console)


def _write(loans: pd.DataFrame, channel: Path) -> None:
    """Write the channel: loans approved up to the end of the last test.

    Loans before the training window serve as peers only, and their outcomes stay hidden.
    """
    table = sba.snapshot(loans, last=TO)
    table["defaulted"] = table["defaulted"].mask(table["approvalDate"] < FROM)
    table.to_parquet(channel / "applications.parquet")


def _bank() -> training_profile.TrainingProfile:
    """Return the profile with its holdout, the tested period, from July 2005 on."""
    deployed = profile.load(sba.PROFILE)
    months = msgspec.structs.replace(deployed.training, window_months=37, holdout_months=18)
    return training_profile.of(msgspec.structs.replace(deployed, training=months))
