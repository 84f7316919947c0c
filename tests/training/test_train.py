"""train.py as SageMaker runs it: a process that gets an environment and arguments."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from datasets import sba
from tests.training.given import unpacked


@dataclass(frozen=True)
class Job:
    training: Path
    profile: Path
    model: Path
    output: Path
    source: Path

    def run(self, model: str) -> subprocess.CompletedProcess:
        channels = {
            "SM_CHANNEL_TRAINING": self.training,
            "SM_CHANNEL_PROFILE": self.profile,
            "SM_MODEL_DIR": self.model,
            "SM_OUTPUT_DIR": self.output,
        }
        named = ["--model", model, "--version", "1", "--schema", "ab", "--snapshot", "s"]
        return subprocess.run(
            [sys.executable, "train.py", *named],
            cwd=self.source,
            env=os.environ | {name: str(path) for name, path in channels.items()},
            capture_output=True,
            text=True,
        )

    def refusal(self, model: str = "Tradicional") -> str:
        run = self.run(model)
        assert run.returncode == 1
        assert not self.model.exists()
        assert run.stderr.strip() == (self.output / "failure").read_text()
        return run.stderr


@pytest.fixture
def job(channel, tmp_path) -> Job:
    names = ("training", "profile", "model", "output")
    made = Job(*(tmp_path / name for name in names), unpacked(tmp_path / "code"))
    shutil.copytree(channel, made.training)
    made.profile.mkdir()
    shutil.copy(sba.PROFILE, made.profile / "credit.toml")
    return made


def test_the_metrics_are_on_one_line(job):
    run = job.run("Tradicional")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].startswith("holdout auc=0.")
    assert (job.model / "manifest.json").exists()


def test_an_empty_channel_is_refused(job):
    (job.training / "loans.parquet").unlink()
    assert "channel 'training' is empty" in job.refusal()


def test_a_snapshot_without_a_column_is_refused_and_the_column_named(job):
    file = job.training / "loans.parquet"
    pd.read_parquet(file).drop(columns="guaranteeShare").to_parquet(file)
    assert "guaranteeShare" in job.refusal()


def test_an_outcome_that_is_not_0_or_1_is_refused(job):
    file = job.training / "loans.parquet"
    loans = pd.read_parquet(file)
    loans.assign(defaulted=loans["defaulted"].fillna(0).astype(int) + 1).to_parquet(file)
    assert "defaulted must be 1, 0 or empty" in job.refusal()


def test_a_model_the_profile_lacks_is_refused(job):
    assert "it has: Tradicional, NetworkingAccelerator" in job.refusal("Oracle")


def test_peers_without_dates_are_refused(job):
    profile = job.profile / "credit.toml"
    lines = profile.read_text().splitlines(keepends=True)
    profile.write_text("".join(line for line in lines if not line.startswith("date = ")))
    assert "which needs snapshot.date" in job.refusal("NetworkingAccelerator")


def test_a_protected_feature_is_never_learnt_from(job):
    profile = job.profile / "credit.toml"
    profile.write_text(
        profile.read_text().replace("[features.state]", "[features.state]\nprotected = true")
    )
    assert "state, which is protected" in job.refusal()


def test_a_csv_snapshot_gives_the_same_model(job):
    job.run("NetworkingAccelerator")
    files = ("scorecard.json", "peers.json")
    from_parquet = [(job.model / name).read_bytes() for name in files]
    parquet = job.training / "loans.parquet"
    pd.read_parquet(parquet).to_csv(job.training / "loans.csv", index=False)
    parquet.unlink()
    job.run("NetworkingAccelerator")
    assert [(job.model / name).read_bytes() for name in files] == from_parquet
