"""Snapshots from real loans: what is taken, what matures, what is told of what is wrong."""

import io
import json
from datetime import UTC, datetime

import boto3
import pandas as pd
import pytest

from chalicelib.decisions.outcome_id import outcome_id
from datasets import sba
from tests.training.collected import AT, BUCKET, DAY, KEY, TRUSTED, emptied, tell
from training import collect
from training.collecting import new_data
from training.collecting.collect_decisions import apart
from training.snapshots import snapshot


def ids_told(place, number=1):
    return [
        o["predictionId"] for o in place.predictions.outcomes(f"client-{number}", f"{number:032x}")
    ]


def test_new_loans_come_beside_those_of_the_snapshot_before(place, first, later):
    place.drop("2005.csv", later)
    manifest = place.run("20261124T100000")
    files, rows = place.files("20261124T100000"), place.rows("20261124T100000")

    assert files["part-applications.parquet"] == first
    new = rows.tail(len(later))
    assert (new["defaulted"] == later["defaulted"].astype(float).to_numpy()).all()
    assert (manifest["newRows"], manifest["wrongRows"]) == (len(later), 0)
    assert manifest["newBads"] == int(later["defaulted"].sum()) > 0
    assert manifest["rows"] == int(rows["defaulted"].notna().sum())
    assert manifest["window"] == {
        "from": str(rows["approvalDate"].min().date()),
        "to": str(rows["approvalDate"].max().date()),
    }
    assert [source["key"] for source in manifest["sources"]] == ["credit/newData/2005.csv"]


def test_a_model_learns_from_it(place, bank, later, tmp_path):
    place.drop("2005.csv", later)
    place.run("20261124T100000")
    for name, body in place.files("20261124T100000").items():
        (tmp_path / name).write_bytes(body)
    model = bank.model("NetworkingAccelerator")
    learning = snapshot.prepare(snapshot.read(tmp_path, bank, model), bank, model)

    assert learning.holdout.window["to"] == str(later["approvalDate"].max().date())


def test_the_same_inputs_give_the_same_bytes(cloud, bank, first, later, cases):
    found = []
    for _ in range(2):
        place = emptied(bank, first)
        place.drop("2005.csv", later)
        for number, case in enumerate(cases, start=1):
            place.decide(case, number)
        tell(place, 1, "defaulted", DAY, AT)
        place.run("20261124T100000")
        found.append(place.files("20261124T100000"))

    assert found[0] == found[1]


def test_a_whole_snapshot_is_never_written_over_and_a_half_one_is_finished(place, later):
    place.drop("2005.csv", later)
    place.run("20261124T100000")
    whole = place.files("20261124T100000")
    place.drop("more.csv", later.assign(amount=later["amount"] + 1))
    place.run("20261124T100000")
    assert place.files("20261124T100000") == whole

    boto3.client("s3").delete_object(
        Bucket=BUCKET, Key="credit/snapshots/20261124T100000/manifest.json"
    )
    assert place.run("20261124T100000")["newRows"] == 2 * len(later)


def test_a_label_counts_once_it_has_matured(place, later):
    loan = later.head(1).assign(approvalDate=pd.Timestamp("2024-01-31"), defaultDate=pd.NaT)
    place.drop("young.csv", loan.assign(defaulted=0))
    young = place.run("20261124T100000")

    assert (young["newRows"], young["waiting"], young["nextMatures"]) == (0, 1, "2027-01-31")
    assert place.rows("20261124T100000")["defaulted"].isna().iloc[-1]
    day_before = place.run(
        "20270130T100000", "20261124T100000", datetime(2027, 1, 30, 10, tzinfo=UTC)
    )
    assert day_before["newRows"] == 0
    mature = place.run("20270131T100000", "20261124T100000", datetime(2027, 1, 31, 10, tzinfo=UTC))
    assert (mature["newRows"], mature["newBads"], mature["waiting"]) == (1, 0, 0)
    assert mature["nextMatures"] is None


