"""Rows that an earlier run wrote into a page, for a run that measures only some of them anew."""

from collections import defaultdict


def rows(page: str, header: str) -> dict[str, list[str]]:
    """Return the rows of the table under a header by their first cell; none without the table.

    >>> rows("|a|b|\\n|---|---|\\n| x | 1 |\\n| x | 2 |\\n\\n| y | 3 |", "|a|b|")
    {'x': ['| x | 1 |', '| x | 2 |']}
    """
    found: dict[str, list[str]] = defaultdict(list)
    _, _, below = page.partition(f"{header}\n")
    for line in below.splitlines()[1:]:
        if not line.startswith("|"):
            break
        found[line.split("|")[1].strip()].append(line)
    return dict(found)
