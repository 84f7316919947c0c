"""What Step Functions would refuse in the definitions, found without an account.

python -m stepfunctions.lint
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PLACEHOLDER = re.compile(r"\$\{(\w+)Arn\}")


def misled(definition: dict[str, Any]) -> Iterator[str]:
    """What a JSON schema can't see: states that lead nowhere, or that nothing leads to."""
    states = definition["States"]
    reached = {definition["StartAt"]}
    for name, state in states.items():
        following = [state.get("Next"), state.get("Default")]
        following += [rule["Next"] for rule in state.get("Choices", []) + state.get("Catch", [])]
        reached |= {following_name for following_name in following if following_name}
        ends = state.get("End") or state["Type"] in ("Succeed", "Fail", "Choice")
        if not ends and "Next" not in state:
            yield f"{name} leads nowhere."
        for branch in state.get("Branches", []):
            yield from misled(branch)
    for name in sorted(reached - set(states)):
        yield f"{name} is led to and is no state."
    for name in sorted(set(states) - reached):
        yield f"Nothing leads to {name}."


def malformed(definition: dict[str, Any]) -> Iterator[str]:
    """What cfn-lint's schema of the Amazon States Language finds."""
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


def main() -> int:
    """The number of faults, each printed."""
    faults = 0
    for path in sorted(FOLDER.glob("*.asl.json")):
        text = PLACEHOLDER.sub(
            "arn:aws:lambda:us-east-1:123456789012:function:any", path.read_text()
        )
        definition = json.loads(text)
        for fault in (*misled(definition), *malformed(definition)):
            print(f"{path.name}: {fault}")
            faults += 1
    return faults


if __name__ == "__main__":
    sys.exit(main())
