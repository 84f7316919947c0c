"""Files that hold what POST /predict would refuse, or no applications at all."""

import io
import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from chalicelib import profile
from chalicelib.decisions.application import CreditApplication
from chalicelib.foundation.errors import InvalidApplication
from datasets import sba
from training.batch_scoring import batch
from training.serving import inference
from workbench import score
from workbench.file_scoring.application_checks import checked

DEPLOYED = profile.load()
ROWS = 6


@pytest.fixture(scope="module")
def applications(loans):
    """As the API would take them."""
    cases = itertools.islice(sba.applications(loans), ROWS)
    rows = [dict.fromkeys(DEPLOYED.asked_for()) | c["application"] for c in cases]
    return pd.DataFrame(rows).assign(clientId=[f"00{n}" for n in range(ROWS)])


@pytest.fixture(scope="module")
def folder(artifacts):
    return artifacts["Tradicional"]


def scored(path, folder) -> pa.Table:
    out = io.BytesIO()
    score.score(path, [folder], DEPLOYED, out)
    return pa.parquet.read_table(io.BytesIO(out.getvalue()))


def told(path, folder) -> str:
    run = CliRunner().invoke(score.main, [str(path), str(folder)])
    assert run.exit_code == 1, run.output
    return run.output


WRONG = {
    "amount": -5,
    "employees": 2.5,
    "jobsCreated": "lots",
    "guaranteeShare": "NaN",
    "newBusiness": "ancient",
    "state": "Z1",
}


@pytest.mark.parametrize("row", range(ROWS))
@pytest.mark.parametrize("name", WRONG)
def test_a_value_is_refused_as_the_api_refuses_it(applications, name, row):
    value = float("nan") if WRONG[name] == "NaN" else WRONG[name]
    payload = {
        "clientId": "c",
        "application": {
            n: value if n == name else v
            for n, v in applications.iloc[row].items()
            if n != "clientId" and not pd.isna(v)
        },
    }
    with pytest.raises(InvalidApplication) as refused:
        CreditApplication.from_payload(payload, DEPLOYED)
    one = applications.iloc[[row]].astype({name: object}).assign(**{name: [WRONG[name]]})
    _, wrong = checked(pa.RecordBatch.from_pandas(one, preserve_index=False), DEPLOYED)

    assert wrong.tolist() == [f"{name} {refused.value.errors[f'application.{name}'].en}"]


@pytest.mark.parametrize("value", ["inf", "-inf", "1e300", "nan"])
def test_a_number_that_is_none_or_beyond_all_bounds_is_refused(applications, value):
    one = applications.head(1).astype({"amount": object}).assign(amount=value)
    _, wrong = checked(pa.RecordBatch.from_pandas(one, preserve_index=False), DEPLOYED)

    assert wrong.tolist() == ["amount must be a number"]


def test_a_refused_row_keeps_its_place_and_the_others_their_scores(applications, folder, tmp_path):
    spoilt = applications.astype(object)
    for place, (name, value) in enumerate(WRONG.items()):
        if place not in (0, 5):
            spoilt.loc[place, name] = value
    spoilt.loc[4, ["state", "amount"]] = ["Z1", None]
    spoilt.to_csv(tmp_path / "a.csv", index=False)
    run = CliRunner().invoke(score.main, [str(tmp_path / "a.csv"), str(folder)])
    found = scored(tmp_path / "a.csv", folder).to_pandas()
    model = inference.model_fn(str(folder))
    expected = score.probability(batch.Batch([model]).logits(applications)["Tradicional"])

    assert run.exit_code == 0, run.output
    assert "4 row(s) were not scored" in run.stderr
    assert found["clientId"].tolist() == applications["clientId"].tolist()  # zeros, too
    probabilities = found["probabilityOfDefault_Tradicional"]
    assert probabilities.isna().tolist() == [False, True, True, True, True, False]
    assert np.abs(probabilities - expected)[[0, 5]].max() < 1e-9
    assert found["error"][1] == "employees must be a whole number"
    assert {*found["error"][4].split("; ")} == {
        "amount is required",
        "newBusiness must be one of new, existing",
        "state must have two capital letters, such as CA",
    }
    assert found["error"].isna().tolist() == [True, False, False, False, False, True]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a,b\n1,2\n", "No column is a feature"),
        ("", "No column is a feature"),
        ("amount;guaranteeShare;employees\n1000;0,5;3\n", "not separated by commas"),
        ("amount,state\n1000,CA\n", "are missing: guaranteeShare, employees"),
        ("amount,amount,guaranteeShare,employees\n1,2,0.5,3\n", "more than once: amount"),
        (
            (
                "amount,guaranteeShare,employees,jobsCreated,jobsRetained,state,naics,lender,"
                "earlierLoans,earlierDefaults,error\n1,0.5,3,0,0,NJ,453310,A,0,0,x\n"
            ),
            "rename: error",
        ),
        (b"amount,lender\n1,CAJA ESPA\xd1A\n", "UTF-8"),
        (b"amount,guaranteeShare,employees,\xd1\n1,0.5,3,4\n", "UTF-8"),
    ],
)
def test_what_holds_no_applications_is_refused_before_a_row_is_scored(body, said, folder, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())

    assert said in told(path, folder)


