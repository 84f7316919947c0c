"""The page of the mutants: how many die, which survive, and why those that do may."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.kept_rows import rows

BEGIN = "<!-- Written by make mutants, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
COUNTS = (
    "| module | mutants | killed | the same to a caller | survive | killed of the others | "
    "tested (UTC) | commit |"
)
SURVIVORS = "| module | line | as the mutant has it | the same, because |"


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
class ModuleResults:
    """A module's mutants, and when and on which commit they were tested."""

    mutants: list[Mutant]
    at: str
    commit: str


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
    before: str,
    paths: Mapping[str, str],
    results: Mapping[str, ModuleResults],
    listed: Mapping[str, list[Mapping[str, str]]],
) -> tuple[str, list[str]]:
    """Return the page with its written part anew, and survivors that equivalent.toml lacks.

    `paths` has each module's path. A module without results keeps the rows that it has.
    """
    same = Equivalents.of(listed)
    open_ones = [
        f"{paths[name]}:{each.number}: {each.line}  ->  {each.becomes}"
        for name, tested in results.items()
        for each in tested.mutants
        if not each.killed and same.reason(name, each) is None
    ]
    counts, survivors = rows(before, COUNTS), rows(before, SURVIVORS)
    for name, tested in results.items():
        counts[f"`{paths[name]}`"] = [_counted(name, paths[name], tested, same)]
        survivors[name] = [_survivor(name, one, same) for one in tested.mutants if not one.killed]
    written = [COUNTS, "|---|---:|---:|---:|---:|---:|---|---|"]
    written += [row for path in paths.values() for row in counts.get(f"`{path}`", [])]
    written += ["", SURVIVORS, "|---|---|---|---|"]
    written += [row for name in paths for row in survivors.get(name, [])]
    head, _, rest = before.partition(BEGIN)
    text = "\n".join([head + BEGIN, *written, "", END + rest.partition(END)[2]])
    return text, open_ones


def _counted(name: str, path: str, tested: ModuleResults, same: Equivalents) -> str:
    mutants = tested.mutants
    alive = [one for one in mutants if not one.killed]
    equal = sum(same.reason(name, one) is not None for one in alive)
    count, dead = len(mutants), len(mutants) - len(alive)
    share = f"{dead / (count - equal):.1%}"
    figures = f"{count} | {dead} | {equal} | {len(alive) - equal} | {share}"
    return f"| `{path}` | {figures} | {tested.at} | {tested.commit} |"


def _survivor(name: str, one: Mutant, same: Equivalents) -> str:
    reason = same.reason(name, one) or "**open**"
    return f"| {name} | {_code(one.line)} | {_code(one.becomes)} | {reason} |"


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"
