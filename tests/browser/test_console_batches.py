"""A batch: a file is uploaded from the page, decided, and its results are fetched."""

import csv
import io

import pytest
from playwright.sync_api import expect


def file_of(loans):
    """A file of real applications, whose last row is wrong."""
    fields = dict.fromkeys(name for loan in loans for name in loan["application"])
    names = ["clientId", *fields, "consents"]
    rows = [
        {"clientId": loan["clientId"], **loan["application"], "consents": "network"}
        for loan in loans
    ]
    rows[-1]["amount"] = "50"
    written = io.StringIO()
    table = csv.DictWriter(written, names)
    table.writeheader()
    table.writerows(rows)
    return {"name": "loans.csv", "mimeType": "text/csv", "buffer": written.getvalue().encode()}


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_file_is_sent_decided_and_fetched(visit, site, language):
    one = visit("analyst", language)
    one.open("batches")
    one.heading("page.batches").wait_for()
    assert one.barriers() == []
    one.page.locator("#batch-file").set_input_files(file_of(site.loans[70:76]))
    one.press("sendBatch")
    expect(one.page.get_by_text(one.t("batch.DONE"))).to_be_visible()
    assert one.barriers() == []
    with one.page.context.expect_page() as fetched:
        one.page.get_by_role("link", name=one.t("fetchDecisions")).click(modifiers=["Control"])
    with one.page.expect_response("**/people/batches/*") as asked:
        one.page.reload()
        one.press("signIn")
        one.give_password("analyst")
    rows = asked.value.json()["rows"]

    assert rows == {"total": 6, "decided": 5, "refused": 1}
    assert "decisions" in fetched.value.url


def posted(one):
    """The bodies that the page posts to /batches, as they are sent."""
    bodies = []

    def keep(request):
        if request.url.endswith("/people/batches") and request.method == "POST":
            bodies.append(request.post_data_json)

    one.page.on("request", keep)
    return bodies


def test_a_file_is_one_batch_though_an_answer_is_lost_and_it_is_sent_twice(visit, site):
    one = visit("analyst", "es")
    one.open("batches")
    one.heading("page.batches").wait_for()
    bodies, lost = posted(one), []

    def lose_the_first_start(route):
        if lost or "batchId" not in (route.request.post_data or ""):
            route.continue_()
            return
        lost.append(route.fetch().json()["batchId"])
        route.abort()

    one.page.route("**/people/batches", lose_the_first_start)
    one.page.locator("#batch-file").set_input_files(file_of(site.loans[76:79]))
    submit = "one => { one.form.requestSubmit(); one.form.requestSubmit(); }"
    one.page.locator("#batch-file").evaluate(submit)
    expect(one.page.get_by_role("alert")).to_contain_text(one.t("networkLost"))
    one.press("sendBatch")
    expect(one.page.get_by_text(one.t("batch.DONE"))).to_be_visible()

    assert bodies[0].keys() == {"format", "bytes"}
    assert bodies[1:] == [{"batchId": lost[0]}] * 2
    assert lost[0] in one.page.url


def test_a_batch_that_is_not_there_is_asked_for_once(visit):
    one, asked = visit("analyst", "en"), []
    one.page.on("request", lambda request: asked.append("/batches/none" in request.url))
    one.page.clock.install()
    one.open("batches", "none")
    expect(one.page.get_by_role("alert")).to_be_visible()
    one.page.clock.run_for(20_000)
    one.settled()

    assert asked.count(True) == 1


def test_why_a_file_is_refused_follows_the_language(visit):
    one = visit("analyst", "es")
    one.open("batches")
    one.heading("page.batches").wait_for()
    body = b"clientId,salary\n1,2\n"
    file = {"name": "loans.csv", "mimeType": "text/csv", "buffer": body}
    one.page.locator("#batch-file").set_input_files(file)
    one.press("sendBatch")
    state = one.page.locator("main [role=status]", has=one.page.locator("strong"))
    expect(state).to_contain_text("columnas")
    one.page.get_by_role("button", name="English").click()

    expect(state).to_contain_text("The header has columns that are not asked for")