def test_a_loan_still_open_is_not_a_good_loan(place, later):
    place.drop("open.csv", later.head(5).assign(defaulted=None, defaultDate=None))
    manifest = place.run("20261124T100000")

    assert (manifest["newRows"], manifest["waiting"]) == (0, 0)
    assert place.rows("20261124T100000").tail(5)["defaulted"].isna().all()


@pytest.mark.parametrize(("when", "bad"), [("2007-01-31", 1), ("2007-02-01", 0)])
def test_a_default_counts_until_the_last_day_of_the_months(place, later, when, bad):
    loan = later.head(1).assign(approvalDate="2004-01-31", defaultDate=when, defaulted=bad)
    place.drop("one.csv", loan)

    assert place.run("20261124T100000")["newBads"] == bad
    assert place.rows("20261124T100000")["defaulted"].iloc[-1] == bad


def test_what_is_told_of_a_decision_becomes_a_row_without_its_client(place, cases, later):
    place.decide(cases[0], 1, at="2023-01-15T10:00:00.000Z")
    tell(place, 1, "defaulted", "2024-02-01", AT)
    manifest = place.run("20261124T100000")
    row = place.rows("20261124T100000").iloc[-1]

    assert (manifest["newRows"], manifest["newBads"]) == (1, 1)
    assert (row["row"], row["defaulted"]) == (f"{1:032x}", 1)
    assert str(row["approvalDate"].date()) == "2023-01-15"
    assert str(row["defaultDate"].date()) == "2024-02-01"
    for name, value in cases[0]["application"].items():
        assert row[name] == value
    assert not any(b"client-1" in body for body in place.files("20261124T100000").values())


def test_a_correction_changes_the_label_and_counts_as_new(place, cases):
    place.decide(cases[0], 1, at="2023-01-15T10:00:00.000Z")
    tell(place, 1, "paid", "2024-02-01", datetime(2026, 11, 23, tzinfo=UTC))
    place.run("20261124T100000")
    tell(place, 1, "defaulted", "2024-02-01", datetime(2026, 11, 25, tzinfo=UTC))
    corrected = place.run("20261201T100000", "20261124T100000", datetime(2026, 12, 1, tzinfo=UTC))
    rows = place.rows("20261201T100000")

    assert (corrected["newRows"], corrected["newBads"]) == (1, 1)
    assert rows[rows["row"] == f"{1:032x}"]["defaulted"].tolist() == [1]


def test_what_is_told_after_the_snapshots_time_comes_with_the_next(place, cases):
    place.decide(cases[0], 1, at="2023-01-15T10:00:00.000Z")
    tell(place, 1, "paid", "2024-02-01", datetime(2026, 11, 24, 10, 0, 1, tzinfo=UTC))

    assert place.run("20261124T100000")["newRows"] == 0
    later = datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert place.run("20261124T110000", "20261124T100000", later)["newRows"] == 1


def test_a_file_of_outcomes_is_told_to_the_table_as_the_route_would(place, cases):
    for number in (1, 2, 3):
        place.decide(cases[number], number, at="2023-01-15T10:00:00.000Z")
    tell(place, 2, "paid", "2024-02-01", AT, source=KEY)
    said = [
        ("client-1", f"{1:032x}", "defaulted", "2024-02-01"),
        ("client-2", f"{2:032x}", "paid", "2024-02-01"),  # was told by the route
        ("client-3", f"{2:032x}", "paid", "2024-02-01"),  # another's
        ("client-3", f"{3:032x}", "late", "2026-11-25"),
        ("client-3", f"{3:032x}", "paid", "2023-01-14"),
    ]
    frame = pd.DataFrame(said, columns=new_data.OF_DECISIONS)
    place.drop("told.csv", frame)
    manifest = place.run("20261124T100000")

    assert (manifest["newRows"], manifest["newBads"], manifest["wrongRows"]) == (2, 1, 3)
    file = "credit/newData/told.csv"
    assert place.report("20261124T100000")["wrong"] == [
        {"file": file, "row": 3, "what": "there is no such decision"},
        {
            "file": file,
            "row": 4,
            "what": "outcome must be one of paid, defaulted; when must not be in the future",
        },
        {"file": file, "row": 5, "what": "when is before the decision"},
    ]
    before = ids_told(place)
    tell(place, 1, "defaulted", "2024-02-01", datetime(2026, 11, 25, tzinfo=UTC))
    assert len(before) == 1
    assert ids_told(place) == before
    assert len(ids_told(place, 2)) == 2  # the bank's word beside the caller's, which it confirms
    name = outcome_id(f"{1:032x}", "defaulted", "2024-02-01", "", TRUSTED)
    assert before == [f"outcome#{name}"]


