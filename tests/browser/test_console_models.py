"""The page of models: an upload that is watched until it answers, a refusal, a rollback, cards."""

import hashlib
import io
import json
import tarfile
from typing import Any

import boto3
import pytest
from playwright.sync_api import expect

from tests.browser.console_visit import losing_the_first_answer
from tests.browser.test_console_hostile import CHALLENGER
from tests.workflow.conftest import changed, manifest_of, reversioned

MODEL = "NetworkingAccelerator"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def live() -> str:
    found = boto3.client("sagemaker").describe_endpoint(EndpointName=f"dev-appvengers-{MODEL}")
    return str(found["EndpointConfigName"]).removeprefix(f"dev-appvengers-{MODEL}-")


def champions_artifact(site: Any) -> bytes:
    bucket, key = site.bank.settings.model_bucket, f"verified/{MODEL}/{live()}/model.tar.gz"
    return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def file_of(body: bytes) -> Any:
    return {"name": "model.tar.gz", "mimeType": "application/gzip", "buffer": body}


def opened(visit: Any, role: str, language: str) -> Any:
    one = visit(role, language)
    one.open("models")
    one.heading("page.models").wait_for()
    one.settled()
    return one


def send(one: Any, body: bytes, reason: str) -> None:
    one.page.locator("#artifact-file").set_input_files(file_of(body))
    one.page.locator("#artifact-reason").fill(reason)
    one.press("sendArtifact")


def on_its_way(one: Any) -> Any:
    return one.page.get_by_role("article", name=one.t("onItsWay"))


@pytest.mark.parametrize(
    ("language", "version"), [("es", "20420101T000000"), ("en", "20420102T000000")]
)
def test_an_artifact_is_uploaded_watched_and_rolled_back(visit, site, language, version):
    before = live()
    body = reversioned(champions_artifact(site), version)
    one = opened(visit, "operator", language)
    one.page.locator("#artifact-file").set_input_files(file_of(body))
    expect(one.page.get_by_text(hashlib.sha256(body).hexdigest())).to_be_visible()
    one.press("sendArtifact")
    expect(one.page.locator("#artifact-reason-error")).not_to_be_empty()
    assert one.barriers() == []
    one.page.locator("#artifact-reason").fill("A mano <b>hoy</b>")
    one.press("sendArtifact")
    status = on_its_way(one).get_by_role("status")
    expect(status).to_have_text(one.t("standing.IN_SERVICE"))
    expect(on_its_way(one)).to_contain_text("A mano <b>hoy</b>")
    assert live() == version
    assert one.barriers() == []

    model = one.page.get_by_role("article", name=MODEL, exact=True)
    model.get_by_text(one.t("historyAndRollback")).click()
    history = model.get_by_role("region", name=one.t("historyTold"))
    expect(history).to_contain_text("A mano <b>hoy</b>")
    model.locator(f"#rollback-version-{MODEL}").select_option(before)
    model.locator(f"#rollback-reason-{MODEL}").fill("Vuelve")
    model.get_by_role("button", name=one.t("rollModelBack"), exact=True).click()
    asked = one.t("rollbackAsked", version=before, model=MODEL, live=version)
    expect(model.get_by_role("alert")).to_have_text(asked)
    assert live() == version
    assert one.barriers() == []
    model.get_by_role("button", name=one.t("confirmRollback", version=before)).click()
    expect(on_its_way(one)).to_contain_text("Vuelve")
    expect(status).to_have_text(one.t("standing.IN_SERVICE"))
    expect(history).to_contain_text("Vuelve")

    assert live() == before
    assert one.barriers() == []


def test_a_decision_keeps_its_own_reasons_once_other_models_answer(visit, site):
    decided = visit("analyst", "en")
    decided.analyse(site.loans[6])
    decided.page.get_by_role("link", name=decided.t("openDecision")).click()
    decided.heading("page.decision").wait_for()
    decided.settled()
    waterfall = decided.page.locator(".waterfall")
    expect(waterfall).to_have_count(1)
    before = live()
    one = opened(visit, "operator", "en")
    send(one, reversioned(champions_artifact(site), "20420103T000000"), "Another")
    expect(on_its_way(one).get_by_role("status")).to_have_text(one.t("standing.IN_SERVICE"))

    decided.open("decisions")
    decided.page.go_back()
    decided.page.get_by_text(decided.t("othersNow")).wait_for()
    decided.settled()

    assert waterfall.count() == 0
    assert live() != before
    assert decided.barriers() == []


