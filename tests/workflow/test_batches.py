"""Files of real applications through the whole workflow."""

import csv
import io
import json
import time
from itertools import islice

import boto3
import pandas as pd
import pytest
import requests

from bank.first_run import body_of
from chalicelib.decisions.intake.batches.batch_ids import prediction_id
from tests.workflow.conftest import API_KEY

ANSWERED = ("decision", "decisionBasis", "score", "probabilityOfDefault")


@pytest.fixture(scope="module")
def bodies(loans):
    return [body_of(case) | {"clientId": f"batch-{n}"} for n, case in enumerate(islice(loans, 25))]


def as_lines(bodies) -> bytes:
    return "".join(json.dumps(body) + "\n" for body in bodies).encode()


def as_table(bodies, delimiter=",", end="\r\n") -> bytes:
    names = dict.fromkeys(n for body in bodies for n in body["application"])
    columns = ["clientId", "consents", *names]
    written = io.StringIO()
    table = csv.DictWriter(written, columns, delimiter=delimiter, lineterminator=end)
    table.writeheader()
    for body in bodies:
        consents = " ".join(body.get("consents", []))
        table.writerow({"clientId": body["clientId"], "consents": consents, **body["application"]})
    return written.getvalue().encode()


def as_parquet(bodies, **more) -> bytes:
    rows = [
        {"clientId": body["clientId"], "consents": body.get("consents", []), **body["application"]}
        for body in bodies
    ]
    written = io.BytesIO()
    pd.DataFrame(rows).assign(**more).to_parquet(written)
    return written.getvalue()


def asked(served, form: str, body: bytes) -> str:
    """A new batch whose file is uploaded."""
    answer = served.post({"format": form, "bytes": len(body)}, "/batches")
    assert answer.status_code == 200, answer.text
    upload = answer.json()["upload"]
    put = requests.put(upload["url"], data=body, headers=upload["headers"], timeout=30)
    assert put.status_code == 200, put.text
    return answer.json()["batchId"]


def started(served, batch: str) -> dict:
    answer = served.post({"batchId": batch}, "/batches")
    assert answer.status_code == 200, answer.text
    return ended(served, batch)


def ended(served, batch: str) -> dict:
    deadline = time.monotonic() + 60
    while (found := served.get(f"/batches/{batch}").json())["state"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    served.bank.cloud.idle(30)
    return found


def rows_of(found: dict, name: str = "decisions") -> list[dict]:
    body = requests.get(found["files"][name], timeout=30).content
    return [json.loads(line) for line in body.splitlines()]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("jsonl", as_lines),
        ("csv", as_table),
        ("parquet", as_parquet),
        ("csv", lambda bodies: b"\xef\xbb\xbf" + as_table(bodies, ";", "\n").rstrip(b"\n")),
    ],
    ids=[
        "jsonl",
        "csv",
        "parquet",
        "csv with a byte order mark, semicolons and no last line break",
    ],
)
def test_each_row_is_decided_as_predict_decides_it(served, bodies, form, written):
    found = started(served, batch := asked(served, form, written(bodies)))

    assert (found["state"], found["rows"]) == (
        "DONE",
        {"total": 25, "decided": 25, "refused": 0},
    )
    rows = rows_of(found)
    assert [row["row"] for row in rows] == [*range(1, 26)]
    for row, body in list(zip(rows, bodies, strict=True))[::6]:
        alone = served.post(body | {"clientId": "alone"}).json()
        assert {n: row[n] for n in ANSWERED} == {n: alone[n] for n in ANSWERED}
        stored = served.get(f"/predictions/{body['clientId']}/{row['predictionId']}").json()
        assert stored["reasons"] == alone["reasons"]
        assert stored["batch"] == {"batchId": batch, "row": row["row"]}
        assert row["predictionId"] == prediction_id(batch, row["row"])
    counted = {one: sum(row["decision"] == one for row in rows) for one in found["decisions"]}
    assert found["decisions"] == counted


def test_a_case_is_opened_for_each_decision_that_is_left_to_a_person(served, bodies):
    found = started(served, asked(served, "jsonl", as_lines(bodies)))
    queue = boto3.client("dynamodb")
    table = served.bank.settings.reviews_table
    cases = {one["predictionId"]["S"] for one in queue.scan(TableName=table)["Items"]}
    left = {row["predictionId"] for row in rows_of(found) if row["decision"] == "REVIEW"}

    assert left
    assert left <= cases


