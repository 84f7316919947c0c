"""An erasure on the embedded cloud: killed at each step, it goes on, and the evidence stands."""

import json
import time
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.decisions import day_index
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.errors import PredictionNotFound, TableUnavailable
from chalicelib.foundation.record_salt import ERASURE_OF, ERASURES
from chalicelib.foundation.text import Text
from chalicelib.governance.erasure import client_erasure, erasure_sweep
from chalicelib.governance.erasure.decision_files import DecisionFiles
from chalicelib.governance.erasure.erasure_table import STEP, ErasureTable
from chalicelib.governance.evidence import record_digest
from chalicelib.governance.evidence.record_log import RecordLog
from chalicelib.governance.reviews.review_queue import ReviewQueue
from chalicelib.profile import Retained, Retention
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud

TABLE, QUEUE = "dev-appvengers-PrediccionesCredito", "dev-appvengers-Revisiones"
DATA = "dev-appvengers-data"
CLIENT, PLANTED = "ana-7731", "planted-5093"
LAW = Text(es="Ley", en="Law")
LOANS_STAY = Retention(Retained(LAW, 3650, "keep"), Retained(LAW))
NONE_STAYS = Retention(Retained(LAW, 3650, "pseudonymise"), Retained(LAW))
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
EVENT = {"clientId": CLIENT, "reason": "CLIENT_REQUEST", "by": {"sub": "s", "username": "op"}}
ALL = [(2, 0), (3, 0), (3, None), (2, None)]  # loans, decisions, claims, cases
REPORT = "credit/reports/20261101T000000/Tradicional/decisions.jsonl"
FILE = "credit/snapshots/20261101T000000/decisions.parquet"


class Killed(BaseException):
    """The end of a process: nothing catches it."""


class KilledAt:
    """A client whose process dies at the n-th write, before or after AWS has done it."""

    def __init__(self, client, at, *, done):
        self._client, self._left, self._done = client, at, done

    def __getattr__(self, name):
        real = getattr(self._client, name)
        return self._counted(real) if name in ("put_item", "transact_write_items") else real

    def _counted(self, real):
        def call(**asked):
            self._left -= 1
            if self._left == 0 and not self._done:
                raise Killed
            answer = real(**asked)
            if self._left == 0:
                raise Killed
            return answer

        return call


@pytest.fixture(scope="module")
def cloud():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("dynamodb")


@pytest.fixture
def client(cloud):
    for item in cloud.scan(TableName=TABLE)["Items"]:
        cloud.delete_item(TableName=TABLE, Key=key_of(item))
    for case in cloud.scan(TableName=QUEUE)["Items"]:
        cloud.delete_item(TableName=QUEUE, Key=key_of(case))
    plant(cloud, CLIENT)
    plant(cloud, "other")
    return cloud


def key_of(item):
    return {name: item[name] for name in ("clientId", "predictionId")}


def plant(client, client_id):
    table, queue = PredictionTable(client, TABLE), ReviewQueue(client, QUEUE)
    planted = PLANTED if client_id == CLIENT else "x"
    for number, decided in (("0a", "APPROVE"), ("0b", "DECLINE"), ("0c", "REVIEW")):
        name = f"{number}{client_id}"
        table.add(
            {
                "clientId": client_id,
                "predictionId": name,
                "createdAt": "2026-11-24T09:30:00.000Z",
                "decision": decided,
                "decisionBasis": "SCORE",
                "application": {"lender": planted, "amount": 5},
                "models": {"Tradicional": {"status": "OK", "score": 600}},
            }
        )
        claim = {"claimedId": name, "applicationHash": "h", "createdAt": "2026-11-29T11:59:59.000Z"}
        table.claim(client_id, f"k{name}", claim)
    told = {"of": f"0a{client_id}", "outcome": "paid", "when": "2026-11-25"}
    table.add_outcome(client_id, f"0a{client_id}#1", told | {"toldAt": "2026-11-25T01:00:00.000Z"})
    act = {"at": "2026-11-25T02:00:00.000Z", "verdict": "DECLINE", "text": planted}
    table.add_act(client_id, f"0c{client_id}", 1, act)
    for number, kind in (("0a", "CONTEST"), ("0c", "REVIEW")):
        case = {"clientId": client_id, "predictionId": f"{number}{client_id}", "kind": kind}
        queue.open(case | {"openedAt": "2026-11-24", "dueAt": "2026-11-26"})


