"""The pages of risk: portfolio and models, on real decisions."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize(("role", "language"), [("risk", "es"), ("auditor", "en")])
def test_the_portfolio_counts_the_bank_s_decisions(visit, decided, role, language):
    one = visit(role, language)
    one.open("portfolio")
    one.heading("page.portfolio").wait_for()
    expect(one.page.locator("figure.plot svg").first).to_be_visible()
    one.settled()
    told = one.page.locator("dl.facts dd").first.inner_text()

    assert int("".join(filter(str.isdigit, told))) >= len(decided)
    assert one.page.locator("figure.plot").count() >= 3
    assert (
        one.page.locator("figure.plot").count()
        == one.page.locator("figure.plot details table").count()
    )
    assert one.barriers() == []


def test_the_scores_stand_beside_their_reference(visit, decided):
    one = visit("risk", "en")
    one.open("portfolio")
    plot = one.page.locator("figure.plot", has_text=one.t("probabilities"))
    plot.locator("summary").click()
    before = plot.locator("tbody").inner_text()
    one.page.locator("#reference-model").select_option("Tradicional")
    expect(plot.locator("tbody")).not_to_have_text(before, use_inner_text=True)
    shares = [
        [float(cell.strip("%").replace("–", "0")) for cell in row.locator("td").all_inner_texts()]
        for row in plot.locator("tbody tr").all()
    ]

    assert sum(observed for observed, _ in shares) == pytest.approx(100, abs=1)
    assert sum(expected for _, expected in shares) == pytest.approx(100, abs=1)


@pytest.fixture(scope="module")
def vintages(site):
    """Two vintages, as a snapshot of three years later has them."""
    expected = {"decisions": 50, "matured": 40, "bads": 8, "defaultRate": 0.2, "expected": 0.05}
    one = {"decisions": 50, "approved": 50, "matured": 40, "bads": 8}
    months = [
        one | {"month": "2026-01", "byDecision": {"APPROVE": expected}, "approvedDefaults": [0, 5]},
        one | {"month": "2026-02", "byDecision": {"APPROVE": expected}, "approvedDefaults": [1]},
    ]
    body = json.dumps({"asOf": "2026-04-01T03:00:00+00:00", "months": months})
    s3, place = boto3.client("s3"), "credit/snapshots/20300101T000000"
    for name, text in (("vintages.json", body), ("manifest.json", "{}")):
        s3.put_object(Bucket=site.bank.settings.data_bucket, Key=f"{place}/{name}", Body=text)
    return months


@pytest.mark.parametrize(("role", "language"), [("risk", "es"), ("auditor", "en")])
def test_vintages_have_their_curves_and_what_was_expected(visit, decided, vintages, role, language):
    one = visit(role, language)
    one.open("portfolio")
    plot = one.page.locator("figure.plot", has_text=one.t("defaultByAge"))
    expect(plot.locator("text.end")).to_have_text(["2026-01", "2026-02"])
    plot.locator("summary").click()
    rows = [row.split() for row in plot.locator("tbody tr").all_inner_texts()]
    assert [row[0] for row in rows] == ["1", "2"]
    assert rows[1][-1] == "–"  # not all loans of the newer one are two months old
    table = one.page.get_by_role("region", name=one.t("badRateApproved")).last
    assert one.t("place.BELOW") in table.locator("tbody tr").first.inner_text()
    with one.page.expect_download() as saved:
        plot.get_by_role("button").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["1,0,0.02", "2,0.1,"]
    one.page.locator("#vintage-from").select_option("2026-02")
    expect(plot.locator("text.end")).to_have_text(["2026-02"])
    assert one.barriers() == []


OVERLAPS = """texts => {
  const boxes = texts.map((one) => one.getBoundingClientRect());
  return boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) =>
    one.left < other.right && other.left < one.right
    && one.top + 1 < other.bottom && other.top + 1 < one.bottom)).length;
}"""


CLIPPED = """texts => texts.filter((one) => one.getBoundingClientRect().right
  > one.ownerSVGElement.getBoundingClientRect().right).map((one) => one.textContent)"""


def with_many_vintages(route):
    """Answer with thirty vintages of nearly the same default rates."""
    taken = route.fetch()
    body = taken.json()
    one = {"decisions": 900, "approved": 800, "matured": 0, "bads": 0}
    months = [
        one
        | {"month": f"{2024 + place // 12}-{place % 12 + 1:02}"}
        | {"approvedDefaults": [(place + age) % 9 for age in range(31 - place)]}
        | {"byDecision": {"APPROVE": one | {"defaultRate": None, "expected": 0.002}}}
        for place in range(30)
    ]
    body["vintages"] = {"vintages": {"asOf": "2026-07-01T03:00:00+00:00", "months": months}}
    route.fulfill(response=taken, body=json.dumps(body))


# The contrast of each line of a plot with the page, by WCAG 2.2.
CONTRASTS = """(lines) => {
  const bytes = (colour) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
  const light = (colour) => [0.2126, 0.7152, 0.0722]
    .reduce((sum, weight, at) => sum + weight * linear(colour[at] / 255), 0.05);
  const page = bytes(getComputedStyle(document.documentElement).backgroundColor);
  return lines.map((one) => {
    const { stroke, strokeOpacity } = getComputedStyle(one);
    const [opacity, own] = [Number(strokeOpacity), bytes(stroke)];
    const seen = own.map((part, at) => part * opacity + page[at] * (1 - opacity));
    const [less, more] = [light(seen), light(page)].sort((a, b) => a - b);
    return more / less;
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_of_vintages_and_their_leaders_contrast_with_the_page(visit, decided, scheme):
    one = visit("risk", "en", color_scheme=scheme)
    one.page.route("**/people/models", with_many_vintages)
    one.open("portfolio")
    plot = one.page.locator("figure.plot", has_text=one.t("defaultByAge"))
    one.page.locator("#vintage-from").select_option("")
    plot.get_by_label(one.t("highlighted")).select_option("2025-03")
    expect(plot.locator("path.leader.chosen")).to_have_css("stroke-width", "5px")
    contrasts = plot.locator("path:not(.hit)").evaluate_all(CONTRASTS)

    assert len(contrasts) > 60
    assert plot.locator("path.leader").count() > 10
    assert min(contrasts) >= 3


def test_a_tap_on_a_vintage_highlights_it(visit, decided):
    one = visit("risk", "es", 360, has_touch=True, is_mobile=True)
    one.page.route("**/people/models", with_many_vintages)
    one.open("portfolio")
    one.settled()
    plot = one.page.locator("figure.plot", has_text=one.t("defaultByAge"))
    plot.locator("svg").scroll_into_view_if_needed()
    at = plot.locator("path.hit").last.evaluate(MIDDLE)
    one.page.touchscreen.tap(*at)
    chosen = plot.locator("text.chosen")
    expect(chosen).to_have_count(1)
    expect(plot.locator("output")).to_contain_text(chosen.text_content())
    assert plot.locator("path.hit").last.evaluate(MIDDLE) == pytest.approx(at)  # it stays in place
    one.page.touchscreen.tap(*at)

    expect(plot.locator("output")).to_be_empty()


MIDDLE = """line => {
  const [place, on] = [line.getPointAtLength(line.getTotalLength() / 2), line.getScreenCTM()];
  return [place.x * on.a + on.e, place.y * on.d + on.f];
}"""


@pytest.mark.parametrize("language", ["es", "en"])
def test_thirty_vintages_are_told_apart(visit, decided, language):
    one = visit("risk", language)
    one.page.route("**/people/models", with_many_vintages)
    one.open("portfolio")
    one.settled()
    plot = one.page.locator("figure.plot", has_text=one.t("defaultByAge"))
    one.page.locator("#vintage-from").select_option("")
    names = plot.locator("text.end")
    expect(names.first).to_have_text("2024-01")
    expect(names.last).to_have_text("2026-06")
    assert names.count() < 30
    assert names.evaluate_all(OVERLAPS) == 0
    ticks = plot.locator("text:not(.end)").all_text_contents()
    assert ("0,25\xa0%" if language == "es" else "0.25%") in ticks
    unnamed = ({f"2025-{month:02}" for month in range(1, 13)} - {*names.all_text_contents()}).pop()
    plot.get_by_label(one.t("highlighted")).select_option(unnamed)
    expect(plot.locator("text.chosen")).to_have_text(unnamed)
    expect(plot.locator("output")).to_contain_text(unnamed)
    expect(plot.locator("path.chosen").first).to_have_css("stroke-width", "5px")
    assert names.evaluate_all(OVERLAPS) == 0
    assert names.evaluate_all(CLIPPED) == []
    plot.locator("path.hit", has_text="2024-02").dispatch_event("pointerenter")
    expect(plot.locator("text.chosen")).to_have_text("2024-02")
    plot.locator("path.hit", has_text="2024-02").dispatch_event("pointerleave")
    expect(plot.locator("text.chosen")).to_have_text(unnamed)
    assert one.barriers() == []


def test_texts_of_plots_grow_with_the_page_on_a_wall(visit, decided):
    one = visit("risk", "en", 3840)
    one.open("portfolio")
    one.settled()
    page = one.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    factors = one.page.evaluate(FACTORS)

    assert page > 20
    assert factors == pytest.approx([page / 16] * len(factors), abs=0.03)
    assert factors
    assert one.overflow() <= 0


def test_a_segment_filters_decisions(visit, site, decided):
    one = visit("risk", "en")
    one.open("portfolio")
    one.settled()
    count = one.page.locator("dl.facts dd").first

    def counted():
        one.settled()
        return int("".join(filter(str.isdigit, count.inner_text())))

    whole, parts = counted(), []
    for value in ("existing", "new"):
        one.page.locator("#period-segment").select_option(f"newBusiness:{value}")
        expect(one.page.locator("main [role=status]", has_text=one.t("busy"))).to_have_count(0)
        parts.append(counted())

    assert 0 < min(parts) <= max(parts) < whole
    assert one.barriers() == []


class ManyDecisions:
    """Pages of 2,500 decisions; that of `held` waits until `go_on`, and that of `lost` is lost."""

    def __init__(self, held=-1, lost=-1):
        self.held, self.lost, self.waiting, self.asked = held, lost, [], 0

    def answer(self, route):
        self.asked += 1
        cursor = parse_qs(urlsplit(route.request.url).query).get("cursor", ["0"])[0]
        if int(cursor) == self.lost:
            self.lost = -1
            route.abort()
        elif int(cursor) == self.held:
            self.waiting.append(route)
        else:
            self.fulfill(route, int(cursor))

    def go_on(self):
        page, self.held = self.held, -1
        for route in self.waiting:
            self.fulfill(route, page)

    def fulfill(self, route, page):
        one = {"decision": "APPROVE", "decisionBasis": "SCORE", "score": 600, "models": {}}
        at = f"2026-11-{30 - page:02}T10:00:00.000Z"
        found = [one | {"createdAt": at, "probabilityOfDefault": 0.02}] * 100
        route.fulfill(json={"decisions": found, "next": str(page + 1) if page < 24 else None})


def test_all_decisions_of_a_period_are_read_until_one_stops_it(visit, decided):
    one, pages = visit("risk", "en"), ManyDecisions(22)
    one.page.route("**/people/decisions?*", pages.answer)
    one.open("portfolio")
    status = one.page.locator("main [role=status]")
    newest = lambda count: status.filter(has_text=one.t("newestOnly", count=count))  # noqa: E731
    expect(newest("2,000")).to_be_visible()
    one.press("readAll")
    expect(status.filter(has_text="2,200, back to Nov 9")).to_be_visible()
    one.press("stop")
    expect(status.filter(has_text="Stopped at 2,200 decisions")).to_be_visible()
    expect(one.page.locator("dl.facts dd").first).to_have_text("2,200")
    expect(one.page.get_by_role("button", name=one.t("readAll"))).to_be_focused()
    pages.held = -1
    assert one.barriers() == []
    one.press("readAll")
    expect(one.page.locator("dl.facts dd").first).to_have_text("2,500")

    assert one.page.get_by_role("button", name=one.t("readAll")).count() == 0
    expect(one.heading("page.portfolio")).to_be_focused()


@pytest.mark.parametrize(("held", "told"), [(0, "stoppedAtNone"), (3, "stoppedAt")])
def test_the_first_reading_and_that_of_other_filters_are_stopped(visit, decided, held, told):
    one, pages = visit("risk", "es"), ManyDecisions(held)
    one.page.route("**/people/decisions?*", pages.answer)
    one.open("portfolio")
    status = one.page.locator("main [role=status]")
    for decision in ("", "APPROVE"):
        one.page.locator("#period-decision").select_option(decision)
        reading = one.t("reading", count="300", day="28 nov 2026") if held else one.t("readingNone")
        expect(status.filter(has_text=reading)).to_be_visible()
        one.press("stop")
        stopped = one.t(told, count=str(100 * held), day="28 nov 2026") if held else one.t(told)
        expect(status.filter(has_text=stopped)).to_be_visible()
        count = one.page.locator("dl.facts dd", has_text=re.compile(r"^300$"))
        assert count.count() == (1 if held else 0)
    assert one.barriers() == []


def test_leaving_the_portfolio_ends_its_reading(visit, decided):
    one, pages = visit("risk", "en"), ManyDecisions(22)
    one.page.route("**/people/decisions?*", pages.answer)
    one.open("portfolio")
    one.press("readAll")
    expect(one.page.locator("main [role=status]").filter(has_text="2,200")).to_be_visible()
    one.open("queue")
    one.heading("page.queue").wait_for()
    asked = pages.asked
    pages.go_on()
    one.page.wait_for_timeout(1000)

    assert pages.asked == asked


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_lost_network_leaves_the_figures_and_the_reading_goes_on(visit, decided, language):
    one, pages = visit("risk", language), ManyDecisions(lost=22)
    one.page.route("**/people/decisions?*", pages.answer)
    one.open("portfolio")
    count = one.page.locator("dl.facts dd").first
    expect(count).to_have_text("2000" if language == "es" else "2,000")
    figures = one.page.locator("figure.plot").count()
    one.press("readAll")
    alert = one.page.get_by_role("alert")
    expect(alert).to_contain_text(one.t("networkLostRead"))
    assert one.t("networkLostDetail") not in alert.inner_text()
    expect(count).to_have_text("2000" if language == "es" else "2,000")
    assert one.page.locator("figure.plot").count() == figures >= 3
    assert one.page.evaluate("document.activeElement.tagName") != "BODY"
    assert one.barriers() == []
    asked = pages.asked
    one.press("again")
    expect(one.heading("page.portfolio")).to_be_focused()
    expect(count).to_have_text("2500" if language == "es" else "2,500")

    assert pages.asked == asked + 3


def test_another_language_while_all_is_read_counts_each_decision_once(visit, decided):
    one, pages = visit("risk", "es"), ManyDecisions(22)
    one.page.route("**/people/decisions?*", pages.answer)
    one.open("portfolio")
    one.press("readAll")
    expect(one.page.locator("main [role=status]").filter(has_text="2200")).to_be_visible()
    one.page.get_by_role("button", name="English").click()
    one.page.wait_for_timeout(500)
    pages.go_on()

    expect(one.page.locator("dl.facts dd").first).to_have_text("2,500")


def test_a_plot_has_its_csv(visit, decided):
    one = visit("risk", "en")
    one.open("portfolio")
    plot = one.page.locator("figure.plot").first
    plot.locator("summary").click()
    with one.page.expect_download() as saved:
        plot.get_by_role("button").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()

    assert lines[0] == "Label,Decisions"
    assert sum(int(line.split(",")[1]) for line in lines[1:]) >= len(decided)


@pytest.mark.parametrize(("role", "language"), [("risk", "es"), ("operator", "en")])
def test_the_models_are_side_by_side_with_who_answers_for_them(visit, site, role, language):
    one = visit(role, language)
    one.open("models")
    one.heading("page.models").wait_for()
    one.settled()

    for name in ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator"):
        assert one.page.get_by_role("article", name=name).count() == 1
    assert one.page.get_by_role("button", name=one.t("promote")).count() == 0
    assert one.barriers() == []


def test_a_refused_period_has_no_figures(visit, decided):
    one = visit("risk", "en")
    one.open("portfolio")
    expect(one.page.locator("dl.facts").first).to_be_visible()
    one.page.locator("#period-from").fill("2031-01-01")
    expect(one.page.get_by_role("alert")).to_be_visible()

    assert one.page.get_by_text(one.t("decisionsADay")).count() == 0
    assert one.page.get_by_text(one.t("badRateOverrides")).count() == 0


@pytest.mark.parametrize("page", ["portfolio", "models", "policy"])
def test_the_pages_of_risk_fit_a_telephone(visit, decided, page):
    one = visit("risk", width=360)
    one.open(page)
    one.heading(f"page.{page}").wait_for()
    one.settled()

    assert one.overflow() <= 0


# The words of a table that are on more than one line, and the factor of each plot's texts.
CUT = r"""() => {
  const cut = [];
  for (const one of document.querySelectorAll("table .said, table th")) {
    const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      for (const word of node.data.matchAll(/\p{L}+/gu)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
        if (lines.size > 1) cut.push(word[0]);
      }
    }
  }
  return cut;
}"""
FACTORS = """() => [...document.querySelectorAll(".plot svg, .scale svg")]
  .filter((one) => one.checkVisibility()).map((one) => one.getScreenCTM().a)"""


def with_a_reviewer(route):
    """Answer with the figures of a reviewer and of each reason, as a bank at work has them."""
    taken = route.fetch()
    body = taken.json()
    people = {"byReviewer": [body["all"] | {"reviewer": {"username": "branch-reviewer"}}]}
    people["byReason"] = {"INCOME_VERIFIED": body["all"]}
    route.fulfill(response=taken, body=json.dumps(body | people))


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("page", ["portfolio", "models", "policy"])
def test_words_are_whole_and_plots_have_readable_texts(visit, decided, page, width):
    one = visit("risk", "es", width)
    one.page.route("**/people/portfolio*", with_a_reviewer)
    one.open(page)
    one.heading(f"page.{page}").wait_for()
    one.settled()

    assert one.page.locator("table th").count() > 0
    assert one.page.evaluate(CUT) == []
    assert one.page.evaluate(FACTORS) == pytest.approx(
        [1] * len(one.page.evaluate(FACTORS)), abs=0.03
    )


def test_a_single_day_is_a_dot_that_is_seen(visit, decided):
    one = visit("risk")
    one.open("portfolio")
    dot = one.page.locator("figure.plot", has_text=one.t("approvalRate")).locator("path.dot").first
    dot.wait_for(state="attached")

    assert dot.evaluate("one => getComputedStyle(one).strokeWidth") == "10px"
    assert dot.get_attribute("d").startswith("M")


def test_a_period_that_ends_before_it_begins_is_told_beside_its_day(visit, decided):
    one = visit("risk", "en")
    one.open("portfolio")
    one.heading("page.portfolio").wait_for()
    one.settled()
    one.page.locator("#period-from").fill("2099-01-01")
    expect(one.page.locator("#period-from-error")).not_to_be_empty()
    one.settled()

    assert one.page.locator("#period-from").get_attribute("aria-invalid") == "true"
    assert one.barriers() == []
