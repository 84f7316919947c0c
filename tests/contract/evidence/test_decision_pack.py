"""The pack of one decision: it has no other, its verifier takes it, and each change is named."""

import json
import subprocess
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.decisions.predictions import PredictionTable
from chalicelib.governance.archive import archive_verifier as verify
from chalicelib.governance.archive import verifier_program
from chalicelib.governance.archive.archive_problems import NOT_ANCHORED, TOO_LARGE, NoPack
from chalicelib.governance.archive.claimed_period import Period
from chalicelib.governance.archive.decision_pack import MOST_BYTES, decision_pack
from chalicelib.governance.evidence import chain, record_digest
from infrastructure.deploy.steps import stack
from infrastructure.operate.evidence_pack import account_check
from localcloud.embedded_cloud import embedded_cloud
from tests.contract.evidence.test_evidence_pack import (
    DEV,
    IDS,
    OLDEST_PYTHON,
    TODAY,
    anchor,
    decision,
    fill,
    relisted,
    sources,
)

NOW = datetime.now(UTC)
LATER_ID, ACTED = "f" * 32, IDS[1]
OUTCOME = f"outcome#{ACTED}#abcd"
REVIEW = f"review#{ACTED}#0001"
TOMORROW = (NOW + timedelta(days=1)).date().isoformat()


def pack(client_id: str, prediction_id: str, most: int = MOST_BYTES) -> dict:
    using = sources()
    return decision_pack(client_id, prediction_id, using.records, using.anchors, most)


def files_of(packed: dict) -> dict[str, bytes]:
    return {name: text.encode() for name, text in packed["files"].items()}


@pytest.fixture(scope="module")
def made():
    """A decision with a review of its day, an outcome of the next day, and one not anchored."""
    with embedded_cloud():
        stack.deploy(boto3.client("cloudformation"), "appvengers", "dev")
        table = PredictionTable(boto3.client("dynamodb"), DEV.predictions_table)
        fill(table)
        anchor(1)
        told = {"of": ACTED, "outcome": "paid", "when": TODAY, "toldAt": f"{TOMORROW}T11:00:00Z"}
        table.add_outcome("c1", f"{ACTED}#abcd", told)
        anchor(2)
        act = {"at": f"{TOMORROW}T12:00:00Z", "act": "CONTEST"}
        table.add_act("c1", ACTED, 2, act | {"at": act["at"].replace(TOMORROW, "2099-01-01")})
        table.add(decision(0) | {"predictionId": LATER_ID, "createdAt": "2099-01-01T10:00:00Z"})
        yield pack("c1", ACTED)


@pytest.fixture
def files(made):
    return files_of(made)


def test_the_pack_has_the_decision_and_what_stands_beside_it_alone(made, files):
    records = [
        json.loads(line)
        for name, body in files.items()
        if name.startswith("records/")
        for line in body.splitlines()
    ]

    assert [one["predictionId"] for one in records] == [ACTED, REVIEW, OUTCOME]
    assert made["later"] == [f"review#{ACTED}#0002"]
    assert [name for name in files if name.startswith("anchors/")] == [
        chain.key(TODAY), chain.key(TOMORROW)
    ]  # fmt: skip
    assert verify.findings(files) == []
    assert files.items() >= verifier_program.program().items()


def test_a_decision_that_no_anchor_has_yet_has_no_pack(made):
    with pytest.raises(NoPack) as refused:
        pack("c0", LATER_ID)
    assert refused.value.detail == NOT_ANCHORED


def test_a_pack_that_is_too_large_is_refused_and_not_cut(made):
    size = sum(len(body) for body in files_of(made).values())
    assert pack("c1", ACTED, size) == made
    with pytest.raises(NoPack) as refused:
        pack("c1", ACTED, size - 1)
    assert refused.value.detail == TOO_LARGE


