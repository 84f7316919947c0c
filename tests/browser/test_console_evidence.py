"""The page Evidence: a pack is checked in the browser, saved, and taken by its own verifier."""

import io
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
import requests
from playwright.sync_api import expect

from bank.first_run import body_of
from chalicelib.governance.archive import archive_verifier as verify
from chalicelib.governance.evidence import chain, record_digest
from infrastructure.packing import console_package
from tests.browser.console_visit import API_KEY, Visit, anchor_today
from tests.contract.evidence.test_evidence_pack import relisted

CHECKS = """
import { checked } from "./src/pages/evidence/pack_checks.js";
let given = "";
for await (const part of process.stdin) given += part;
const said = [];
for (const files of JSON.parse(given)) {
  const bytes = Object.entries(files).map(([name, hex]) => [name, Buffer.from(hex, "hex")]);
  const { checks } = await checked(Object.fromEntries(bytes));
  said.push(checks.flatMap((one) => one.faults).map((one) => `${one.what} ${one.name}`));
}
console.log(JSON.stringify(said));
"""


@pytest.fixture(scope="module")
def decided(site):
    """A decision whose day is anchored, as if it were tomorrow."""
    headers = {"x-api-key": API_KEY}
    made = requests.post(
        f"{site.address}predict", json=body_of(site.loans[70]), headers=headers, timeout=30
    ).json()
    anchor_today(site.bank)
    return made


def opened(visit, decided, role="auditor", language="en"):
    one = visit(role, language)
    one.open("evidence", decided["clientId"], decided["predictionId"])
    one.heading("page.evidence").wait_for()
    expect(one.page.get_by_text(one.t("packWhole"))).to_be_visible()
    return one


@pytest.fixture(scope="module")
def saved(site, decided, browser, tmp_path_factory):
    """The pack as the page saves it."""
    one = Visit(site, browser.new_context().new_page(), "en")
    one.sign_in("auditor")
    one.open("evidence", decided["clientId"], decided["predictionId"])
    with one.page.expect_download() as download:
        one.press("savePack")
    path = tmp_path_factory.mktemp("saved") / download.value.suggested_filename
    download.value.save_as(path)
    one.page.context.close()
    return path