def erase(client, retention=NONE_STAYS, table=None):
    files = DecisionFiles(boto3.client("s3"), DATA)
    tables = table or ErasureTable(client, TABLE, QUEUE)
    return client_erasure.erase(EVENT, retention, tables, files, NOW)


def evidence(client):
    log = RecordLog(client, TABLE)
    records = [*log.of_day("2026-11-24"), *log.of_day("2026-11-25")]
    return {one["predictionId"]: record_digest.digest(one) for one in records}


def erasures(client):
    """Return the records of erasures, without the marks of what they erased."""
    stored = (one for one in found(client, ERASURES) if one["clientId"]["S"] == ERASURES)
    beside = (ERASURE_OF, "sweep#")
    return [one for one in stored if not one["predictionId"]["S"].startswith(beside)]


def found(client, text, table=TABLE):
    return [one for one in client.scan(TableName=table)["Items"] if text in json.dumps(one)]


def counts(answer):
    return [
        (one.get("pseudonymised", one.get("erased")), one.get("kept")) for one in answer["classes"]
    ]


def test_nothing_of_the_client_is_found_and_every_digest_stands(client):
    before = evidence(client)
    answer = erase(client)

    assert counts(answer) == ALL
    assert len(before) == 10
    assert evidence(client) == before
    assert not found(client, PLANTED)
    assert not [one for one in found(client, CLIENT) if one["clientId"]["S"] == CLIENT]
    assert len(found(client, '"other"')) == 8
    assert (len(found(client, CLIENT, QUEUE)), len(found(client, "other", QUEUE))) == (0, 2)


def test_the_kept_part_is_under_a_pseudonym_that_nothing_leads_to(client):
    erase(client)
    kept = [one for one in found(client, "personalDigest") if "decision" in one]
    (erasure,) = erasures(client)

    assert len(kept) == 3
    assert all(one["clientId"]["S"].startswith("erased#") for one in kept)
    assert not any("evidenceSalt" in one for one in kept)
    assert "pseudonym" not in erasure
    assert CLIENT not in json.dumps(erasure)
    assert (erasure["reason"]["S"], erasure["by"]["M"]["sub"]["S"]) == ("CLIENT_REQUEST", "s")


def test_each_erased_record_has_a_mark_in_the_day_of_its_erasure_that_names_no_client(client):
    before = {f"0{number}{CLIENT}" for number in "abc"}
    erase(client)
    of_today = [*RecordLog(client, TABLE).of_day(NOW.date().isoformat())]
    marks = [one for one in of_today if one["predictionId"].startswith(ERASURE_OF)]

    assert {one["predictionId"].removeprefix(ERASURE_OF) for one in marks} > before
    assert len(marks) == 5
    assert all({*one} == {"clientId", "predictionId", "day"} for one in marks)
    assert {one["clientId"] for one in marks} == {ERASURES}
    assert len([one for one in of_today if one["predictionId"].startswith("erasure#")]) == 1


def test_two_erasures_of_a_client_at_once_are_one(client):
    tables = ErasureTable(client, TABLE, QUEUE)
    order = {"at": "2026-11-29T11:00:00.000Z", "reason": "CLIENT_REQUEST", "by": {"sub": "s"}}
    first = tables.begin(CLIENT, order)

    assert tables.begin(CLIENT, order | {"at": "2026-11-29T11:00:01.000Z"}) == first
    answer = erase(client)
    assert counts(answer) == ALL
    assert answer["at"] == first["at"]
    assert tables.finish(first, {}, NOW)["predictionId"].startswith("erasure#")
    assert len(erasures(client)) == 1


def test_an_unfinished_erasure_is_known_by_its_order_and_a_finished_one_is_not(client):
    tables = ErasureTable(client, TABLE, QUEUE)
    order = {"at": "2026-11-29T11:00:00.000Z", "reason": "CLIENT_REQUEST", "by": {"sub": "s"}}
    tables.begin(CLIENT, order)

    begun = datetime(2026, 11, 29, 11, tzinfo=UTC)
    assert [*tables.unfinished(begun - timedelta(milliseconds=1))] == []
    (unfinished,) = tables.unfinished(begun)
    assert unfinished == {"clientId": CLIENT, "reason": "CLIENT_REQUEST", "by": {"sub": "s"}}
    erase(client)
    assert [*tables.unfinished(NOW)] == []


