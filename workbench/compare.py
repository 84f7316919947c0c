"""Champion and challenger on one page.

\b
    python -m workbench.compare A.tar.gz B.tar.gz > compare.html
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path

import click

from training.batch_scoring import artifact_folder
from training.validation import card
from training.validation.card import Facts

SHOWN = ("auc", "approved", "expected")  # of each group


@click.command(help=__doc__)
@click.argument("champion", type=click.Path(exists=True, path_type=Path))
@click.argument("challenger", type=click.Path(exists=True, path_type=Path))
def main(champion: Path, challenger: Path) -> None:
    try:
        facts = [card.facts_of(_card(path)) for path in (champion, challenger)]
    except (artifact_folder.NotAnArtifact, ValueError) as fault:
        raise click.ClickException(str(fault)) from fault
    print(page(*facts), end="")


def _card(path: Path) -> str:
    with artifact_folder.opened(path) as folder:
        found = folder / "card.html"
        if not found.exists():
            raise ValueError(f"{path} has no card.html: train it again")
        return found.read_text("utf-8")


def page(champion: Facts, challenger: Facts) -> str:
    names = [f"{facts['model']} {facts['version']}" for facts in (champion, challenger)]
    title = f"Champion {names[0]}, challenger {names[1]}"
    body = [f"<h1>{escape(title)}</h1>", *_parts(champion, challenger, names)]
    return card.PAGE.format(title=escape(title), body="\n".join(body))


def _parts(champion: Facts, challenger: Facts, names: list[str]) -> Iterator[str]:
    both = (champion, challenger)
    if champion["holdout"] != challenger["holdout"]:
        yield "<p><b>Not the same holdout: the figures can't be set against each other.</b></p>"
    yield "<h2>Data</h2>"
    rows = [("method", *(f["method"] for f in both)), ("snapshot", *(f["snapshot"] for f in both))]
    for end in ("from", "to"):
        rows.append((f"training, {end}", *(f["window"].get(end) for f in both)))
    rows.append(("training, applications", *(f["rows"] for f in both)))
    for part in ("calibration", "holdout"):
        for fact in ("from", "to", "rows", "bads"):
            rows.append((f"{part}, {fact}", *(f[part].get(fact) for f in both)))
    yield card.table(("", *names), rows)
    yield "<h2>On the holdout</h2>"
    yield card.table(("Metric", *names, "Difference"), _differences(champion, challenger))
    yield card.plots(challenger, dict(zip(("champion", "challenger"), both, strict=True)))
    yield f"<p>The scores are those of {escape(names[1])}.</p>"
    yield from _vintages(champion, challenger)
    yield from _features(champion, challenger)
    yield from _groups(champion, challenger)
    yield from _proxies(champion, challenger)
    yield from _limits(champion, "champion")
    yield from _limits(challenger, "challenger")


def _differences(champion: Facts, challenger: Facts) -> Iterator[tuple[str, float, float, float]]:
    ours, theirs = ({**f["metrics"], "psi": f["psi"]} for f in (champion, challenger))
    for name in ours:
        if name in theirs:
            yield name, ours[name], theirs[name], theirs[name] - ours[name]


def _features(champion: Facts, challenger: Facts) -> Iterator[str]:
    yield "<h2>Features, stability and directions</h2>"
    both = (champion, challenger)
    read = [{f["name"]: f["csi"] for f in one["features"] if card.is_read(f)} for one in both]
    checked = [
        {c["name"]: c for c in one["monotone"] if c["name"] in known}
        for one, known in zip(both, read, strict=True)
    ]
    names = dict.fromkeys(f["name"] for one in both for f in one["features"])
    rows = (
        (name, *(of.get(name) for of in read), *(card.check(of.get(name)) for of in checked))
        for name in names
    )
    yield card.table(("Feature", *_each("CSI"), *_each("direction")), rows)
    yield "<p>Without a CSI: the model does not read that feature.</p>"


def _vintages(champion: Facts, challenger: Facts) -> Iterator[str]:
    if champion["vintages"]:
        yield "<h2>By vintage</h2>"
        yield _both(champion["vintages"], challenger["vintages"], "vintage", "part")
        yield f"<p>{card.IN_SAMPLE}</p>"


def _groups(champion: Facts, challenger: Facts) -> Iterator[str]:
    for feature, groups in champion["groups"].items():
        kind = "Protected" if feature in champion["protected"] else "Segment"
        yield f"<h2>{kind}: {escape(feature)}</h2>"
        yield _both(groups, challenger["groups"].get(feature, []), "value")


def _both(ours: list[Facts], theirs: list[Facts], *known_by: str) -> str:
    other = {tuple(one[k] for k in known_by): one for one in theirs}
    rows = (
        (
            *(one[k] for k in (*known_by, "rows", "observed")),
            *_side_by_side(one, other.get(tuple(one[k] for k in known_by), {})),
        )
        for one in ours
    )
    titles = (title for shown in SHOWN for title in _each(shown))
    return card.table((*known_by, "rows", "observed", *titles), rows)


def _proxies(champion: Facts, challenger: Facts) -> Iterator[str]:
    if not champion["proxies"]:
        return
    theirs = {(p["attribute"], p["value"]): p["auc"] for p in challenger["proxies"]}
    yield "<h2>Proxies: how well the models' inputs tell a protected attribute</h2>"
    rows = (
        (p["attribute"], p["value"], p["auc"], theirs.get((p["attribute"], p["value"])))
        for p in champion["proxies"]
    )
    yield card.table(("Attribute", "Value", *_each("AUC")), rows)


def _limits(facts: Facts, role: str) -> Iterator[str]:
    yield f"<h2>Known limits of the {role}</h2>"
    yield "<ul>" + "".join(f"<li>{escape(limit)}</li>" for limit in card.limits(facts)) + "</ul>"


def _each(title: str) -> tuple[str, str]:
    return f"{title}, champion", f"{title}, challenger"


def _side_by_side(ours: Facts, theirs: Facts) -> Iterator[float | None]:
    return (group.get(shown) for shown in SHOWN for group in (ours, theirs))


if __name__ == "__main__":
    main()