def files_in(path):
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def zip_of(files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return {"name": "pack.zip", "mimeType": "application/zip", "buffer": body.getvalue()}


@pytest.mark.parametrize(("role", "language"), [("auditor", "es"), ("risk", "en")])
def test_a_pack_is_made_and_checked(visit, decided, role, language):
    one = opened(visit, decided, role, language)
    one.settled()
    rows = one.page.get_by_role("region", name=one.t("packChecks")).locator("tbody tr")

    assert rows.count() == 4
    assert all(one.t("passed") in row for row in rows.all_inner_texts())
    assert one.page.get_by_role("region", name=one.t("packRecords")).count() == 1
    assert one.barriers() == []
    assert one.overflow() <= 0


def test_its_own_verifier_takes_the_saved_pack_and_refuses_a_changed_byte(saved, decided, tmp_path):
    shutil.unpack_archive(saved, tmp_path)
    [anchor] = [json.loads(one.read_bytes()) for one in (tmp_path / "anchors").iterdir()]
    command = [sys.executable, "-I", "verify.py", "--decision", decided["predictionId"]]
    command += ["--head", anchor["head"]]
    whole = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (whole.returncode, whole.stderr) == (0, ""), whole.stdout
    assert "Not compared" not in whole.stdout

    [records] = (tmp_path / "records").iterdir()
    body = bytearray(records.read_bytes())
    body[len(body) // 2] ^= 1
    records.write_bytes(bytes(body))
    changed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert changed.returncode == 1
    assert f"records/{records.name}: was changed" in changed.stdout


def test_a_chosen_pack_is_compared_with_the_bank_s(visit, saved, decided):
    one = visit("auditor", "es")
    one.open("evidence")
    one.page.locator("#pack-file").set_input_files(saved)
    expect(one.page.get_by_text(one.t("packWhole"))).to_be_visible()
    last = one.page.get_by_role("region", name=one.t("packChecks")).locator("tbody tr").last

    assert one.t("packCheck.BANK") in last.inner_text()
    assert one.t("passed") in last.inner_text()
    assert one.barriers() == []


def test_the_page_refuses_a_changed_byte_and_names_its_file(visit, saved):
    files = files_in(saved)
    [name] = [one for one in files if one.startswith("records/")]
    changed = files[name].replace(b'"decision":"', b'"decision":"X', 1)
    one = visit("auditor", "en")
    one.open("evidence")
    one.page.locator("#pack-file").set_input_files(zip_of(files | {name: changed}))
    alert = one.page.get_by_role("alert")
    expect(alert).to_be_visible()

    assert one.page.get_by_text(one.t("packWhole")).count() == 0
    assert name in one.page.get_by_role("region", name=one.t("packChecks")).inner_text()
    assert one.barriers() == []


def test_a_forged_chain_is_whole_in_itself_and_not_the_bank_s(visit, saved, decided):
    """A forger who makes record, anchor and manifest anew is refused by the bank's anchors."""
    files = files_in(saved)
    [name] = [one for one in files if one.startswith("records/")]
    [anchored] = [one for one in files if one.startswith("anchors/")]
    record = json.loads(files[name].splitlines()[0]) | {"decision": "FORGED"}
    digests, anchor = record_digest.digests(record), json.loads(files[anchored])
    entries = [
        one._replace(digest=digests.whole, kept=digests.kept)
        if one.id == record["predictionId"]
        else one
        for one in chain.entries_of(anchor)
    ]
    made = chain.anchor(anchor["day"], anchor["previous"], entries)
    forged = files | {
        name: record_digest.canonical(record) + b"\n", anchored: chain.encoded(made)
    }  # fmt: skip
    forged = relisted(forged, head=made["head"])
    assert verify.findings(forged) == []
    one = visit("auditor", "en")
    one.open("evidence")
    one.page.locator("#pack-file").set_input_files(zip_of(forged))
    expect(one.page.get_by_role("alert")).to_be_visible()
    rows = one.page.get_by_role("region", name=one.t("packChecks")).locator("tbody tr")

    assert [one.t("passed") in row for row in rows.all_inner_texts()] == [True] * 4 + [False]


def test_an_archive_of_days_and_what_is_no_zip_are_said_to_be_so(visit, saved):
    files = files_in(saved)
    manifest = json.loads(files[verify.MANIFEST])
    del manifest["decision"]
    days = relisted(files | {verify.MANIFEST: record_digest.canonical(manifest)})
    one = visit("auditor", "es")
    one.open("evidence")
    one.page.locator("#pack-file").set_input_files(zip_of(days))
    expect(one.page.get_by_text(one.t("noPack"))).to_be_visible()
    text = {"name": "a.zip", "mimeType": "application/zip", "buffer": b"none"}
    one.page.locator("#pack-file").set_input_files(text)
    expect(one.page.get_by_text(one.t("noZip"))).to_be_visible()


def test_a_file_that_is_refused_takes_the_place_of_the_pack_before(visit, saved):
    one = visit("auditor", "en")
    one.open("evidence")
    one.page.locator("#pack-file").set_input_files(saved)
    expect(one.page.get_by_text(one.t("packWhole"))).to_be_visible()
    text = {"name": "a.zip", "mimeType": "application/zip", "buffer": b"none"}
    one.page.locator("#pack-file").set_input_files(text)
    expect(one.page.get_by_text(one.t("noZip"))).to_be_visible()

    assert one.page.get_by_text(one.t("packWhole")).count() == 0


def test_harmful_names_in_a_pack_are_shown_as_text(visit, saved):
    files = files_in(saved) | {"objects/<img src=x onerror=alert(1)>": b"x"}
    one = visit("auditor", "en")
    one.page.on("dialog", lambda dialog: one.faults.append(dialog.message))
    one.open("evidence")
    one.page.locator("#pack-file").set_input_files(zip_of(files))
    expect(one.page.get_by_role("alert")).to_be_visible()

    assert one.page.get_by_text("objects/<img src=x onerror=alert(1)>").count() >= 1
    assert one.page.locator("main img").count() == 0
    assert one.barriers() == []


def test_a_role_without_the_route_is_offered_no_evidence(visit, decided):
    one = visit("reviewer", "en")
    one.settled()
    assert one.page.get_by_role("link", name=one.t("page.evidence"), exact=True).count() == 0
    one.open("evidence", decided["clientId"], decided["predictionId"])
    one.heading("notOffered").wait_for()
    one.open("decision", decided["clientId"], decided["predictionId"])
    one.heading("page.decision").wait_for()
    one.settled()

    assert one.page.get_by_role("link", name=one.t("openPack")).count() == 0


def forgeries(files):
    """Packs with one change each, most with a manifest that fits."""
    yield files
    for name, body in files.items():
        flipped = bytearray(body)
        flipped[len(body) // 2] ^= 1
        yield files | {name: bytes(flipped)}
        yield {other: one for other, one in files.items() if other != name}
    [name] = [one for one in files if one.startswith("records/")]
    lines = [json.loads(one) for one in files[name].splitlines()]
    for spoilt in (
        {"decision": "APPROVE!"}, {"application": {}}, {"__proto__": {"a": 1}}, {"more": 1e300},
        {"evidenceSalt": ""}, {"personalDigest": "0" * 64}, {"predictionId": "0" * 32},
    ):  # fmt: skip
        body = record_digest.canonical(lines[0] | spoilt) + b"\n"
        yield relisted(files | {name: body})
    yield relisted(files | {name: files[name] * 2})
    yield relisted(files | {name: b""})
    yield relisted(files | {"records/2020-01-01.jsonl": files[name]})
    yield relisted(files | {"cards/a.html": b""})
    yield relisted(files, head="0" * 64)
    yield relisted(files, decision="0" * 32)


def test_the_page_and_the_verifier_refuse_the_same_packs(saved):
    packs = [*forgeries(files_in(saved))]
    given = json.dumps([{name: body.hex() for name, body in one.items()} for one in packs])
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, "--input-type=module", "-e", CHECKS],
        cwd=console_package.SOURCES, input=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = [bool(one) for one in json.loads(done.stdout)]
    verifier = [bool(verify.findings(one)) for one in packs]

    assert page == verifier == [False] + [True] * (len(packs) - 1)


def test_the_kept_part_of_a_record_is_the_same_in_the_page():
    place = console_package.SOURCES / "src" / "pages" / "evidence" / "kept.json"

    assert json.loads(place.read_text(encoding="utf-8")) == record_digest.KEPT