def test_a_flipped_byte_and_a_missing_or_added_file_are_named(files):
    for name, body in files.items():
        flipped = bytearray(body)
        flipped[len(body) // 2] ^= 1
        without = {other: one for other, one in files.items() if other != name}
        for wrong in (files | {name: bytes(flipped)}, without):
            assert any(name in one for one in verify.findings(wrong)), name
    assert verify.findings(files | {"more.txt": b""}) == ["more.txt: was added"]


def with_lines(files, day, change):
    name = f"records/{day}.jsonl"
    records = [json.loads(line) for line in files[name].splitlines()]
    body = b"".join(record_digest.canonical(one) + b"\n" for one in change(records))
    return relisted(files | {name: body})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda r: [r[0] | {"decision": "APPROVE"}, r[1]], f"decision {ACTED}: was changed in one"),
        (lambda r: [r[0]], f"review {REVIEW} of {TODAY}: is missing"),
        (lambda r: [r[1]], f"decision {ACTED}: is missing"),
        (lambda r: [*r, r[1] | {"predictionId": f"review#{ACTED}#9"}], "was added, or was stored"),
        (lambda r: [decision(0), *r], f"{IDS[0]}: is no record of decision {ACTED}"),
        (lambda r: [record_digest.erased(r[0]), r[1]], f"decision {ACTED}: looks erased"),
    ],
)
def test_a_forged_pack_is_named_although_its_manifest_fits(files, change, named):
    found = verify.findings(with_lines(files, TODAY, change))
    assert any(named in one for one in found), found


def test_anchors_of_a_day_and_the_next_must_chain(files):
    forged = json.loads(files[chain.key(TOMORROW)])
    entries = chain.entries_of(forged)
    body = chain.encoded(chain.anchor(TOMORROW, "0" * 64, entries))
    head = json.loads(body)["head"]
    found = verify.findings(relisted(files | {chain.key(TOMORROW): body}, head=head))

    assert found == [f"anchor {TOMORROW}: it does not follow anchor {TODAY}"]


def test_an_examiner_s_own_knowledge_is_compared(files):
    heads = [json.loads(files[chain.key(day)])["head"] for day in (TODAY, TOMORROW)]

    assert verify.findings(files, heads, decision=ACTED) == []
    assert verify.findings(files, ["0" * 64]) == [
        f"the newest anchor is not the one of the head that you gave: {'0' * 64}"
    ]
    assert verify.findings(files, decision=IDS[0]) == [
        f"the archive is of {ACTED}, and you asked for {IDS[0]}"
    ]
    (found,) = verify.findings(files, asked=Period(TODAY, TODAY))
    assert found.startswith(f"the archive is of decision {ACTED} alone, and you asked for days")


def test_other_evidence_is_no_part_of_a_pack(files):
    more = relisted(files | {"objects/data/policies/documents/a.json": b"{}", "cards/a.html": b""})

    assert verify.findings(more) == [
        "cards/a.html: is no part of the pack of a decision",
        "objects/data/policies/documents/a.json: is no part of the pack of a decision",
    ]


def test_the_account_names_what_was_left_out_with_its_anchor(files):
    gone = (chain.key(TOMORROW), f"records/{TOMORROW}.jsonl")
    shorter = {name: body for name, body in files.items() if name not in gone}
    head = json.loads(files[chain.key(TODAY)])["head"]
    shorter = relisted(shorter, head=head)
    anchors = sources().anchors

    assert [*account_check.differences(files, anchors)] == []
    assert verify.findings(shorter) == []
    assert [*account_check.differences(shorter, anchors)] == [
        f"outcome {OUTCOME} of {TOMORROW}: is missing, and anchor {TOMORROW} of the account has it"
    ]


def test_its_own_verifier_says_what_it_claims_and_refuses_a_changed_byte(files, tmp_path):
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    heads = [json.loads(files[chain.key(day)])["head"] for day in (TODAY, TOMORROW)]
    command = [OLDEST_PYTHON, "-I", "verify.py"]

    whole = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (whole.returncode, whole.stderr) == (0, "")
    missing = f"--decision, --head of {TODAY}, --head of {TOMORROW}"
    assert whole.stdout.splitlines() == [
        f"The archive claims decision {ACTED} and what is beside it.",
        f"Anchor {TODAY} has the head", heads[0], f"Anchor {TOMORROW} has the head", heads[1],
        f"review review#{ACTED}#0002: was left out, as no anchor had it yet",
        f"Not compared with what you know: {missing}. See README.md.",
        "3 records, 0 of them erased; 0 findings",
    ]  # fmt: skip
    asked = [*command, "--decision", ACTED, "--head", heads[0], "--head", heads[1]]
    known = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
    assert (known.returncode, "Not compared" in known.stdout) == (0, False)
    line = files[f"records/{TODAY}.jsonl"].replace(b'"REVIEW"', b'"DECLIN"', 1)
    (tmp_path / f"records/{TODAY}.jsonl").write_bytes(line)
    changed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert changed.returncode == 1
    assert f"records/{TODAY}.jsonl: was changed" in changed.stdout


def test_the_licence_is_the_package_s():
    from importlib.metadata import distribution

    packed = verifier_program.program()["code/rfc8785/LICENSE"]
    assert packed.decode() == distribution("rfc8785").read_text("LICENSE")