def test_a_broken_row_is_refused_by_its_number_and_the_others_are_decided(served, bodies):
    lines = as_lines(bodies[:5]).splitlines()
    lines[1] = b'{"clientId": "batch-1", "application": {"amount": '  # cut
    lines[3] = json.dumps(bodies[3] | {"application": {"salary": 1}}).encode()
    lines.insert(4, b"")
    found = started(served, asked(served, "jsonl", b"\n".join(lines)))

    assert found["rows"] == {"total": 5, "decided": 3, "refused": 2}
    assert [row["row"] for row in rows_of(found)] == [1, 3, 6]
    refused = rows_of(found, "refusals")
    assert [row["row"] for row in refused] == [2, 4]
    assert "application.salary" in {one["field"] for one in refused[1]["errors"]}
    assert "batch-" not in json.dumps(refused)


def test_two_rows_of_a_client_are_two_applications(served, bodies):
    twice = [bodies[0] | {"clientId": "twice"}] * 2
    first, second = rows_of(started(served, asked(served, "jsonl", as_lines(twice))))

    assert first["predictionId"] != second["predictionId"]
    page = served.get("/predictions/twice").json()["predictions"]
    assert {one["predictionId"] for one in page} == {first["predictionId"], second["predictionId"]}


def test_a_second_start_decides_no_row_twice(served, bodies):
    batch = asked(served, "jsonl", as_lines(bodies[:3]))
    found = started(served, batch)
    stored = served.stored()

    again = started(served, batch)
    assert again["endedAt"] == found["endedAt"]
    assert (again["attempts"], served.stored()) == (1, stored)
    assert rows_of(again) == rows_of(found)


def interrupt(served, batch: str, sent: bytes) -> None:
    """A fault: the batch has not ended, and the result of its first chunk was never written."""
    s3, bucket = boto3.client("s3"), served.bank.settings.data_bucket
    place = f"credit/batch/{batch}"
    names = [f"{place}/{n}" for n in ("summary.json", "decisions.jsonl", "refusals.jsonl")]
    names += [f"{place}/results/000000-200-0.jsonl"]
    for name in names:
        s3.delete_object(Bucket=bucket, Key=name)
        for one in s3.list_object_versions(Bucket=bucket, Prefix=name).get("Versions", []):
            s3.delete_object(Bucket=bucket, Key=name, VersionId=one["VersionId"])
    upload = f"credit/uploads/{batch}/rows.jsonl"
    version = s3.put_object(Bucket=bucket, Key=upload, Body=sent)["VersionId"]
    index = json.loads(s3.get_object(Bucket=bucket, Key=f"{place}/index.json")["Body"].read())
    index["source"]["version"] = version
    s3.put_object(Bucket=bucket, Key=f"{place}/index.json", Body=json.dumps(index).encode())


def test_a_start_after_a_fault_goes_on_with_the_rows_that_are_missing(served, bodies):
    """Of two chunks the first was decided, and its result was never written."""
    many = [bodies[n % 25] | {"clientId": f"fault-{n}"} for n in range(201)]
    batch = asked(served, "jsonl", as_lines(many))
    found = started(served, batch)
    before, stored = rows_of(found), served.stored()
    interrupt(served, batch, as_lines(many))

    broken = served.get(f"/batches/{batch}").json()
    assert (broken["state"], broken["rows"]["decided"]) == ("INTERRUPTED", 1)
    again = started(served, batch)
    assert (again["state"], again["attempts"]) == ("DONE", 2)
    assert rows_of(again) == before
    assert served.stored() == stored


def test_a_client_who_is_erased_while_a_batch_runs_is_not_decided_again(served, desk, bodies):
    """One client's chunk has a result, the other's chunk is decided again. A law keeps loans."""
    answers = [(body, served.post(body | {"clientId": "asked"}).json()) for body in bodies]
    declined = next(body for body, answer in answers if answer["decision"] != "APPROVE")
    many = [declined | {"clientId": f"erased-{n}"} for n in range(201)]
    batch = asked(served, "jsonl", as_lines(many))
    before = rows_of(started(served, batch))
    interrupt(served, batch, as_lines(many))
    for client in ("erased-7", "erased-200"):
        path, reason = f"/clients/{client}", {"reason": "CLIENT_REQUEST"}
        assert desk.ask("operator", "DELETE", path, params=reason).status_code == 200
    again = started(served, batch)
    refused = rows_of(again, "refusals")

    assert again["rows"] == {"total": 201, "decided": 199, "refused": 2}
    assert [(one["row"], one["reason"]) for one in refused] == [
        (8, "CLIENT_ERASED"),
        (201, "CLIENT_ERASED"),
    ]
    assert rows_of(again) == [one for one in before if one["row"] not in (8, 201)]
    for client in ("erased-7", "erased-200"):
        assert served.get(f"/predictions/{client}").json()["predictions"] == []


