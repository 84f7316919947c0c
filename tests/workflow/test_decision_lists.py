"""GET /decisions and a client's history on the served bank: filters, CSV, links and cursors."""

import csv
import io
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
import requests

from bank.first_run import body_of
from chalicelib.decisions.lists.list_request import FIELDS
from tests.workflow.conftest import API_KEY

CLIENT = "listed-1"
HISTORY = f"/predictions/{CLIENT}"
ANOTHER = {"es": "de esta misma lista", "en": "of this same list"}


@pytest.fixture(scope="module")
def decided(served, loans):
    """Decisions on real loans, the newest first: four of one client, two of another."""
    clients = [CLIENT, "listed-2", CLIENT, CLIENT, "listed-2", CLIENT]
    bodies = [
        body_of(loan) | {"clientId": name} for loan, name in zip(loans, clients, strict=False)
    ]
    return [served.post(body, **{"Accept-Language": "en"}).json() for body in bodies][::-1]


def all_pages(served, path, most=100, **headers):
    """Follow each answer's Link header, to the end or to so many pages, and return the answers."""
    url, found = f"{served.url}{path}", []
    while url and len(found) < most:
        answer = requests.get(url, headers={"x-api-key": API_KEY, **headers}, timeout=30)
        assert answer.status_code == 200, answer.text
        found.append(answer)
        url = answer.links["next"]["url"] if "next" in answer.links else None
        url = url and urljoin(answer.url, url)
    return found


def of_clients(rows):
    return [one for one in rows if one["clientId"] in (CLIENT, "listed-2")]


def test_a_clients_history_is_its_decisions_as_they_were_answered(served, decided):
    mine = [one for one in decided if one["clientId"] == CLIENT]
    pages = [one.json() for one in all_pages(served, f"{HISTORY}?limit=3")]

    assert [len(page["predictions"]) for page in pages] == [3, 1]
    assert [one for page in pages for one in page["predictions"]] == mine
    assert pages[-1]["next"] is None


def test_the_banks_list_has_all_clients_and_its_cursor_is_that_of_its_link(served, decided):
    today = datetime.now(UTC).date()
    pages = all_pages(served, f"/decisions?from={today}&limit=4", most=2)
    rows = [one for page in pages for one in page.json()["decisions"]]

    assert of_clients(rows)[:6] == decided
    assert [one["predictionId"] for one in rows] == sorted(
        (one["predictionId"] for one in rows), reverse=True
    )
    first = pages[0]
    assert first.links["next"]["url"].endswith(f"cursor={first.json()['next']}")
    assert first.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("filters", ["decision", "basis", "model"])
def test_filters_choose_decisions(served, decided, filters):
    one = decided[0]
    version = one["models"]["Tradicional"]["version"]
    value = {
        "decision": one["decision"],
        "basis": one["decisionBasis"],
        "model": f"Tradicional:{version}",
    }
    same = {
        "decision": lambda other: other["decision"] == one["decision"],
        "basis": lambda other: other["decisionBasis"] == one["decisionBasis"],
        "model": lambda other: other["models"]["Tradicional"].get("version") == version,
    }
    query = f"?{filters}={value[filters]}&limit=100&from={one['createdAt'][:10]}"
    for path, name in (("/decisions", "decisions"), (HISTORY, "predictions")):
        rows = [row for page in all_pages(served, path + query) for row in page.json()[name]]
        assert one in rows
        assert all(map(same[filters], rows))


def test_a_page_is_csv_to_whoever_asks_for_it(served, decided):
    mine = [one for one in decided if one["clientId"] == CLIENT]
    pages = all_pages(
        served, f"{HISTORY}?limit=3&fields=createdAt,score,cutOffs", Accept="text/csv"
    )
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page.text, newline=""))]

    assert pages[0].headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert pages[0].headers["Content-Disposition"] == 'attachment; filename="predictions.csv"'
    assert [row["score"] for row in rows] == [str(one["score"]) for one in mine]
    assert [*rows[0]] == ["createdAt", "score", "cutOffs"]
    assert rows[0]["cutOffs"] == '{"approveFrom":561.0,"declineBelow":543.0}'


@pytest.mark.parametrize(("accept", "is_csv"), [
    ("text/csv", True), ("text/csv, */*;q=0.1", True), ("application/json, text/csv", False),
    ("text/csv;q=0", False), ("application/json;q=0.1, text/csv", True), ("*/*", False),
])  # fmt: skip
def test_json_is_what_a_caller_gets_unless_it_prefers_csv(served, decided, accept, is_csv):
    answer = served.get(f"{HISTORY}?limit=1", Accept=accept)

    assert answer.headers["Content-Type"].startswith("text/csv" if is_csv else "application/json")


def test_a_problem_is_a_problem_to_whoever_asks_for_csv(served):
    answer = served.get("/decisions?limit=0", Accept="text/csv")

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("language", ANOTHER)
def test_a_cursor_of_another_list_is_a_problem_in_one_sentence(served, decided, language):
    cursor = served.get(f"{HISTORY}?limit=1").json()["next"]
    said = {"Accept-Language": language}
    paths = (
        f"/decisions?cursor={cursor}", f"/predictions/listed-2?cursor={cursor}",
        f"{HISTORY}?cursor={cursor}&decision=REVIEW", f"{HISTORY}?cursor={cursor[:-1]}",
        f"{HISTORY}?cursor={cursor.swapcase()}", f"{HISTORY}?cursor=",
    )  # fmt: skip
    answers = [served.get(path, **said) for path in paths]

    assert [one.status_code for one in answers] == [400] * len(paths)
    assert all(ANOTHER[language] in one.text for one in answers)
    assert served.get(f"{HISTORY}?limit=2&cursor={cursor}").status_code == 200


@pytest.mark.parametrize(
    "query", ["decision=APPROVE&decision=DECLINE", "decison=APPROVE", "limit=1&limit=1"]
)
def test_a_filter_that_comes_twice_or_is_unknown_is_refused(served, query):
    name = query.partition("=")[0]
    for path in ("/decisions", HISTORY):
        answer = served.get(f"{path}?{query}", **{"Accept-Language": "en"})
        assert answer.status_code == 400
        assert name in answer.text


def test_fields_come_in_one_parameter_or_in_several(served, decided):
    joined = served.get(f"{HISTORY}?limit=1&fields=score,decision").json()
    several = served.get(f"{HISTORY}?limit=1&fields=score&fields=decision").json()

    assert joined["predictions"] == several["predictions"]
    assert [*joined["predictions"][0]] == ["score", "decision"]


def test_an_unknown_field_is_answered_with_the_names_that_there_are(served):
    answer = served.get(f"{HISTORY}?fields=score,application")

    assert answer.status_code == 400
    assert ", ".join(FIELDS) in answer.text


def test_people_read_lists_by_their_roles(desk, decided):
    answers = {role: desk.ask(role, "GET", "/decisions?limit=1") for role in desk.tokens}
    refused = [role for role, one in answers.items() if one.status_code == 403]

    assert refused == ["operator"]
    page = answers["auditor"].json()
    again = desk.ask("analyst", "GET", f"/decisions?cursor={page['next']}")
    assert again.json()["decisions"][0]["predictionId"] < page["decisions"][0]["predictionId"]
    assert "requestedBy" not in page["decisions"][0]