def test_a_file_read_again_after_a_failure_takes_back_no_correction(place, cases):
    place.decide(cases[0], 1, at="2023-01-15T10:00:00.000Z")
    row = ("client-1", f"{1:032x}", "paid", "2024-02-01")
    place.drop("told.csv", pd.DataFrame([row], columns=new_data.OF_DECISIONS))
    place.run("20261124T100000")
    tell(place, 1, "defaulted", "2024-02-01", datetime(2026, 11, 24, 11, tzinfo=UTC))
    again = place.run("20261124T120000", at=datetime(2026, 11, 24, 12, tzinfo=UTC))

    assert len(ids_told(place)) == 2
    assert again["newBads"] == 1


def test_the_same_loans_in_another_file_are_not_taken_twice(place, later):
    place.drop("november.csv", later)
    place.drop("copy.csv", later)
    first = place.run("20261124T100000")
    place.drop("december.csv", pd.concat([later, later.tail(1)]))
    at = datetime(2026, 12, 1, tzinfo=UTC)
    second = place.run("20261201T100000", "20261124T100000", at)

    assert first["newRows"] == len(later)
    assert place.report("20261124T100000")["wrong"] == [
        {
            "file": "credit/newData/november.csv",
            "row": 0,
            "what": "it was taken before, as credit/newData/copy.csv",
        }
    ]
    assert second["newRows"] == 1  # twins in one file are two loans


def test_each_wrong_row_is_told_without_what_it_holds_and_the_rest_is_taken(place, later):
    rows = later.head(6).astype(object).reset_index(drop=True)
    rows.loc[0, "amount"] = -5
    rows.loc[1, ["employees", "state"]] = [2.5, "new jersey"]
    rows.loc[2, "approvalDate"] = "soon"
    rows.loc[3, ["defaulted", "defaultDate"]] = [1, "2026-01-01"]
    rows.loc[4, "defaulted"] = 7
    place.drop("wrong.csv", rows)
    place.drop("half.csv", rows[["amount", "defaulted"]])
    place.drop("note.txt", b"hello")
    place.drop("broken.parquet", b"PAR1")
    manifest = place.run("20261124T100000")
    report = place.report("20261124T100000")
    what = {(one["file"].rpartition("/")[2], one["row"]): one["what"] for one in report["wrong"]}

    assert manifest["newRows"] == 1
    assert manifest["wrongRows"] == len(what) == 8
    assert what["wrong.csv", 1] == "amount must be 100 or more"
    assert what["wrong.csv", 2] == "employees must be a whole number; state must match [A-Z]{2}"
    assert what["wrong.csv", 3] == "approvalDate must be a date; approvalDate is required"
    assert what["wrong.csv", 4] == "defaulted is 1, and the default came after 36 months"
    assert what["wrong.csv", 5] == "defaulted must be 1, 0 or empty"
    assert "lacks approvalDate, guaranteeShare, employees" in what["half.csv", 0]
    assert what["note.txt", 0] == "its name ends neither in .csv nor in .parquet"
    assert what["broken.parquet", 0].startswith("it can't be read")
    assert "jersey" not in json.dumps(report)
    assert report["files"][2:] == [
        {"file": "credit/newData/note.txt", "taken": 0, "wrong": 1},
        {"file": "credit/newData/wrong.csv", "taken": 1, "wrong": 5},
    ]