def test_a_sweep_finds_what_came_late_and_then_is_over(client):
    erase(client)
    plant(client, CLIENT)  # as if all of it had been under way
    tables, late = ErasureTable(client, TABLE, QUEUE), PredictionTable(client, TABLE)
    files, queue = DecisionFiles(boto3.client("s3"), DATA), ReviewQueue(client, QUEUE)
    at = NOW + timedelta(hours=1)
    parts = (NONE_STAYS, tables, files, late, queue, at)

    done = erasure_sweep.run({"watch": at.isoformat()}, *parts)
    assert done == {"finished": 0, "swept": 1, "late": 0}
    assert not found(client, PLANTED)
    assert not [one for one in found(client, CLIENT) if one["clientId"]["S"] == CLIENT]
    assert len(erasures(client)) == 2
    later = at + timedelta(hours=2)
    assert [*tables.to_sweep(later)] == []  # a repeat needs no sweep


def test_a_sweep_for_whom_only_what_a_law_keeps_is_there_is_no_erasure(client):
    erase(client, LOANS_STAY)
    tables, late = ErasureTable(client, TABLE, QUEUE), PredictionTable(client, TABLE)
    files, queue = DecisionFiles(boto3.client("s3"), DATA), ReviewQueue(client, QUEUE)
    at = NOW + timedelta(hours=1)
    parts = (LOANS_STAY, tables, files, late, queue, at)

    assert erasure_sweep.run({"watch": at.isoformat()}, *parts)["swept"] == 1
    assert len(erasures(client)) == 1
    assert [*tables.to_sweep(at)] == []


def test_a_client_who_came_back_keeps_what_came_after_the_erasure(client):
    erase(client)
    new = {"clientId": CLIENT, "predictionId": "0d", "createdAt": "2026-11-29T12:00:00.001Z",
           "decision": "DECLINE", "application": {}, "models": {}}  # fmt: skip
    PredictionTable(client, TABLE).add(new)
    again = EVENT | {"until": "2026-11-29T12:00:00.000Z"}
    files = DecisionFiles(boto3.client("s3"), DATA)
    client_erasure.erase(again, NONE_STAYS, ErasureTable(client, TABLE, QUEUE), files, NOW)

    assert PredictionTable(client, TABLE).get(CLIENT, "0d")["decision"] == "DECLINE"


def test_a_record_of_after_midnight_has_no_mark_of_the_day_before(client):
    late = datetime(2026, 11, 29, 23, 59, 59, 999_000, tzinfo=UTC)
    tables = ErasureTable(client, TABLE, QUEUE)

    class UntilMidnight(ErasureTable):
        def records(self, client_id):
            time.sleep(0.01)  # the records come after midnight
            return super().records(client_id)

    slow, files = UntilMidnight(client, TABLE, QUEUE), DecisionFiles(boto3.client("s3"), DATA)
    client_erasure.erase(EVENT, NONE_STAYS, slow, files, late)

    stored = [*tables._query(TABLE, ERASURES)]
    days = {one["day"].split("#")[1] for one in stored if "day" in one}
    assert days == {"2026-11-30"}


def test_a_loan_stays_whole_with_its_outcome_and_the_answer_says_until_when(client):
    answer = erase(client, LOANS_STAY)
    loans, decisions, claims, cases = answer["classes"]

    assert (loans["kept"], loans["pseudonymised"], loans["until"]) == (2, 0, "2036-11-21")
    assert (decisions["kept"], decisions["pseudonymised"]) == (0, 3)
    assert (claims["erased"], cases["erased"]) == (2, 1)
    assert loans["law"] == {"es": "Ley", "en": "Law"}
    assert len(found(client, PLANTED)) == 1
    assert len(PredictionTable(client, TABLE).outcomes(CLIENT, f"0a{CLIENT}")) == 1


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("at", range(1, 7))
def test_an_erasure_that_is_killed_at_any_write_goes_on(client, at, done):
    before = evidence(client)
    with pytest.raises(Killed):
        erase(client, table=ErasureTable(KilledAt(client, at, done=done), TABLE, QUEUE))
    assert evidence(client) == before
    answer = erase(client)
    closed = erasures(client)

    is_repeat = at == 6 and done  # it was finished: the second is an erasure of nothing
    nothing = [(0, 0), (0, 0), (0, None), (0, None)]
    assert counts(answer) == (nothing if is_repeat else ALL)
    assert len(closed) == (2 if is_repeat else 1)
    assert all(one["predictionId"]["S"].startswith("erasure#") for one in closed)
    assert not found(client, PLANTED)
    assert evidence(client) == before


