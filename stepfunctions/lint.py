"""Check the definitions for faults that Step Functions would refuse, without an account.

python -m stepfunctions.lint [FOLDER]

FOLDER gets the definitions with a value for each placeholder, for other linters.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chalicelib import profile
from stepfunctions.consent_states import with_consents

FOLDER = Path(__file__).parent
CONSENTED = "analisisCredito.asl.json"
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
ANY = {  # what no other text can stand in for
    "VolumeGb": 10,
    "LongestSeconds": 3600,
    "ScriptEntrypoint": ["python3"],
    "AttemptSeconds": 10,
    "SaveSeconds": 4,
    "MachineSeconds": 60,
    "ChunksAtOnce": 1,
}


class Anything(dict[str, Any]):
    """A value for each placeholder, of its kind."""

    def __missing__(self, name: str) -> Any:
        return (
            "arn:aws:lambda:us-east-1:123456789012:function:any" if name.endswith("Arn") else "any"
        )


def filled(part: Any, values: Mapping[str, Any]) -> Any:
    """Return the definition with each ${<value>} filled in.

    A string that is only a placeholder becomes the value, with its type. Raises KeyError.
    """
    if isinstance(part, dict):
        return {name: filled(value, values) for name, value in part.items()}
    if isinstance(part, list):
        return [filled(value, values) for value in part]
    if not isinstance(part, str):
        return part
    if alone := PLACEHOLDER.fullmatch(part):
        return values[alone[1]]
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), part)


def as_specified(part: Any) -> Any:
    """Return the definition without the form of a map's items, which AWS asks for and the open
    specification does not have: https://states-language.net and
    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html.
    """
    if isinstance(part, list):
        return [as_specified(value) for value in part]
    if not isinstance(part, dict):
        return part
    return {name: as_specified(value) for name, value in part.items() if name != "ReaderConfig"}


def misled(definition: dict[str, Any]) -> Iterator[str]:
    """Yield faults that a JSON schema cannot see: states that lead nowhere, or that nothing leads
    to.
    """
    states = definition["States"]
    reached = {definition["StartAt"]}
    for name, state in states.items():
        following = [state.get("Next"), state.get("Default")]
        following += [rule["Next"] for rule in state.get("Choices", []) + state.get("Catch", [])]
        reached |= {following_name for following_name in following if following_name}
        ends = state.get("End") or state["Type"] in ("Succeed", "Fail", "Choice")
        if not ends and "Next" not in state:
            yield f"{name} leads nowhere."
        inner = [state["ItemProcessor"]] if "ItemProcessor" in state else []
        for branch in state.get("Branches", []) + inner:
            yield from misled(branch)
    for name in sorted(reached - set(states)):
        yield f"{name} is led to and is no state."
    for name in sorted(set(states) - reached):
        yield f"Nothing leads to {name}."


def malformed(definition: dict[str, Any]) -> Iterator[str]:
    """Yield the faults that cfn-lint's schema of the Amazon States Language finds."""
    from cfnlint.api import lint_all  # a development tool, which deploying does without

    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/any",
            "Definition": definition,
        },
    }
    for match in lint_all(json.dumps({"Resources": {"Machine": machine}})):
        if match.rule.id.startswith(("E", "W")):
            yield f"{match.rule.id} {match.message}"


def main(folder: Path | None = None) -> int:
    """Print each fault. Return 1 if there is any."""
    faults = 0
    for path in sorted(FOLDER.glob("*.asl.json")):
        definition = filled(json.loads(path.read_text(encoding="utf-8")), Anything(ANY))
        if path.name == CONSENTED:
            definition = with_consents(definition, profile.load().consents())
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / path.name).write_text(
                json.dumps(as_specified(definition), indent=1), encoding="utf-8"
            )
        for fault in (*misled(definition), *malformed(definition)):
            print(f"{path.name}: {fault}")
            faults += 1
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