def test_a_refused_artifact_shows_why_and_its_texts_are_texts(visit, site):
    body, version = champions_artifact(site), "20420103T000000"
    manifest = manifest_of(body) | {"version": version, "snapshot": HOSTILE, "window": {}}
    manifest["members"] |= {"code/<b>.py": "0" * 64}
    one = opened(visit, "operator", "en")
    before = live()
    send(one, changed(body, manifest__json=json.dumps(manifest).encode()), HOSTILE)
    expect(on_its_way(one).get_by_role("status")).to_have_text(one.t("standing.REFUSED"))
    told = on_its_way(one).inner_text()
    model = one.page.get_by_role("article", name=MODEL, exact=True)
    model.get_by_text(one.t("historyAndRollback")).click()
    expect(model.get_by_role("region", name=one.t("historyTold"))).to_contain_text(HOSTILE)
    one.settled()
    one.page.get_by_role("button", name="Español").click()
    expect(one.page.get_by_text("Falta: code/<b>.py").first).to_be_visible()

    assert "Missing: code/<b>.py" in told
    assert live() == before
    assert one.page.get_by_text(HOSTILE).count() >= 3  # the manifest, the act, the history
    assert one.page.locator("main img, main script").count() == 0
    assert one.overflow() <= 0
    assert one.barriers() == []


@pytest.mark.parametrize(
    ("body", "key"), [(b"no archive", "noManifest"), (b"0" * (33 << 20), "artifactTooLarge")]
)
def test_a_file_that_is_no_artifact_is_not_sent(visit, site, body, key):
    one = opened(visit, "operator", "en")
    one.page.locator("#artifact-file").set_input_files(file_of(body))

    expect(one.page.get_by_role("alert")).to_contain_text(one.t(key))
    expect(one.page.get_by_role("button", name=one.t("sendArtifact"))).to_be_disabled()


@pytest.mark.parametrize("role", ["risk", "auditor"])
def test_who_may_not_act_is_offered_the_history_alone(visit, site, role):
    one = opened(visit, role, "en")
    model = one.page.get_by_role("article", name=MODEL, exact=True)
    model.get_by_text(one.t("history"), exact=True).click()
    expect(model.get_by_role("region", name=one.t("historyTold"))).to_be_visible()

    assert one.page.locator("#artifact-file").count() == 0
    for key in ("sendArtifact", "rollModelBack"):
        assert one.page.get_by_role("button", name=one.t(key)).count() == 0


@pytest.mark.parametrize(("role", "language"), [("risk", "es"), ("operator", "en")])
def test_the_card_of_the_champion_is_on_the_page(visit, site, role, language):
    one = opened(visit, role, language)
    model = one.page.get_by_role("article", name="AppVengersAccelerator", exact=True)
    model.get_by_text(one.t("cards"), exact=True).click()
    expect(model.get_by_role("region", name=one.t("vintagesTold"))).to_be_visible()
    metrics = model.get_by_role("region", name=one.t("metricsOfCard"))
    auc = metrics.locator("tr", has=one.page.get_by_role("rowheader", name="AUC", exact=True))
    value, interval = auc.locator("td").all_inner_texts()
    low, high = map(float, interval.replace(",", ".").split(" … "))

    assert low < float(value.replace(",", ".")) < high
    assert ("," in value) == (language == "es")
    assert one.barriers() == []
    assert one.overflow() <= 0


def test_a_card_of_harmful_texts_is_shown_as_text(visit, site):
    body, version = champions_artifact(site), "20420104T000000"
    page = changed_card(body)
    manifest = manifest_of(body) | {"version": version}
    manifest["members"] |= {"card.html": hashlib.sha256(page).hexdigest()}
    spoilt = changed(body, manifest__json=json.dumps(manifest).encode(), card__html=page)
    before, one = live(), opened(visit, "operator", "en")
    one.page.route("**/people/models", lambda route: with_challenger(route, before))
    send(one, spoilt, "Harmful")
    expect(on_its_way(one).get_by_role("status")).to_have_text(one.t("standing.IN_SERVICE"))
    model = one.page.get_by_role("article", name=MODEL, exact=True)
    model.get_by_text(one.t("cards"), exact=True).click()
    champion = model.get_by_role("region", name=f"{one.t('champion')} {version}")
    challenger = model.get_by_role("region", name=f"{one.t('challenger')} {before}")
    for card in (champion, challenger):
        expect(card.get_by_role("region", name=one.t("vintagesTold"))).to_be_visible()
    one.settled()

    assert champion.get_by_text(HOSTILE).count() >= 5
    assert challenger.get_by_text(HOSTILE).count() == 0
    assert one.page.locator("main img, main script").count() == 0
    assert one.overflow() <= 0
    assert one.barriers() == []


def with_challenger(route: Any, version: str) -> None:
    """Answer with a challenger of this version, as a retraining leaves one."""
    taken = route.fetch()
    body = taken.json()
    body["models"][MODEL]["challenger"] = CHALLENGER | {"version": version}
    route.fulfill(response=taken, body=json.dumps(body))


def changed_card(body: bytes) -> bytes:
    """The card of an artifact, with a harmful text in each place that has a text."""
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        page = archive.extractfile("card.html").read().decode()  # type: ignore[union-attr]
    begin, end = '<script type="application/json" id="facts">', "</script>"
    facts = json.loads(page.split(begin)[1].split(end)[0])
    facts |= {"method": HOSTILE, "snapshot": HOSTILE, "window": {"from": HOSTILE, "to": HOSTILE}}
    facts["limits"] = [{"es": HOSTILE, "en": HOSTILE}]
    facts["features"][0]["name"] = HOSTILE
    facts["vintages"][0]["vintage"] = HOSTILE
    facts["groups"] |= {HOSTILE: [facts["vintages"][0] | {"value": HOSTILE}]}
    return (begin + json.dumps(facts).replace("<", "\\u003c") + end).encode()


