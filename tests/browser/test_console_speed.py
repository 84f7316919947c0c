"""The console on a slow line: what a visit after the first one loads."""

import pytest

# Chromium's own profile of a slow 3G line: 400 kbit/s, 400 ms.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
MOST_BYTES = 4_000  # of a visit after the first: 80 ms of that line


@pytest.fixture
def sizes(visit):
    """The visit, and how many bytes each answer took on the line."""
    one, found = visit("analyst"), {}
    line = one.page.context.new_cdp_session(one.page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    urls = {}
    line.on(
        "Network.responseReceived",
        lambda event: urls.update({event["requestId"]: event["response"]["url"]}),
    )
    line.on(
        "Network.loadingFinished",
        lambda event: found.update({urls[event["requestId"]]: event["encodedDataLength"]}),
    )
    return one, found


def test_a_second_visit_loads_the_page_alone(sizes):
    one, found = sizes
    one.page.goto(one.site.address)
    one.heading("signInTitle").wait_for()
    loaded = one.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"loaded in {loaded:.0f} ms; {found}")

    assert sum(found.values()) < MOST_BYTES
    assert sum(size for url, size in found.items() if "/console/" in url) == 0