def test_a_parquet_without_an_optional_text_column_equals_one_without_its_values(
    applications, folder, tmp_path
):
    applications.drop(columns="newBusiness").to_parquet(tmp_path / "absent.parquet")
    applications.assign(newBusiness=None).to_parquet(tmp_path / "null.parquet")
    absent, null = (scored(tmp_path / f"{n}.parquet", folder) for n in ("absent", "null"))

    assert absent["probabilityOfDefault_Tradicional"].null_count == 0
    assert absent.equals(null)


def test_a_text_that_is_a_number_in_parquet_is_refused_row_by_row(applications, folder, tmp_path):
    applications.assign(zip=7066.0).to_parquet(tmp_path / "a.parquet")

    assert {*scored(tmp_path / "a.parquet", folder)["error"].to_pylist()} == {"zip must be a text"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_without_rows_gives_an_empty_answer(applications, folder, tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    empty = applications.head(0)
    empty.to_csv(path, index=False) if kind == "csv" else empty.to_parquet(path)
    found = scored(path, folder)

    assert found.num_rows == 0
    assert {"clientId", "probabilityOfDefault_Tradicional", "error"} <= {*found.column_names}


def test_what_is_carried_along_may_change_its_type(applications, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(score.application_files, "BLOCK", 512)
    monkeypatch.setattr(score.application_files, "CHUNK", 2)
    many = pd.concat([applications] * 20, ignore_index=True)
    ref = ["1"] * (len(many) - 1) + ["X12"]
    note = [None] * (len(many) - 1) + ["late"]
    many = many.assign(ref=ref, note=note)
    many.to_csv(tmp_path / "a.csv", index=False)
    many.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        found = scored(tmp_path / name, folder)

        assert found["ref"].to_pylist() == ref
        assert found["note"].to_pylist() == note


@pytest.fixture
def many(applications, monkeypatch):
    """More rows than a block of the file holds."""
    monkeypatch.setattr(score.application_files, "BLOCK", 2_048)
    return pd.concat([applications] * 20, ignore_index=True)


@pytest.mark.parametrize("place", [0, 100])
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("1000,0.5", "row {row} has 2 fields, and the header {width}: a comma or a quote"),
        ('1000,"0.5', "a quote is"),
        ("1000,\xd1", "it is no CSV in UTF-8"),
    ],
)
def test_a_row_that_can_not_be_read_is_told_and_leaves_no_readable_answer(
    many, folder, tmp_path, place, broken, said
):
    lines = many.assign(lender="A" * 70).to_csv(index=False).splitlines()
    lines[place + 1] = broken if "\xd1" not in broken else lines[place + 1].replace("AAA", "\xd1")
    (tmp_path / "a.csv").write_bytes("\n".join(lines).encode("latin-1"))
    run = CliRunner().invoke(score.main, [str(tmp_path / "a.csv"), str(folder)])

    assert run.exit_code == 1
    assert "block size" not in run.stderr
    assert isinstance(run.exception, SystemExit)
    if not (place == 0 and "\xd1" in broken):  # in the first lines it is found with the header
        assert said.format(row=place + 1, width=len(many.columns)) in run.stderr
    with pytest.raises(pa.ArrowInvalid):
        pa.parquet.read_table(io.BytesIO(run.stdout_bytes))


def test_a_line_break_within_quotes_is_a_part_of_its_value(many, folder, tmp_path):
    notes = [f"first line of {n}\nand, its second" for n in range(len(many))]
    many.assign(note=notes).to_csv(tmp_path / "a.csv", index=False)
    found = scored(tmp_path / "a.csv", folder)

    assert found["note"].to_pylist() == notes
    assert found["probabilityOfDefault_Tradicional"].null_count == 0


def test_a_parquet_that_breaks_off_leaves_no_readable_answer(many, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(score.application_files, "CHUNK", 10)
    many.to_parquet(tmp_path / "whole.parquet", row_group_size=10, compression="gzip")
    body = bytearray((tmp_path / "whole.parquet").read_bytes())
    place = pa.parquet.read_metadata(tmp_path / "whole.parquet").row_group(6).column(0)
    body[place.data_page_offset : place.data_page_offset + 40] = bytes(40)
    (tmp_path / "a.parquet").write_bytes(body)
    run = CliRunner().invoke(score.main, [str(tmp_path / "a.parquet"), str(folder)])

    assert (run.exit_code, type(run.exception)) == (1, SystemExit)
    assert len(run.stdout_bytes) > 100
    with pytest.raises(pa.ArrowInvalid):
        pa.parquet.read_table(io.BytesIO(run.stdout_bytes))


def test_parquet_in_capitals_is_parquet(applications, folder, tmp_path):
    applications.to_parquet(tmp_path / "A.PARQUET")

    assert scored(tmp_path / "A.PARQUET", folder).num_rows == len(applications)
