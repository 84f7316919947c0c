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
