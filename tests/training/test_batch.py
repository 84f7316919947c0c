"""Many applications at once are scored as one by one, on real loans."""

import dataclasses
import json
import math
import shutil
import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from chalicelib import profile
from chalicelib.decisions import decision
from tests.training.given import MODELS, ROOT, plain
from training import train
from training.batch_scoring import batch
from training.serving import inference
from workbench import score
from workbench.file_scoring import application_files

ROWS = 10_000


@pytest.fixture(scope="module", params=MODELS)
def served(request, artifacts):
    return inference.model_fn(str(artifacts[request.param]))


@pytest.fixture(scope="module")
def applications(loans):
    """Of every year: lenders, areas and industries that the tables know and do not know."""
    deployed = profile.load()
    return loans[[*deployed.asked_for()]].tail(ROWS).reset_index(drop=True)


def in_a_batch(model, rows):
    return batch.Batch([model]).logits(rows)[model.name]


def logits(answer):
    return answer["baseline"] + math.fsum(answer["contributions"].values())


def test_a_batch_equals_one_by_one_on_real_loans(served, applications):
    rows = plain(applications)
    one_by_one = [logits(inference._prediction(row, served)) for row in rows]
    assert np.abs(in_a_batch(served, applications) - one_by_one).max() < 1e-9


@pytest.mark.parametrize("name", MODELS)
def test_the_evaluator_equals_the_fitted_estimator_on_real_loans(name, learning, bank, artifacts):
    """Before it was written to text: estimator and calibration, on features as of the day."""
    model, part = bank.model(name), learning[name]
    fitted = train.fit(model, part, bank.training)
    rows = pd.concat([part.training.rows, part.calibration.rows, part.holdout.rows])
    rows = rows.tail(ROWS).reset_index(drop=True)
    assert len(rows) == ROWS
    served = inference.model_fn(str(artifacts[name]))
    said = [served.evaluator.explain(row) for row in plain(rows)]
    evaluated = [baseline + math.fsum(parts.values()) for baseline, parts in said]
    assert np.abs(fitted.logits(rows) - evaluated).max() < 1e-9
    kinds = {f.name: "text" if f.is_text else "number" for f in model.features}
    ready = dataclasses.replace(served, inputs=kinds, rules={}, tables={})
    assert np.abs(in_a_batch(ready, rows) - evaluated).max() < 1e-9


def test_a_batch_names_what_each_model_has_not_seen(artifacts, applications):
    models = [inference.model_fn(str(folder)) for folder in artifacts.values()]
    rows = applications.head(40).copy()
    rows.loc[::2, "state"], rows.loc[::3, "lender"] = "ZZ", "BANK OF NOBODY"
    rows.loc[::5, ["zip", "naics"]] = None
    one_by_one = [
        sorted({name for model in models for name in model.unseen(row)}) for row in plain(rows)
    ]

    assert batch.Batch(models).unseen(rows) == one_by_one
    assert {tuple(names) for names in one_by_one} >= {("lender",), ("lender", "state"), ("state",)}


def test_a_column_left_out_is_missing_everywhere(served, applications):
    some = applications.head(50)
    name = next(iter(served.inputs))
    with_nothing = some.assign(**{name: None})
    assert in_a_batch(served, some.drop(columns=name)) == pytest.approx(
        in_a_batch(served, with_nothing)
    )


def test_a_column_of_the_wrong_kind_is_named(served, applications):
    kinds = {kind: name for name, kind in served.inputs.items()}
    for kind, value in (("text", 3), ("number", "a lot")):
        if kind in kinds:
            with pytest.raises(batch.UnfitColumn, match=kinds[kind]):
                in_a_batch(served, applications.head(3).assign(**{kinds[kind]: value}))


def scored_by_command(path, folders, tmp_path):
    out = tmp_path / "scored.parquet"
    with out.open("wb") as file:
        run = subprocess.run(
            [sys.executable, "-m", "workbench.score", str(path), *map(str, folders)],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
        )
    return run, out


def test_the_command_scores_csv_and_parquet_alike_and_as_the_decision(
    applications, artifacts, tmp_path
):
    given = ["network", None, "network"] * 100  # the other's NetworkingAccelerator is not asked
    some = applications.head(300).assign(clientId=[f"c-{n}" for n in range(300)], consents=given)
    some.to_csv(tmp_path / "a.csv", index=False)
    some.to_parquet(tmp_path / "a.parquet", index=False)
    found = []
    for name in ("a.csv", "a.parquet"):
        run, out = scored_by_command(tmp_path / name, artifacts.values(), tmp_path)
        assert run.returncode == 0, run.stderr
        found.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(*found)
    assert found[0]["clientId"].tolist() == some["clientId"].tolist()
    deployed = profile.load()
    models = [inference.model_fn(str(folder)) for folder in artifacts.values()]
    for place, row in enumerate(plain(some.drop(columns=["clientId", "consents"]))[:20]):
        answers = {m.name: scored(inference.predict_fn(row, m)) for m in models}
        if not given[place]:
            answers["NetworkingAccelerator"] = decision.Skipped("network")
            assert np.isnan(found[0]["probabilityOfDefault_NetworkingAccelerator"][place])
        decided = decision.decide(row, answers, deployed, "en")
        for name in ("score", "decision", "decisionBasis"):
            assert found[0][name][place] == decided[name]
        rules = ", ".join(rule["code"] for rule in decided.get("rules", ()))
        assert (found[0]["rules"][place] or "") == rules
        assert found[0]["probabilityOfDefault"][place] == pytest.approx(
            decided["probabilityOfDefault"], abs=1e-9
        )
        unseen = {name for answer in answers.values() for name in getattr(answer, "unseen", ())}
        assert (found[0]["unseen"][place] or "") == ", ".join(sorted(unseen))


def scored(answer):
    known = ("version", "sha256", "baseline", "contributions", "unseen")
    parts = {name: answer[name] for name in known}
    return decision.Scored(probability_of_default=answer["probabilityOfDefault"], **parts)


def test_a_file_of_many_chunks_needs_the_memory_of_one(
    applications, artifacts, tmp_path, monkeypatch
):
    monkeypatch.setattr(application_files, "CHUNK", 1_000)
    peaks = []
    for times in (1, 5):
        path = tmp_path / f"{times}.parquet"
        pd.concat([applications] * times).to_parquet(path, index=False)
        tracemalloc.start()
        with (tmp_path / "out").open("wb") as out:
            score.score(path, [artifacts["Tradicional"]], profile.load(), out)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_changed_artifact_scores_nothing(applications, artifacts, tmp_path):
    changed = shutil.copytree(artifacts["Tradicional"], tmp_path / "model")
    (changed / "scorecard.json").write_text("{}")
    applications.head(3).to_parquet(tmp_path / "a.parquet")
    run, _ = scored_by_command(tmp_path / "a.parquet", [changed], tmp_path)
    assert run.returncode == 1
    assert "scorecard.json was changed" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_line_in_a_line_out_as_a_batch_transform_has_it(served, applications):
    rows = plain(applications.head(20))
    body = "".join(json.dumps(row) + "\n" for row in rows).encode()
    asked = inference.input_fn(body, "application/jsonlines")
    lines = inference.output_fn(inference.predict_fn(asked, served), "application/jsonlines")
    answers = [json.loads(line) for line in lines.splitlines()]
    assert answers == [inference.predict_fn(row, served) for row in rows]


def test_a_line_that_is_no_application_is_refused():
    with pytest.raises(ValueError, match="list of them"):
        inference.input_fn(b'{"amount": 1}\n3\n', "application/jsonlines")