def test_an_erasure_has_six_writes(client):
    erase(client, table=ErasureTable(KilledAt(client, 7, done=False), TABLE, QUEUE))


@pytest.mark.parametrize("more", [STEP - 1, STEP, STEP + 1])
def test_a_step_takes_as_many_records_as_a_transaction_allows(client, more):
    table = PredictionTable(client, TABLE)
    for number in range(more):
        claim = {"claimedId": "x", "applicationHash": "h"}
        table.claim("many", str(number), claim)
    event = EVENT | {"clientId": "many"}
    files = DecisionFiles(boto3.client("s3"), DATA)
    answer = client_erasure.erase(event, NONE_STAYS, ErasureTable(client, TABLE, QUEUE), files, NOW)

    assert counts(answer)[2] == (more, None)


def test_readers_of_decisions_leave_an_erased_one_out(client):
    table = PredictionTable(client, TABLE)
    erase(client)
    pseudonym = next(one for one in found(client, "personalDigest") if "decision" in one)
    key = pseudonym["clientId"]["S"], pseudonym["predictionId"]["S"]

    with pytest.raises(PredictionNotFound):
        table.get(*key)
    assert {one["clientId"] for one in table.newest_of_all(10, NOW.date())} == {"other"}
    assert {one["clientId"] for one in table.made_in("2026-11-24", "0", "z", 10)} == {"other"}
    assert {one["clientId"] for one in table.outcomes_reported_on("2026-11-25")} == {"other"}
    assert {one["clientId"] for one in table.acts_on("2026-11-25", "0")} == {"other"}


def test_the_client_starts_fresh(client):
    erase(client)
    plant(client, CLIENT)

    table = PredictionTable(client, TABLE)
    decided = [table.get(CLIENT, f"0{number}{CLIENT}")["decision"] for number in "abc"]

    assert decided == ["APPROVE", "DECLINE", "REVIEW"]


def test_files_of_decisions_go_in_all_versions_and_no_other_file(client):
    s3, other = boto3.client("s3"), FILE.replace("decisions", "part-0")
    for key in (FILE, FILE, REPORT, other):
        s3.put_object(Bucket=DATA, Key=key, Body=PLANTED.encode())
    s3.delete_object(Bucket=DATA, Key=FILE)
    answer = erase(client)
    left = s3.list_object_versions(Bucket=DATA)

    assert answer["files"] == {"erased": 4}
    assert [one["Key"] for one in left["Versions"]] == [other]
    assert "DeleteMarkers" not in left


def test_an_erasure_waits_for_an_analysis_that_is_under_way(client):
    table = PredictionTable(client, TABLE)
    created = "2026-11-29T11:59:59.000Z"
    table.claim(CLIENT, "kx", {"claimedId": "0e", "applicationHash": "h", "createdAt": created})
    late = {"clientId": CLIENT, "predictionId": "0e", "createdAt": created,
            "decision": "DECLINE", "application": {}, "models": {}}  # fmt: skip
    files, waited = DecisionFiles(boto3.client("s3"), DATA), []

    def wait(seconds):
        waited.append(seconds)
        if len(waited) == 2:
            table.add(late)

    tables = ErasureTable(client, TABLE, QUEUE)
    answer = client_erasure.erase(EVENT, NONE_STAYS, tables, files, NOW, wait)

    assert waited == [1.0, 1.0]
    assert counts(answer) == [(2, 0), (4, 0), (4, None), (2, None)]
    assert not [one for one in found(client, CLIENT) if one["clientId"]["S"] == CLIENT]