def test_parquet_is_read_as_csv_is(place, later):
    body = io.BytesIO()
    later.to_parquet(body, index=False)
    place.put("credit/newData/loans.parquet", body.getvalue())
    place.drop("loans.csv", later)

    assert place.run("20261124T100000")["newRows"] == len(later)


def test_the_newest_decisions_are_there_for_the_swap_set(place, cases):
    for number in range(1, 6):
        place.decide(cases[number], number, at=f"2023-11-2{number + 1}T09:00:00.000Z")
    tell(place, 3, "defaulted", "2024-11-01", AT)
    tell(place, 4, "paid", "2026-11-23", AT)  # in a day
    place.run("20261124T100000")
    decisions = pd.read_parquet(io.BytesIO(place.files("20261124T100000")["decisions.parquet"]))

    assert decisions["predictionId"].tolist() == [f"{n:032x}" for n in (5, 4, 3)]
    assert decisions["outcome"].tolist() == [None, None, "defaulted"]
    assert json.loads(decisions["application"][0]) == cases[5]["application"]
    assert json.loads(decisions["models"][0])["Tradicional"]["probabilityOfDefault"] == 0.05
    assert "clientId" not in decisions.columns


def test_a_flood_of_equal_applications_pushes_no_decision_out(place, cases):
    """Four applications, 55 times each and of as many clients, come after two others."""
    for number in range(1, 3):
        place.decide(cases[number], number, at="2023-11-20T09:00:00.000Z")
    for number in range(3, 223):
        place.decide(cases[3 + number % 4], number, at="2023-11-21T09:00:00.000Z")
    place.run("20261124T100000", recent=60)
    decisions = pd.read_parquet(io.BytesIO(place.files("20261124T100000")["decisions.parquet"]))

    assert len(decisions) == 6
    assert {f"{1:032x}", f"{2:032x}"} < {*decisions["predictionId"]}


@pytest.mark.parametrize(
    ("wanted", "flood", "others"), [(3, 29, 1), (3, 30, 0)], ids=["as many are read", "one more"]
)
def test_the_job_reads_so_many_decisions_for_each_that_is_wanted(
    place, cases, wanted, flood, others
):
    place.decide(cases[1], 1, at="2023-11-20T09:00:00.000Z")
    for number in range(2, 2 + flood):
        place.decide(cases[2], number, at="2023-11-21T09:00:00.000Z")
    place.run("20261124T100000", recent=wanted)
    decisions = pd.read_parquet(io.BytesIO(place.files("20261124T100000")["decisions.parquet"]))

    assert len(decisions) == 1 + others


@pytest.mark.parametrize(("count", "kept"), [(5, 5), (6, 5), (57, 5)])
def test_so_many_decisions_of_one_client_are_for_the_swap_set(count, kept):
    decisions = [{"clientId": "ana", "application": {"amount": n}} for n in range(count)]
    found = [*apart([*decisions, {"clientId": "eva", "application": {"amount": -1}}])]

    assert found == [*decisions[:kept], {"clientId": "eva", "application": {"amount": -1}}]


@pytest.mark.parametrize(("at", "new", "matures"), [(25, 0, "2026-11-26"), (26, 1, None)])
def test_what_is_told_of_a_decision_counts_from_the_very_day_on_which_it_matures(
    place, cases, at, new, matures
):
    place.decide(cases[0], 1, at="2023-11-26T23:59:59.999Z")
    tell(place, 1, "paid", "2024-02-01", AT)
    manifest = place.run("20261126T100000", at=datetime(2026, 11, at, tzinfo=UTC))

    assert (manifest["newRows"], manifest["nextMatures"]) == (new, matures)


def edited(rows, row, edit):
    """A CSV with one line changed; row 1 is the first after the header."""
    lines = rows.to_csv(index=False).splitlines()
    lines[row] = edit(lines[row])
    return "\n".join(lines).encode()


