"""The page of the mutants: how many die, which survive, and why those that do may."""

import re
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


@dataclass(frozen=True)
class Equivalents:
    """Mutants that behave the same: by module, line and change, or by a pattern for all modules."""

    named: Mapping[tuple[str, str, str], str]
    patterns: list[Mapping[str, str]]

    @classmethod
    def of(cls, listed: Mapping[str, list[Mapping[str, str]]]) -> "Equivalents":
        named = {
            (name, one["line"], one["becomes"]): one["reason"]
            for name, ones in listed.items()
            if name != "any"
            for one in ones
        }
        return cls(named, listed.get("any", []))

    def reason(self, module: str, mutant: Mutant) -> str | None:
        """Return why a survivor is the same; None if it is not listed."""
        for one in self.patterns:
            if re.search(one["pattern"], f"{mutant.operator} {mutant.becomes}"):
                return one["reason"]
        return self.named.get((module, mutant.line, mutant.becomes))


def page(
    before: str, results: list[Result], listed: Mapping[str, list[Mapping[str, str]]]
) -> tuple[str, list[str]]:
    """Return the page with its written part anew, and survivors that equivalent.toml lacks."""
    same = Equivalents.of(listed)
    open_ones = [
        f"{one.path}:{each.number}: {each.line}  ->  {each.becomes}"
        for one in results
        for each in one.mutants
        if not each.killed and same.reason(one.name, each) is None
    ]
    head, _, rest = before.partition(BEGIN)
    written = "\n".join(_lines(results, same))
    return f"{head}{BEGIN}\n{written}\n\n{END}{rest.partition(END)[2]}", open_ones


def _lines(results: list[Result], same: Equivalents) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|---:|---:|---:|---:|---:|"
    survivors = []
    for one in results:
        alive = [(one.name, each) for each in one.mutants if not each.killed]
        equal = sum(same.reason(*each) is not None for each in alive)
        count, dead = len(one.mutants), len(one.mutants) - len(alive)
        share = f"{dead / (count - equal):.1%}"
        yield f"| `{one.path}` | {count} | {dead} | {equal} | {len(alive) - equal} | {share} |"
        survivors += alive
    yield "\n| module | line | as the mutant has it | the same, because |\n|---|---|---|---|"
    for name, each in survivors:
        reason = same.reason(name, each) or "**open**"
        yield f"| {name} | {_code(each.line)} | {_code(each.becomes)} | {reason} |"


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"
