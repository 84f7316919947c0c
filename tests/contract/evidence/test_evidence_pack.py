"""An archive of what the embedded cloud stored: whole as written, and every forgery is named."""

import gzip
import hashlib
import importlib.util
import io
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.decisions.predictions import PredictionTable
from chalicelib.decisions.replay_evidence import _mark
from chalicelib.foundation.dynamodb_items import from_item, to_item
from chalicelib.foundation.settings import Settings
from chalicelib.governance.archive import archive_report, verifier_program
from chalicelib.governance.archive import archive_verifier as verify
from chalicelib.governance.archive.claimed_period import Period
from chalicelib.governance.erasure.erasure_table import ErasureTable
from chalicelib.governance.erasure.erasure_table import _mark as _mark_of_erasure
from chalicelib.governance.evidence import chain, record_digest
from chalicelib.governance.evidence.anchor_bucket import AnchorBucket
from chalicelib.governance.evidence.anchoring import anchor_days
from chalicelib.governance.evidence.object_log import ObjectLog
from chalicelib.governance.evidence.record_log import RecordLog
from chalicelib.models.model_bucket import ModelBucket
from infrastructure.deploy.steps import stack
from infrastructure.operate.evidence_pack import __main__ as pack_command
from infrastructure.operate.evidence_pack import account_check, archive_writer
from localcloud.embedded_cloud import embedded_cloud

DEV = Settings("appvengers", "dev", "us-east-1")
NOW = datetime.now(UTC)
TODAY = NOW.date().isoformat()
IDS = [f"{number:032x}" for number in range(6)]
ACT, POLICY = "data/policies/acts/20261129-a.json", "data/policies/documents/abc.json"
CARD = b"<html>card</html>"
OLDEST_PYTHON = os.environ.get("EVIDENCE_PYTHON", sys.executable)


def decision(number: int) -> dict:
    application = {"amount": 100 + number, "state": "CA"}
    return {
        "clientId": f"c{number}",
        "predictionId": IDS[number],
        "createdAt": f"{TODAY}T10:00:00.000Z",
        "application": application,
        "decision": "REVIEW",
        "score": 600.0,
        "models": {"Tradicional": {"status": "OK", "score": 1, "reasons": []}},
        "evidence": {"features": {name: _mark(name, of) for name, of in application.items()}},
    }