def rollback_of(one: Any, model: str) -> tuple[Any, Any]:
    """The fields of a model's rollback, once its history is opened."""
    article = one.page.get_by_role("article", name=model, exact=True)
    article.get_by_text(one.t("historyAndRollback")).click()
    version, reason = (
        article.locator(f"#rollback-{name}-{model}") for name in ("version", "reason")
    )
    reason.wait_for()
    return version, reason


def signed_in_anew(one: Any, person: str) -> None:
    one.page.reload()
    one.press("signIn")
    one.give_password(person)
    one.open("models")
    one.heading("page.models").wait_for()


def test_the_reason_of_a_rollback_is_kept_for_its_person_and_version(visit, site):
    for version in ("20420105T000000", "20420106T000000"):
        one = opened(visit, "operator", "en")
        send(one, reversioned(champions_artifact(site), version), "One more")
        expect(on_its_way(one).get_by_role("status")).to_have_text(one.t("standing.IN_SERVICE"))
    one = opened(visit, "operator", "en")
    chosen, reason = rollback_of(one, MODEL)
    first, other = chosen.locator("option").all_inner_texts()[:2]
    chosen.select_option(other)
    reason.fill("Not sent yet")
    chosen.select_option(first)
    expect(reason).to_have_value("")
    signed_in_anew(one, "operator")
    chosen, reason = rollback_of(one, MODEL)
    chosen.select_option(other)
    expect(reason).to_have_value("Not sent yet")
    signed_in_anew(one, "risk")
    assert one.page.evaluate("Object.keys(sessionStorage)") == []
    signed_in_anew(one, "operator")
    chosen, reason = rollback_of(one, MODEL)
    chosen.select_option(other)

    expect(reason).to_have_value("")


def test_a_rollback_whose_answer_is_lost_is_one_act(visit, site):
    one = opened(visit, "operator", "en")
    sent = losing_the_first_answer(one.page, f"**/models/{MODEL}/rollback")
    chosen, reason = rollback_of(one, MODEL)
    version = chosen.input_value()
    reason.fill("Once only, though its answer is lost")
    model = one.page.get_by_role("article", name=MODEL, exact=True)
    confirm = model.get_by_role("button", name=one.t("confirmRollback", version=version))
    ask = model.get_by_role("button", name=one.t("rollModelBack"), exact=True)
    ask.click()
    confirm.click()
    expect(model.get_by_role("alert")).to_contain_text(one.t("networkLost"))
    expect(reason).to_have_value("Once only, though its answer is lost")
    ask.click()
    confirm.click()
    expect(on_its_way(one).get_by_role("status")).to_have_text(one.t("standing.IN_SERVICE"))
    history = model.get_by_role("region", name=one.t("historyTold"))
    expect(history).to_contain_text("Once only, though its answer is lost")

    assert sent == [{"version": version, "reason": "Once only, though its answer is lost"}] * 2
    assert history.get_by_text("Once only, though its answer is lost").count() == 1
    assert live() == version


def test_an_upload_whose_answer_is_lost_is_one_act(visit, site):
    version = "20420109T000000"
    one = opened(visit, "operator", "en")
    sent = losing_the_first_answer(one.page, f"**/models/{MODEL}/artifacts")
    send(one, reversioned(champions_artifact(site), version), "Announced once only")
    expect(one.page.get_by_role("alert")).to_contain_text(one.t("networkLost"))
    one.press("sendArtifact")
    expect(on_its_way(one).get_by_role("status")).to_have_text(one.t("standing.IN_SERVICE"))
    model = one.page.get_by_role("article", name=MODEL, exact=True)
    model.locator("summary", has_text=one.t("historyAndRollback")).click()
    history = model.get_by_role("region", name=one.t("historyTold"))
    expect(history).to_contain_text("Announced once only")

    assert len(sent) == 2
    assert history.get_by_text("Announced once only").count() == 1


def test_another_file_takes_the_place_of_the_one_before(visit, site):
    one, body = opened(visit, "operator", "en"), champions_artifact(site)
    here = one.page.locator("form", has=one.page.locator("#artifact-file"))
    one.page.locator("#artifact-file").set_input_files(file_of(body))
    expect(here.get_by_text(hashlib.sha256(body).hexdigest())).to_be_visible()
    one.page.locator("#artifact-file").set_input_files(file_of(b"no archive"))
    expect(here.get_by_role("alert")).to_contain_text(one.t("noManifest"))

    assert here.locator("dl.facts").count() == 0
    assert here.get_by_role("button", name=one.t("sendArtifact")).is_disabled()