@pytest.mark.parametrize(
    ("form", "body", "why"),
    [
        ("csv", b"", None),
        ("csv", b"\n\n", "The first line must be the header"),
        ("csv", b"clientId,salary\n1,2\n", "The header has columns that are not asked for: salary"),
        ("csv", b"\x1f\x8b\x08" + b"\0" * 50, "The file is in gzip."),
        ("csv", "clientId,amount\n".encode("utf-16"), "The file is in UTF-16."),
        ("jsonl", b" \n\n", "The file has no rows."),
        ("jsonl", b"PAR1" + b"\0" * 50, "The file is in Parquet."),
        ("parquet", b"PAR1" + b"\0" * 50, "The file is not Parquet, or it is truncated."),
        ("parquet", as_parquet([{"clientId": "ana", "application": {"salary": 1}}]),
         "The header has columns that are not asked for: salary"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused_as_a_whole(served, form, body, why):
    if why is None:
        assert served.post({"format": form, "bytes": 0}, "/batches").status_code == 400
        return
    headers = {"x-api-key": API_KEY, "Accept-Language": "en"}
    new = served.post({"format": form, "bytes": len(body)}, "/batches", **headers).json()
    requests.put(new["upload"]["url"], data=body, headers=new["upload"]["headers"], timeout=30)
    spanish = started(served, new["batchId"])
    english = served.get(f"/batches/{new['batchId']}", **headers).json()

    assert english == spanish | {"detail": english["detail"]}
    assert (english["state"], english["language"]) == ("REFUSED", "en")
    assert english["detail"].startswith(why)
    assert spanish["detail"].split(" ")[0] in {"El", "La", "Las"}
    s3, bucket = boto3.client("s3"), served.bank.settings.data_bucket
    place = f"credit/uploads/{new['batchId']}/"
    assert s3.list_object_versions(Bucket=bucket, Prefix=place).get("Versions", []) == []


def test_what_was_sent_is_gone_when_the_batch_has_ended(served, bodies):
    batch = asked(served, "csv", as_table(bodies[:2]))
    started(served, batch)
    s3, bucket = boto3.client("s3"), served.bank.settings.data_bucket
    left = s3.list_object_versions(Bucket=bucket, Prefix=f"credit/uploads/{batch}/")
    kept = s3.list_objects_v2(Bucket=bucket, Prefix=f"credit/batch/{batch}/")["Contents"]
    texts = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in kept]

    assert left.get("Versions", []) == []
    assert not any(b"batch-0" in text or b"batch-1" in text for text in texts)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"format", "bytes"}),
        ([], {"body"}),
        ({"format": "xml", "bytes": 10}, {"format"}),
        ({"format": "csv", "bytes": True}, {"bytes"}),
        ({"format": "csv", "bytes": (1 << 30) + 1}, {"bytes"}),
        ({"format": "csv", "bytes": 1, "key": "other/file"}, {"key"}),
        ({"batchId": "../request"}, {"batchId"}),
        ({"batchId": 7}, {"batchId"}),
        ({"batchId": "0" * 32, "format": "csv"}, {"format"}),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_its_fields(served, body, fields):
    answer = served.post(body, "/batches")

    assert answer.status_code == 400
    assert {one["field"] for one in answer.json()["errors"]} == fields


def test_a_batch_that_is_not_there_or_has_no_file_is_a_problem(served):
    waiting = served.post({"format": "csv", "bytes": 1 << 30}, "/batches").json()

    assert waiting["state"] == "WAITING"
    for path in ("/batches/" + "0" * 32, "/batches/other", "/batches/..%2Frequest"):
        assert served.get(path).status_code == 404
    assert served.post({"batchId": "0" * 32}, "/batches").status_code == 404
    empty = served.post({"batchId": waiting["batchId"]}, "/batches")
    assert (empty.status_code, empty.json()["type"]) == (409, "urn:problem:batch-not-uploaded")
