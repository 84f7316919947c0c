"""The model card: one HTML page that needs no network, made of an audit's facts.

The facts themselves are in the page, as JSON, for whoever compares two cards.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from training.validation import charts

Facts = dict[str, Any]

LARGE_SHIFT = 0.25  # of a PSI; Siddiqi's rule of thumb
PROXY = 0.7  # an AUC from which a model's inputs tell a protected attribute
BLANKS = {
    "trees": "An input left blank, or a code never seen, scores as what is usual among similar "
    "applications.",
    "scorecard": "An input left blank, or a code never seen, scores as the few like it did, "
    "drawn to the average; if there were none, as the average.",
}
IN_SAMPLE = (
    "It has learnt from the vintages of training and calibration, which flatters it there; "
    "the holdout's judge it."
)
DIRECTIONS = {1: "risk only grows", -1: "risk only falls", 0: "free"}

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto }}
table {{ border-collapse: collapse; margin: .5rem 0 1.5rem }}
th, td {{ padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #ddd }}
th:first-child, td:first-child {{ text-align: left }}
svg {{ width: 21rem; font: 11px system-ui, sans-serif }}
.t {{ text-anchor: middle; font-weight: 600 }}
.m {{ text-anchor: middle }}
.e {{ text-anchor: end }}
</style>
{body}
</html>
"""
EMBEDDED = re.compile(r'<script type="application/json" id="facts">(.*?)</script>', re.DOTALL)


def page(facts: Facts) -> str:
    title = f"{facts['model']} {facts['version']}"
    # "<" would end the script element early.
    data = json.dumps(facts, sort_keys=True, allow_nan=False).replace("<", "\\u003c")
    parts = [
        f"<h1>{escape(title)}</h1>",
        *_inventory(facts),
        *_data(facts),
        *_performance(facts),
        *_stability(facts),
        *_fairness(facts),
        "<h2>Known limits</h2>",
        "<ul>" + "".join(f"<li>{escape(limit)}</li>" for limit in limits(facts)) + "</ul>",
        f'<script type="application/json" id="facts">{data}</script>',
    ]
    return PAGE.format(title=escape(title), body="\n".join(parts))


def facts_of(html: str) -> Facts:
    embedded = EMBEDDED.search(html)
    if embedded is None:
        raise ValueError("this card.html has no facts: it was not written by train.py")
    facts: Facts = json.loads(embedded.group(1))
    return facts


