"""Champion and challenger on one page.

\b
    python -m training.compare A.tar.gz B.tar.gz > compare.html
"""

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent))  # where train.py's modules import each other flat

import card
from card import Facts

from training import artifact_folder

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
    title = f"{names[0]} and {names[1]}"
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
    yield from _features(champion, challenger)
    yield from _groups(champion, challenger, names)


def _differences(champion: Facts, challenger: Facts) -> Iterator[tuple[str, float, float, float]]:
    ours, theirs = ({**f["metrics"], "psi": f["psi"]} for f in (champion, challenger))
    for name in ours:
        if name in theirs:
            yield name, ours[name], theirs[name], theirs[name] - ours[name]


def _features(champion: Facts, challenger: Facts) -> Iterator[str]:
    yield "<h2>Features</h2>"
    ours, theirs = ({feature["name"] for feature in f["features"]} for f in (champion, challenger))
    gone, new = (", ".join(sorted(names)) or "none" for names in (ours - theirs, theirs - ours))
    yield f"<p>In both: {len(ours & theirs)}. No longer: {escape(gone)}. New: {escape(new)}.</p>"


def _groups(champion: Facts, challenger: Facts, names: list[str]) -> Iterator[str]:
    for feature, groups in champion["groups"].items():
        theirs = {group["value"]: group for group in challenger["groups"].get(feature, ())}
        yield f"<h2>By {escape(feature)}</h2>"
        titles = [
            f"{shown} of {name}" for shown in ("auc", "approved", "expected") for name in names
        ]
        rows = (
            (
                *(group["value"], group["rows"], group["observed"]),
                *_side_by_side(group, theirs.get(group["value"], {})),
            )
            for group in groups
        )
        yield card.table(("value", "rows", "observed", *titles), rows)


def _side_by_side(ours: Facts, theirs: Facts) -> Iterator[float | None]:
    return (group.get(shown) for shown in SHOWN for group in (ours, theirs))


if __name__ == "__main__":
    main()