def test_a_comma_at_the_end_of_each_row_moves_no_column(place, later):
    lines = later.to_csv(index=False).splitlines()
    place.drop("comma.csv", "\n".join([lines[0], *(f"{line}," for line in lines[1:])]).encode())
    manifest = place.run("20261124T100000")

    assert (manifest["newRows"], manifest["wrongRows"]) == (len(later), 0)
    new = place.rows("20261124T100000").tail(len(later))
    assert (new["amount"] == later["amount"].astype(float).to_numpy()).all()


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda line: "1," + line, "it has 16 fields, and the header 15"),
        (lambda line: line.rpartition(",")[0], "it has 14 fields, and the header 15"),
        (lambda line: '"' + line, "a quote in it is not closed, or stands where none may"),
        (lambda line: line[:-1] + ',"', "a quote in it is not closed, or stands where none may"),
    ],
)
def test_a_broken_row_of_a_csv_is_told_by_its_number_and_the_rest_is_taken(
    place, later, edit, what
):
    columns = len(later.columns)
    what = what.replace("16", str(columns + 1)).replace("14", str(columns - 1))
    place.drop("one.csv", edited(later, 7, edit))
    manifest = place.run("20261124T100000")

    assert place.report("20261124T100000")["wrong"] == [
        {"file": "credit/newData/one.csv", "row": 7, "what": what.replace("15", str(columns))}
    ]
    assert manifest["newRows"] == len(later) - 1


def test_blank_lines_move_no_number_and_a_quoted_line_break_is_one_row(place, later):
    rows = later.head(4).astype(object).reset_index(drop=True).assign(note='two\nlines, "one" row')
    rows.loc[3, "amount"] = -1
    lines = rows.to_csv(index=False).encode().split(b"\n")
    place.drop("blank.csv", b"\n".join([b"", lines[0], b"", *lines[1:3], b"  ", *lines[3:], b""]))
    place.run("20261124T100000")

    assert place.report("20261124T100000")["wrong"] == [
        {"file": "credit/newData/blank.csv", "row": 6, "what": "amount must be 100 or more"}
    ]


def test_a_file_that_nobody_foresaw_is_refused_and_stops_no_other(place, cases, later):
    place.decide(cases[0], 1, at="2023-01-15T10:00:00.000Z")
    told = [("client-1", f"{1:032x}", "paid", "2024-02-01"), ("x" * 3000, "y", "paid", DAY)]
    place.drop("told.csv", pd.DataFrame(told, columns=new_data.OF_DECISIONS))
    nested = later.head(2).assign(amount=[{"a": 1}, {"a": 2}], state=[["NJ"], ["NY"]])
    bodies = {"empty.csv": b"", "semicolons.csv": later.to_csv(index=False, sep=";").encode()}
    bodies |= {"latin.csv": "año,client-1\n".encode("latin-1"), "twice.csv": b"a,a\n1,2\n"}
    for name, body in bodies.items():
        place.drop(name, body)
    place.put("credit/newData/nested.parquet", nested.to_parquet(index=False))
    place.drop("whole.csv", later)
    manifest = place.run("20261124T100000")
    report = place.report("20261124T100000")
    what = {(one["file"].rpartition("/")[2], one["row"]): one["what"] for one in report["wrong"]}

    assert manifest["newRows"] == len(later) + 1
    assert what["empty.csv", 0] == "it can't be read: it is empty"
    assert "separated by semicolons" in what["semicolons.csv", 0]
    assert what["latin.csv", 0] == "it can't be read: UnicodeDecodeError"
    assert what["twice.csv", 0].endswith("two of its columns have the same name")
    assert what["told.csv", 2] == "clientId must be 1 to 64 characters"
    assert any(file == "nested.parquet" for file, _ in what)
    assert manifest["wrongRows"] == len(what)
    assert "client-1" not in json.dumps(report)