def artifact_of(card: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.open(packed, "wb") as compressed, tarfile.open(fileobj=compressed, mode="w") as made:
        member = tarfile.TarInfo("card.html")
        member.size = len(card)
        made.addfile(member, io.BytesIO(card))
    return packed.getvalue()


def fill(table: PredictionTable) -> None:
    for number in range(len(IDS)):
        table.add(decision(number))
    told = {"of": IDS[0], "outcome": "paid", "when": TODAY, "toldAt": f"{TODAY}T11:00:00Z"}
    table.add_outcome("c0", f"{IDS[0]}#ffff", told)
    table.add_act("c1", IDS[1], 1, {"at": f"{TODAY}T12:00:00Z", "verdict": "APPROVE"})
    s3 = boto3.client("s3")
    members = {"members": {"card.html": hashlib.sha256(CARD).hexdigest()}}
    report = b'{"verdict": "rejected"}'
    for bucket, key, body in (
        (DEV.data_bucket, ACT.removeprefix("data/"), b'{"kind": "DRAFTED"}'),
        (DEV.data_bucket, POLICY.removeprefix("data/"), b'{"version": "abc"}'),
        (DEV.data_bucket, "credit/reports/v1/Tradicional/report.json", report),
        (DEV.data_bucket, "credit/reports/v1/Tradicional/decisions.jsonl", b"personal"),
        (DEV.model_bucket, "manifests/Tradicional/v1.json", json.dumps(members).encode()),
        (DEV.model_bucket, "verified/Tradicional/v1/model.tar.gz", artifact_of(CARD)),
        (DEV.model_bucket, "endings/Tradicional/t/v1/in-service", b""),
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def sources() -> archive_writer.Sources:
    s3 = boto3.client("s3")
    return archive_writer.Sources(
        RecordLog(boto3.client("dynamodb"), DEV.predictions_table),
        ObjectLog(s3, DEV),
        ModelBucket(s3, DEV.model_bucket),
        AnchorBucket(s3, DEV.evidence_bucket),
    )


def anchor(days: int) -> None:
    using = sources()
    at = NOW + timedelta(days=days)
    anchor_days(at, using.records, using.objects, using.anchors)


def pack(folder) -> dict[str, bytes]:
    path = folder / "evidence.zip"
    archive_writer.write(path, TODAY, TODAY, sources(), lambda _: None)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    with embedded_cloud():
        stack.deploy(boto3.client("cloudformation"), "appvengers", "dev")
        fill(PredictionTable(boto3.client("dynamodb"), DEV.predictions_table))
        anchor(1)
        anchor(2)
        yield folder, pack(folder)


@pytest.fixture
def files(made):
    return dict(made[1])


def relisted(files, **changed):
    """As a forger would leave the manifest, who knows how it is made."""
    manifest = json.loads(files[verify.MANIFEST]) | changed
    others = {name: body for name, body in files.items() if name != verify.MANIFEST}
    manifest["files"] = {name: hashlib.sha256(body).hexdigest() for name, body in others.items()}
    manifest["digest"] = verify.manifest_digest(manifest)
    return files | {verify.MANIFEST: record_digest.canonical(manifest)}


def with_records(files, change):
    """The archive after a change of its list of records, with a manifest that fits."""
    name = f"records/{TODAY}.jsonl"
    records = [json.loads(line) for line in files[name].splitlines()]
    changed = change(records)
    body = b"".join(record_digest.canonical(one) + b"\n" for one in changed or records)
    return relisted(files | {name: body})


def test_the_archive_is_whole_and_has_all_that_was_recorded(files):
    assert verify.findings(files) == []
    kinds = [
        json.loads(line)["predictionId"] for line in files[f"records/{TODAY}.jsonl"].splitlines()
    ]
    assert [record_digest.kind(name) for name in kinds] == ["decision"] * 6 + ["outcome", "review"]
    assert {name for name in files if name.startswith(("objects/", "cards/"))} == {
        f"objects/{ACT}",
        f"objects/{POLICY}",
        "objects/data/credit/reports/v1/Tradicional/report.json",
        "objects/models/manifests/Tradicional/v1.json",
        "objects/models/endings/Tradicional/t/v1/in-service",
        "cards/Tradicional/v1.html",
    }


def test_a_flipped_byte_of_any_file_is_named(files):
    for name, body in files.items():
        for place in {0, len(body) // 2, len(body) - 1} if body else ():
            flipped = bytearray(body)
            flipped[place] ^= 1
            assert any(name in one for one in verify.findings(files | {name: bytes(flipped)})), name


def test_each_file_that_is_missing_or_added_is_named(files):
    for name in files:
        without = {other: body for other, body in files.items() if other != name}
        assert any(name in one for one in verify.findings(without)), name
    assert verify.findings(files | {"more.txt": b""}) == ["more.txt: was added"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda r: r[0].update(score=700), "decision 0+: was changed in one of .*score"),
        (lambda r: r[1]["application"].update(state="NY"), "1: was changed in application.state$"),
        (lambda r: r[2].update(clientId="x"), "decision .*2: was changed in one of .*clientId"),
        (lambda r: r[6].update(outcome="defaulted"), "outcome outcome#.*: was changed in one of"),
        (lambda r: r[7].update(verdict="DECLINE"), "review review#.*: was changed in one of"),
        (lambda r: r[3].pop("decision") and None, "decision .*3: was changed in"),
        (lambda r: r[:4] + r[5:], "decision 0+4 of .*: is missing"),
        (lambda r: r[:-1], "review review#.* of .*: is missing"),
        (lambda r: [*r[:2], r[1] | {"predictionId": "00ff"}, *r[2:]], "decision 00ff: was added"),
        (lambda r: [r[1], r[0], *r[2:]], "decision 0+: is not in its place"),
        (lambda r: [r[0], *r], "decision 0+: is there twice"),
        (lambda r: r[0].update(personalDigest="0" * 64), "decision 0+: was changed in"),
    ],
)  # fmt: skip
def test_a_forged_record_is_named_although_the_manifest_fits(files, change, named):
    found = verify.findings(with_records(files, change))
    assert any(re.search(named, one) for one in found), found


def test_a_decision_forged_with_its_policy_and_acts_after_anchoring_is_named(files):
    forged = with_records(files, lambda r: r[0].update(decision="APPROVE", policyVersion="abd"))
    forged[f"objects/{POLICY}"] = b'{"version": "abd"}'
    forged[f"objects/{ACT}"] = b'{"kind": "DEPLOYED"}'
    found = verify.findings(relisted(forged))

    assert f"policy {POLICY}: was changed" in found
    assert f"policy-act {ACT}: was changed" in found
    assert any(one.startswith(f"decision {IDS[0]}: was changed in") for one in found)
    assert len(found) == 3


def test_a_shorter_chain_is_named_by_the_head_of_the_account(files):
    newest = max(name for name in files if name.startswith("anchors/"))
    head = json.loads(files[newest])["head"]
    shorter = {name: body for name, body in files.items() if name != newest}
    before = max(name for name in shorter if name.startswith("anchors/"))
    manifest = json.loads(shorter[verify.MANIFEST]) | {"head": json.loads(files[before])["head"]}
    shorter = relisted(shorter | {verify.MANIFEST: record_digest.canonical(manifest)})

    assert verify.findings(shorter) == []
    (found,) = verify.findings(shorter, [head])
    assert "the newest anchor is not the one of the head that you gave" in found


def test_a_record_that_was_made_to_look_erased_is_named_as_forged(files):
    def erase(records):
        return [record_digest.erased(records[0]) | {"clientId": "pseudonym"}, *records[1:]]

    (found,) = verify.findings(with_records(files, erase))
    assert found.startswith(f"decision {IDS[0]}: looks erased, and no anchor has its erasure")


def test_an_erased_record_with_more_than_a_pseudonym_is_named(files):
    def erase(records):
        return [record_digest.erased(records[0]) | {"application": {}}, *records[1:]]

    found = verify.findings(with_records(files, erase))
    assert any("is erased, and has application, which no anchor proves" in one for one in found)


def test_the_verifier_runs_from_the_unpacked_archive_without_the_project(made):
    folder, files = made
    place = folder / "unpacked"
    shutil.unpack_archive(folder / "evidence.zip", place)
    command = [OLDEST_PYTHON, "-I", "verify.py"]
    whole = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert (whole.returncode, whole.stderr) == (0, "")
    newest = (NOW + timedelta(days=1)).date().isoformat()
    head = json.loads(files[verify.MANIFEST])["head"]
    assert whole.stdout.splitlines() == [
        f"The archive claims the records of {TODAY} to {TODAY}: 1 days.",
        f"Its anchors are of {TODAY} to {newest}. The head of the newest is",
        head,
        "The anchors have 0 more records, of days outside the claimed period.",
        "Not compared with what you know: --from, --to, --head. See README.md.",
        "8 records, 0 of them erased; 0 findings",
    ]
    asked = subprocess.run(
        [*command, "--from", TODAY, "--to", newest, "--head", head],
        cwd=place, capture_output=True, text=True,
    )  # fmt: skip
    assert asked.returncode == 1
    assert f"the archive ends on {TODAY}, and you asked for {newest}" in asked.stdout
    assert "Not compared" not in asked.stdout

    (place / f"records/{TODAY}.jsonl").write_bytes(files[f"records/{TODAY}.jsonl"][:-2])
    cut = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert cut.returncode == 1
    assert "line 8: can't be read" in cut.stdout


FORGED = b"print('forged code runs'); raise SystemExit\n"


@pytest.mark.parametrize(
    ("name", "flags", "named"),
    [
        ("code/chalicelib/governance/evidence/record_digest.py", ["-I"], "is not the one"),
        ("code/chalicelib/governance/archive/archive_verifier.py", [], "is not the one"),
        ("code/rfc8785.py", [], "is not the one"),
        ("code/json.py", [], "is not the one"),
        ("json.py", [], "was added"),
        ("hashlib.py", [], "was added"),
    ],
)
def test_code_that_is_not_the_verifier_s_is_named_and_never_runs(
    made, tmp_path, name, flags, named
):
    shutil.unpack_archive(made[0] / "evidence.zip", tmp_path)
    (tmp_path / name).write_bytes(FORGED)
    command = [OLDEST_PYTHON, *flags, "verify.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (1, "")
    assert f"{name}: {named}" in done.stdout
    assert "forged code runs" not in done.stdout


def test_a_module_that_is_missing_is_named(made, tmp_path):
    shutil.unpack_archive(made[0] / "evidence.zip", tmp_path)
    (tmp_path / "code/rfc8785/_impl.py").unlink()
    done = subprocess.run(
        [OLDEST_PYTHON, "verify.py"], cwd=tmp_path, capture_output=True, text=True
    )

    assert (done.returncode, done.stdout.splitlines()[0]) == (
        1,
        "code/rfc8785/_impl.py: is missing",
    )


def test_bytecode_beside_the_checked_code_never_runs(made, tmp_path):
    shutil.unpack_archive(made[0] / "evidence.zip", tmp_path)
    source = tmp_path / "code/chalicelib/governance/evidence/chain.py"
    compiled = importlib.util.cache_from_source(str(source))
    (tmp_path / "forged.py").write_bytes(FORGED)
    py_compile.compile(
        str(tmp_path / "forged.py"), compiled,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "verify.py"], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "forged code runs" not in done.stdout


def test_the_verifier_of_an_archive_is_the_one_of_the_release(files):
    program = verifier_program.program()
    digest = hashlib.sha256(files["verify.py"]).hexdigest()
    command = [sys.executable, "-m", "infrastructure.operate.evidence_pack", "--verifier"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert said == f"{digest}  verify.py\n"
    assert [*account_check.other_program(files, program)] == []
    more = files | {"verify.py": b"", "code/more.py": b""}
    assert [one.partition(":")[0] for one in account_check.other_program(more, program)] == [
        "code/more.py", "verify.py"
    ]  # fmt: skip


def without_record(files):
    return with_records(files, lambda records: records[1:])


@pytest.mark.parametrize(
    "claimed",
    [
        {"from": "9999-01-01"}, {"to": ""}, {"to": "2026"}, {"from": None}, {"from": "0"},
        {"from": "9999-12-31", "to": "9999-12-31"}, {"from": TODAY.replace("-", "")},
    ],
)  # fmt: skip
def test_no_claimed_period_hides_a_removed_record(files, claimed):
    found = verify.findings(relisted(without_record(files), **claimed))

    assert f"decision {IDS[0]} of {TODAY}: is missing" in found
    assert len(found) > 1  # the period itself is wrong, too


def test_each_day_of_the_period_has_its_file_and_no_other_day(files):
    name = f"records/{TODAY}.jsonl"
    without = relisted({one: body for one, body in files.items() if one != name})
    assert f"{name}: is missing" in verify.findings(without)
    assert f"decision {IDS[0]} of {TODAY}: is missing" in verify.findings(without)
    more = relisted(files | {"records/2020-01-01.jsonl": b""})
    assert verify.findings(more) == ["records/2020-01-01.jsonl: is of no day of the period"]


def shortened(files, **changed):
    """The archive without its newest anchors and what only these have, as a forger leaves it."""
    gone = ("anchors/", "objects/", "cards/", "records/")
    kept = {name: body for name, body in files.items() if not name.startswith(gone)}
    before = (NOW - timedelta(days=1)).date().isoformat()
    first = chain.anchor(before, chain.BEFORE_ALL, [])
    kept |= {chain.key(before): chain.encoded(first), f"records/{TODAY}.jsonl": b""}
    return relisted(kept, head=first["head"], **changed)


def test_a_chain_that_ends_before_the_period_is_named(files):
    (found,) = verify.findings(shortened(files))
    assert f"the archive ends on {TODAY}, and its newest anchor is of" in found
    assert f"anchor {TODAY}: is missing in the archive" in [
        *account_check.differences(shortened(files), sources().anchors)
    ]


def test_the_account_names_what_a_narrower_period_leaves_out(files):
    day = (NOW + timedelta(days=1)).date().isoformat()
    narrowed = {one: body for one, body in files.items() if one != f"records/{TODAY}.jsonl"}
    narrowed = relisted(narrowed | {f"records/{day}.jsonl": b""}, **{"from": day, "to": day})
    asked = Period(TODAY, day)

    assert verify.findings(narrowed) == []
    assert verify.findings(narrowed, asked=asked) == [
        f"the archive begins on {day}, and you asked for {TODAY}"
    ]
    assert [*archive_report.claims(narrowed)][-1] == (
        "The anchors have 8 more records, of days outside the claimed period."
    )
    assert account_check.coverage(narrowed, sources().anchors) == (
        f"The archive covers {day} to {day}: 1 of the 2 days that the account has anchors of, "
        f"{TODAY} to {day}. Its newest anchor is of {day}; newer anchors of the account: 0"
    )


def test_check_ends_with_1_if_the_period_is_not_the_one_that_was_asked_for(made, capsys):
    path, later = made[0] / "evidence.zip", (NOW + timedelta(days=1)).date().isoformat()
    for asked, wrong in ((Period("", ""), 0), (Period(TODAY, TODAY), 0), (Period(TODAY, later), 1)):
        assert pack_command._check(DEV, path, asked) == wrong
        coverage, said = capsys.readouterr().out.splitlines()
        assert coverage.startswith(f"The archive covers {TODAY} to {TODAY}: 1 of the 2 days")
        assert ("you asked for" in said) == bool(wrong)


def test_the_account_names_a_removed_record_whatever_the_archive_claims(files):
    anchors = sources().anchors
    missing = f"decision {IDS[0]} of {TODAY}: is missing"
    for forged in (
        without_record(files),
        relisted(without_record(files), **{"from": "9999-01-01"}),
    ):
        assert [*account_check.differences(forged, anchors)] == [missing]
    newest = max(name for name in files if name.startswith("anchors/"))
    older = {name: body for name, body in files.items() if name != newest}
    assert [*account_check.differences(older, anchors)] == []
    assert "newer anchors of the account: 1" in account_check.coverage(older, anchors)
    assert f"{missing}, and anchor {TODAY} of the account has it" in [
        *account_check.differences(without_record(shortened(files)), anchors)
    ]


def test_the_anchors_of_the_archive_are_the_account_s(files):
    anchors = sources().anchors
    assert [*account_check.differences(files, anchors)] == []
    first = min(name for name in files if name.startswith("anchors/"))
    assert [*account_check.differences(files | {first: b"{}"}, anchors)] == [
        f"anchor {TODAY}: is not the account's"
    ]
    s3 = boto3.client("s3")
    above = s3.put_object(Bucket=DEV.evidence_bucket, Key=first, Body=b"forged")
    (found,) = account_check.differences(files, sources().anchors)
    assert found == f"anchor {TODAY}: 1 later versions or deletions lie above it"
    assert sources().anchors.read(TODAY) == files[first]
    s3.delete_object(Bucket=DEV.evidence_bucket, Key=first, VersionId=above["VersionId"],
                     BypassGovernanceRetention=True)  # fmt: skip


def test_a_period_that_is_not_anchored_yet_is_refused(tmp_path):
    later = (NOW + timedelta(days=9)).date().isoformat()
    with pytest.raises(archive_writer.NotAnchored, match=f"{later} is not anchored"):
        archive_writer.write(tmp_path / "a.zip", TODAY, later, sources(), lambda _: None)


def test_a_record_changed_in_the_table_is_named_by_the_next_archive(made, tmp_path):
    client = boto3.client("dynamodb")
    key = to_item({"clientId": "c5", "predictionId": IDS[5]})
    stored = from_item(client.get_item(TableName=DEV.predictions_table, Key=key)["Item"])
    client.put_item(TableName=DEV.predictions_table, Item=to_item(stored | {"decision": "APPROVE"}))

    (found,) = verify.findings(pack(tmp_path))
    assert found.startswith(f"decision {IDS[5]}: was changed in one of ")
    client.put_item(TableName=DEV.predictions_table, Item=to_item(stored))


def test_an_erasure_is_whole_once_it_is_anchored(made, tmp_path):
    tables = DEV.predictions_table, DEV.reviews_table
    erasures = ErasureTable(boto3.client("dynamodb"), *tables)
    order = {"at": NOW.isoformat(), "reason": "CLIENT_REQUEST", "by": {"sub": "s"}}
    erasure = erasures.begin("c4", order)
    erasures.pseudonymise(erasure, "decisions", erasures.records("c4"), NOW)
    done = erasures.finish(erasure, {}, NOW)["predictionId"]
    mark = f"erasure-of#{IDS[4]}"
    too_early = verify.findings(pack(tmp_path))
    anchor(3)
    packed = pack(tmp_path)

    assert {one.partition(": ")[0] for one in too_early} == {
        f"decision {IDS[4]}", f"erasure-of {mark}", f"erasure {done}"
    }  # fmt: skip
    assert verify.findings(packed) == []
    assert verify.erased(packed) == [IDS[4]]
    without = with_records(packed, lambda r: [one for one in r if one["predictionId"] != mark])
    assert verify.findings(without) == [f"erasure-of {mark} of {TODAY}: is missing"]


def test_an_item_that_no_json_can_have_is_named_and_the_chain_goes_on(made, tmp_path, capsys):
    client, table = boto3.client("dynamodb"), DEV.predictions_table
    anchor(3)
    day, key = (
        (NOW + timedelta(days=3)).date().isoformat(),
        to_item({"clientId": "zz", "predictionId": "f" * 32}),
    )
    item = {**key, "day": {"S": f"{day}#00"}, "name": {"S": "Ana Paz"}, "x": {"B": b"\x00"}}
    client.put_item(TableName=table, Item=item)
    anchor(5)
    logged = capsys.readouterr().out
    archive_writer.write(tmp_path / "a.zip", day, day, sources(), lambda _: None)
    client.delete_item(TableName=table, Key=key)
    packed = pack_command.read_archive(tmp_path / "a.zip")

    assert f"decision {'f' * 32}: {verify.NO_RECORD}" in verify.findings(packed)
    assert len(verify.findings(packed)) == 1
    assert max(sources().anchors.stored) > day
    (line,) = (one for one in logged.splitlines() if "unreadable" in one)
    assert "f" * 32 in line
    assert "Ana Paz" not in logged
    changed = packed[f"records/{day}.jsonl"].replace(b"Ana Paz", b"Eva Paz")
    found = verify.findings(relisted(packed | {f"records/{day}.jsonl": changed}))
    assert f"decision {'f' * 32}: was changed in one of clientId, dynamodbItem" in found


def test_a_forged_erasure_with_a_mark_dated_back_is_named(made, tmp_path):
    client, table = boto3.client("dynamodb"), DEV.predictions_table
    key = to_item({"clientId": "c3", "predictionId": IDS[3]})
    stored = from_item(client.get_item(TableName=table, Key=key)["Item"])
    erased = record_digest.erased(stored) | {"clientId": f"erased#{'1' * 32}", "day": stored["day"]}
    yesterday = NOW - timedelta(days=1)
    client.delete_item(TableName=table, Key=key)
    for forged in (erased, _mark_of_erasure(stored, yesterday)):
        client.put_item(TableName=table, Item=to_item(forged))
    anchor(6)

    mark, found = f"erasure-of#{IDS[3]}", verify.findings(pack(tmp_path))
    assert any(one.startswith(f"erasure-of {mark}: was dated back to") for one in found)
    assert any(f"erasures of {yesterday:%F}: they count 0 records" in one for one in found)


@pytest.mark.parametrize(
    ("first", "days", "expired"),
    [("2026-11-19", 10, False), ("2026-11-18", 10, True), ("1990-01-01", 0, False)],
)
def test_a_period_that_begins_with_expired_records_is_refused(first, days, expired):
    today = datetime(2026, 11, 29, tzinfo=UTC).date()
    if expired:
        with pytest.raises(archive_writer.Expired, match="Choose --from 2026-11-19"):
            archive_writer.require_kept(first, days, today)
    else:
        archive_writer.require_kept(first, days, today)