def test_an_analysis_that_does_not_end_leaves_the_erasure_open(client):
    claim = {"claimedId": "0e", "applicationHash": "h", "createdAt": "2026-11-29T11:59:59.000Z"}
    PredictionTable(client, TABLE).claim(CLIENT, "kx", claim)
    files, tables = DecisionFiles(boto3.client("s3"), DATA), ErasureTable(client, TABLE, QUEUE)

    with pytest.raises(TableUnavailable):
        client_erasure.erase(EVENT, NONE_STAYS, tables, files, NOW, lambda _: None)
    assert len([*tables.unfinished(NOW)]) == 1


def test_records_that_keep_coming_end_the_erasure_as_unfinished(client):
    class Growing(ErasureTable):
        def records(self, client_id):
            return [{"predictionId": "idempotency#x", "clientId": client_id, "claimedId": "y"}]

    with pytest.raises(TableUnavailable):
        erase(client, table=Growing(client, TABLE, QUEUE))


def put_batch(batch, *, has_ended):
    names = ["index.json", "results/000000-1-0.jsonl", "decisions.jsonl", "refusals.jsonl"]
    for name in [*names, *(["summary.json"] if has_ended else [])]:
        boto3.client("s3").put_object(Bucket=DATA, Key=f"credit/batch/{batch}/{name}", Body=b"1")


def left_of(batch):
    prefix = f"credit/batch/{batch}/"
    found = boto3.client("s3").list_object_versions(Bucket=DATA, Prefix=prefix)["Versions"]
    return {one["Key"].removeprefix(prefix) for one in found}


def test_the_results_of_the_clients_batches_that_have_ended_are_deleted(client):
    table = PredictionTable(client, TABLE)
    for number, batch in enumerate(("mine", "going")):
        made = {"predictionId": f"b{number}", "createdAt": "2026-11-25T03:00:00.000Z",
                "decision": "DECLINE", "batch": {"batchId": batch, "row": 1}}  # fmt: skip
        table.add({"clientId": CLIENT, **made})
    for batch in ("mine", "others"):
        put_batch(batch, has_ended=True)
    put_batch("going", has_ended=False)
    before, going = left_of("others"), left_of("going")
    answer = erase(client)

    assert left_of("mine") == {"index.json", "summary.json"}
    assert (left_of("others"), left_of("going")) == (before, going)
    assert answer["files"]["erased"] >= 3
    assert not found(client, "mine")


B = {"B": b"\0"}
WHOLE = {"createdAt": {"S": "2026-11-24T09:30:00.000Z"}, "decision": {"S": "APPROVE"}}
FOREIGN = {
    "keys alone": {},
    "a Binary": {"x": B},
    "a decision with a Binary": WHOLE | {"application": B},
    "a set of Binaries": {"x": {"BS": [b"a", b"b"]}},
    "a number that no JSON has": {"x": {"N": "1e125"}},
    "a salt that is none": {"evidenceSalt": {"S": "z"}},
    "a time that is none": WHOLE | {"createdAt": {"S": "yesterday"}},
    "a time that is a number": WHOLE | {"createdAt": {"N": "1"}},
    "a decision that is none": WHOLE | {"decision": {"NULL": True}},
    "of a number": {"of": {"N": "1"}},
    "an act without its time": {"of": {"S": "0a"}, "act": {"S": "OFFER"}},
    "a claim of a Binary": {"claimedId": B},
}


@pytest.mark.parametrize("item", FOREIGN.values(), ids=FOREIGN)
def test_an_item_that_no_function_writes_stops_no_erasure_and_goes_with_it(client, item):
    name = {"clientId": {"S": CLIENT}, "predictionId": {"S": "0f"}}
    day = {"day": {"S": day_index.key_of("2026-11-24", "0f")}}
    client.put_item(TableName=TABLE, Item=name | day | item)
    case = {"clientId": {"S": CLIENT}, "predictionId": {"S": "case"}, "openedAt": B}
    client.put_item(TableName=QUEUE, Item=case)
    before = evidence(client)
    answer = erase(client, LOANS_STAY)
    left = [one for one in found(client, CLIENT) if one["clientId"]["S"] == CLIENT]

    # a law keeps the loan with its outcome and its claim
    assert len(left) == 3
    assert "0f" not in {one["predictionId"]["S"] for one in left}
    assert sum(one["pseudonymised"] for one in answer["classes"][:2]) == 4
    assert evidence(client) == before
    assert [one["predictionId"]["S"] for one in found(client, CLIENT, QUEUE)] == [f"0a{CLIENT}"]
