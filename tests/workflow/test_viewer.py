"""GET /docs on the served bank, and on chalice local."""

import json
import re
from urllib.parse import urljoin

import pytest
import requests

from tests.workflow.test_chalice_local import ONCE, local

LARGEST_ANSWER = 6 * 10**6  # of a Lambda function, as JSON


@pytest.fixture(scope="module")
def page(served):
    return requests.get(f"{served.url}/docs", timeout=30)


def names(page):
    return re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)


def test_the_page_needs_no_key_and_has_a_strict_policy(served, page):
    policy = page.headers["Content-Security-Policy"]

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-cache"


def test_its_files_come_once(page):
    for name in names(page):
        first = requests.get(urljoin(page.url, name), timeout=30)
        headers = {"If-None-Match": first.headers["ETag"]}
        again = requests.get(first.url, headers=headers, timeout=30)

        assert first.status_code == 200
        assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (again.status_code, again.content) == (304, b"")
        assert len(json.dumps({"body": first.text})) < LARGEST_ANSWER


def test_what_the_page_does_not_name_is_not_found(served, page):
    for name in ("none", "start.js", "LICENSE", "page.html", "..%2Fopenapi.json", "%2e%2e"):
        answer = requests.get(f"{served.url}/docs/{name}", timeout=30)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:problem:not-found")


def test_a_slash_at_its_end_leads_to_the_page(served, page):
    answer = requests.get(f"{served.url}/docs/", timeout=30)

    assert (answer.url, answer.status_code) == (page.url, 200)
    assert answer.history[0].status_code == 308


def test_chalice_local_serves_it_too():
    with local(ONCE) as url:
        page = requests.get(f"{url}/docs", timeout=9)
        answers = [requests.get(urljoin(page.url, name), timeout=9) for name in names(page)]

    assert [one.status_code for one in answers] == [200, 200, 200]
    assert "SwaggerUIBundle" in answers[1].text