def test_a_failure_that_nobody_foresaw_is_told_without_what_it_holds(
    place, monkeypatch, tmp_path, capsys
):
    given = {"version": "20261124T100000", "at": AT.isoformat(), "previous": "2005-06-30"}
    given |= {"bucket": BUCKET, "table": "client-1", "profile": str(sba.PROFILE.parent)}
    given |= {"message": str(tmp_path / "output" / "message")}
    told = [part for name, value in given.items() for part in (f"--{name}", value)]
    monkeypatch.setattr("sys.argv", ["collect.py", *told])

    assert collect.main() == 1
    reason = (tmp_path / "output" / "message").read_text()
    assert reason == "ResourceNotFoundException ResourceNotFoundException: see the job's log"
    assert "client-1" not in capsys.readouterr().err


def test_vintages_count_decisions_by_month_and_what_became_of_them(place, cases):
    place.decide(cases[0], 1, at="2023-01-15T10:00:00.000Z", expected=0.04)
    place.decide(cases[1], 2, at="2023-01-16T10:00:00.000Z", expected=0.9)
    place.decide(cases[2], 3, at="2023-01-17T10:00:00.000Z", kind="REVIEW")
    place.decide(cases[3], 4, at="2026-11-24T09:00:00.000Z")
    tell(place, 1, "defaulted", "2024-02-01", AT)
    tell(place, 3, "paid", "2024-02-01", AT, granted="2023-01-20")
    tell(place, 4, "defaulted", DAY, AT)
    place.run("20261124T100000")
    place.decide(cases[4], 5, at="2026-11-24T09:59:59.999Z")  # was stored late
    place.decide(cases[5], 6, at="2026-11-30T10:00:00.000Z", kind="REVIEW")
    place.run("20261201T100000", "20261124T100000", datetime(2026, 12, 1, tzinfo=UTC))
    months = json.loads(place.files("20261201T100000")["vintages.json"])["months"]

    curve = months[0].pop("approvedDefaults")
    assert curve == [0] * 12 + [1] * 34  # it defaulted in its 13th month; 46 are over
    assert months[1]["approvedDefaults"] == []  # of a loan that is days old nothing is known yet
    approved = {"decisions": 2, "matured": 1, "bads": 1, "defaultRate": 1.0}
    granted = {"decisions": 1, "matured": 1, "bads": 0, "defaultRate": 0.0}
    shown = months[0]["byDecision"]
    assert {kind: one.pop("expected") for kind, one in shown.items()} == {
        "APPROVE": 0.04,
        "REVIEW": None,
    }
    assert months[0] == {
        "month": "2023-01",
        "decisions": 3,
        "approved": 2,
        "matured": 2,
        "bads": 1,
        "byDecision": {"APPROVE": approved, "REVIEW": granted},
    }
    assert [month["month"] for month in months] == ["2023-01", "2026-11"]
    assert (months[1]["decisions"], months[1]["approved"], months[1]["matured"]) == (3, 2, 0)


def test_without_a_snapshot_before_it_is_what_was_told(place, later):
    place.drop("2005.csv", later)
    manifest = place.run("20261124T100000", previous="")

    assert (manifest["rows"], manifest["previous"]) == (len(later), "")


def test_a_snapshot_before_that_is_not_there_is_told(place):
    with pytest.raises(collect.NoSnapshot, match="credit/snapshots/2001/ holds no"):
        place.run("20261124T100000", previous="2001")


def test_an_outcome_that_the_index_does_not_show_yet_comes_with_the_next_snapshot(
    cloud, place, cases
):
    place.decide(cases[0], 1, at="2023-01-15T10:00:00.000Z")
    place.run("20261124T100000")
    cloud.kept.index_lag.seconds = 60
    try:
        tell(place, 1, "paid", "2024-02-01", datetime(2026, 11, 24, 10, 30, tzinfo=UTC))
        at = datetime(2026, 11, 24, 11, tzinfo=UTC)
        behind = place.run("20261124T110000", "20261124T100000", at)
    finally:
        cloud.kept.index_lag.seconds = 0
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    caught_up = place.run("20261124T120000", "20261124T110000", at)

    assert (behind["newRows"], caught_up["newRows"]) == (0, 1)
