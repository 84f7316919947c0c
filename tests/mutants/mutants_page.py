"""The page of the mutants: how many die, which survive, and why those that do may."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

BEGIN = "<!-- Written by make mutants, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
COLUMNS = ("module", "mutants", "killed", "the same to a caller", "survive", "killed of the others")


@dataclass(frozen=True)
class Mutant:
    number: int  # of the line
    line: str
    operator: str
    diff: str
    killed: bool

    @property
    def becomes(self) -> str:
        """Its line as the mutant has it."""
        added = [one for one in self.diff.splitlines() if one.startswith("+") and one[:3] != "+++"]
        return " ".join(one[1:].strip() for one in added)


@dataclass(frozen=True)
class Result:
    name: str
    path: str
    mutants: list[Mutant]


def page(
    before: str, results: list[Result], listed: Mapping[str, list[Mapping[str, str]]]
) -> tuple[str, list[str]]:
    """Return the page with its written part anew, and survivors that equivalent.toml lacks."""
    reasons = {
        (name, one["line"], one["becomes"]): one["reason"]
        for name, ones in listed.items()
        for one in ones
    }
    open_ones = [
        f"{one.path}:{each.number}: {each.line}  ->  {each.becomes}"
        for one in results
        for each in one.mutants
        if not each.killed and (one.name, each.line, each.becomes) not in reasons
    ]
    head, _, rest = before.partition(BEGIN)
    written = "\n".join(_lines(results, reasons))
    return f"{head}{BEGIN}\n{written}\n\n{END}{rest.partition(END)[2]}", open_ones


def _lines(results: list[Result], reasons: Mapping[tuple[str, str, str], str]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|---:|---:|---:|---:|---:|"
    for one in results:
        dead = sum(each.killed for each in one.mutants)
        same = sum(
            not each.killed and (one.name, each.line, each.becomes) in reasons
            for each in one.mutants
        )
        count = len(one.mutants)
        share = f"{dead / (count - same):.1%}"
        yield f"| `{one.path}` | {count} | {dead} | {same} | {count - dead - same} | {share} |"
    yield "\n| module | line | as the mutant has it | the same, because |\n|---|---|---|---|"
    for (name, line, becomes), reason in reasons.items():
        yield f"| {name} | {_code(line)} | {_code(becomes)} | {reason} |"
    for one in results:
        for each in one.mutants:
            if not each.killed and (one.name, each.line, each.becomes) not in reasons:
                yield f"| {one.name} | {_code(each.line)} | {_code(each.becomes)} | open |"


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"