def table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell_text(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell_text(cell: Any) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def _data(facts: Facts) -> Iterator[str]:
    months = facts["outcomeMonths"]
    bad = (
        f"an application is bad if it defaults within {months} months" if months else "see the data"
    )
    yield f"<p>Method: {facts['method']}. Snapshot {escape(facts['snapshot'])}. Outcome: {bad}.</p>"
    yield "<h2>Data</h2>"
    learnt = {**facts["window"], "rows": facts["rows"], "bads": facts["bads"]}
    periods = {"training": learnt, "calibration": facts["calibration"], "holdout": facts["holdout"]}
    rows = (
        (name, p.get("from"), p.get("to"), p["rows"], p["bads"], p["bads"] / p["rows"])
        for name, p in periods.items()
    )
    yield table(("Period", "From", "To", "Applications", "Bad", "Bad rate"), rows)
    yield "<p>The training's last months are the calibration's: learnt from once it was done.</p>"


def _performance(facts: Facts) -> Iterator[str]:
    yield "<h2>On the holdout</h2>"
    ends = facts["intervals"]
    rows = ((name, value, *ends.get(name, ("", ""))) for name, value in facts["metrics"].items())
    yield table(("Metric", "Value", "95 % from", "to"), rows)
    yield plots(facts, {"": facts})
    if facts["vintages"]:
        yield "<h2>By vintage</h2>"
        yield _by("vintage", facts["vintages"], "part")
        yield f"<p>{IN_SAMPLE}</p>"


def plots(scored: Facts, models: dict[str, Facts]) -> str:
    """Plot ROC and calibration of each model, and the scores of a single one."""
    reliability = {name: facts["reliability"] for name, facts in models.items()}
    top = max((max(point) for points in reliability.values() for point in points), default=1.0)
    scores = scored["scores"]
    shares = {name: scores[name] for name in ("training", "holdout")}
    roc = {name: facts["roc"] for name, facts in models.items()}
    return (
        charts.lines("ROC", ("good ones refused", "bad ones refused"), roc)
        + charts.lines("Calibration, by tenths", ("expected", "observed"), reliability, top or 1.0)
        + charts.bars("Scores", ("points", "share"), scores["edges"], shares)
    )


def _stability(facts: Facts) -> Iterator[str]:
    yield "<h2>Features and stability</h2>"
    yield f"<p>PSI of the score, holdout against training: {facts['psi']:.4f}.</p>"
    broken = {checked["name"]: checked for checked in facts["monotone"]}
    rows = (
        (f["name"], DIRECTIONS[f["monotone"]], check(broken.get(f["name"])), f["csi"], _use(f))
        for f in facts["features"]
    )
    yield table(("Feature", "Direction", "Checked on the holdout", "CSI", "Used"), rows)


def is_read(feature: Facts) -> bool:
    return feature.get("read", True) is True  # cards of before do not tell


def _use(feature: Facts) -> str:
    return "yes" if is_read(feature) else "not used: wrong sign"


def check(checked: Facts | None) -> str:
    if checked is None:
        return "-"
    return f"{checked['broken']} of {checked['steps']} steps the wrong way"


def _fairness(facts: Facts) -> Iterator[str]:
    for name, groups in facts["groups"].items():
        kind = "Protected" if name in facts["protected"] else "Segment"
        yield f"<h2>{kind}: {escape(name)}</h2>"
        yield _by("value", groups)
    if facts["groups"]:
        yield (
            f"<p>Approved: {facts['approveFrom']:g} points or more, "
            "if this model decided alone.</p>"
        )
    if facts["proxies"]:
        yield "<h2>Proxies: how well the model's inputs tell a protected attribute</h2>"
        rows = ((p["attribute"], p["value"], p["auc"]) for p in facts["proxies"])
        yield table(("Attribute", "Value", "AUC (0.5: not at all)"), rows)


def _by(name: str, groups: Sequence[Facts], *more: str) -> str:
    columns = (*more, "rows", "bads", "share", "observed", "expected", "approved", "auc")
    return table((name, *columns), ((g[name], *(g[column] for column in columns)) for g in groups))


def _inventory(facts: Facts) -> Iterator[str]:
    """Yield who answers for the model; older cards and profiles without an inventory have none."""
    entry = facts.get("inventory")
    if not entry:
        return
    yield "<h2>Responsible</h2>"
    people = ("owner", "developer", "validator", "tier", "next_review")
    rows = [(name.replace("_", " "), entry[name]) for name in people]
    for name in ("intended_use", "limits"):
        rows += [(f"{name.replace('_', ' ')} ({lang})", entry[name][lang]) for lang in ("en", "es")]
    yield table(("", ""), rows)


def limits(facts: Facts) -> Iterator[str]:
    yield "It learnt from applications that were granted; of those refused it knows nothing."
    yield from _known_until(facts)
    for declared in facts.get("limits", ()):  # of the profile; older cards have none
        yield declared["en"]
        yield declared["es"]
    yield BLANKS[facts["method"]]
    if not facts["protected"]:
        yield "The snapshot holds no protected attribute: whether it is fair to groups is unknown."
    yield from _moved(facts)
    for checked in facts["monotone"]:
        if checked["broken"]:
            yield f"{checked['name']} moves the risk the wrong way: {check(checked)}."
    for proxy in (one for one in facts["proxies"] if (one["auc"] or 0) >= PROXY):
        attribute = f"{proxy['attribute']} = {proxy['value']}"
        yield f"Its inputs tell {attribute}: AUC {proxy['auc']:.2f}."
    for name, groups in facts["groups"].items():
        if small := [str(group["value"]) for group in groups if group["auc"] is None]:
            yield f"{name}: too few good or bad ones for an AUC of {', '.join(small)}."


def _known_until(facts: Facts) -> Iterator[str]:
    last, months = facts["holdout"].get("to"), facts["outcomeMonths"]
    if last and months:
        yield (
            f"No application after {last} is in it or in this card. What became of them is known "
            f"{months} months after the last one: nobody could have had it on that day."
        )
    elif last:
        yield f"No application after {last} is in it or in this card."


def _moved(facts: Facts) -> Iterator[str]:
    if facts["psi"] > LARGE_SHIFT:
        yield f"The scores have moved since the training: PSI {facts['psi']:.2f}."
    for feature in facts["features"]:
        if is_read(feature) and feature["csi"] > LARGE_SHIFT:
            yield f"{feature['name']} has moved since the training: CSI {feature['csi']:.2f}."
