"""Every command of the operator's pages exists; every alarm has its section."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from infrastructure.verify import (
    account,
    by_hand,
    checklist,
    doors,
    models,
    permissions,
    watching,
)
from infrastructure.verify import page as the_page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "operations.md", ROOT / "docs" / "aws-checklist.md"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
VARIABLES = {
    *re.findall(r"\$\(call (?:yes|option),([A-Z]+)", (ROOT / "Makefile").read_text()),
    *re.findall(r"\$\((?:if \$\()?(?:filter no,\$\()?([A-Z]+)\)", (ROOT / "Makefile").read_text()),
}
AWS = botocore.session.get_session()
# The CLI's own, and its own name for the endpoint of sns subscribe.
OF_THE_CLI = {
    *("--cli-binary-format", "--endpoint-url", "--notification-endpoint", "--output"),
    *("--query", "--region", "--since"),
}
WAITED_FOR = {"endpoint-in-service": "describe-endpoint", "table-exists": "describe-table"}
CUSTOM = {("s3", "cp"), ("logs", "tail")}  # commands of the CLI itself


def commands():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)).splitlines()
        inline = re.findall(r"`((?:make|aws|curl|\S*python) [^`]+)`", text)
        for line in (*blocks, *inline):
            if not line.startswith("eval"):
                yield shlex.split(line, comments=True)


COMMANDS = [words for words in commands() if words]


def operation(service, name):
    model = AWS.get_service_model({"s3api": "s3"}.get(service, service))
    names = {xform_name(one, "-"): one for one in model.operation_names}
    assert name in names, f"aws {service} has no {name}"
    return model.operation_model(names[name])


@pytest.mark.parametrize("words", [w for w in COMMANDS if w[0] == "make"], ids=" ".join)
def test_a_make_command_exists(words):
    target, *given = words[1:]

    assert target in TARGETS
    assert {one.partition("=")[0] for one in given} <= VARIABLES


@pytest.mark.parametrize("words", [w for w in COMMANDS if "-m" in w[:3]], ids=" ".join)
def test_a_module_takes_what_it_is_given(words):
    module = ROOT / (words[words.index("-m") + 1].replace(".", "/") + ".py")
    text = module.read_text(encoding="utf-8")

    assert all(f'"{option}"' in text for option in words if option.startswith("--"))


@pytest.mark.parametrize("words", [w for w in COMMANDS if w[0] == "aws"], ids=" ".join)
def test_an_aws_command_exists_and_takes_what_it_is_given(words):
    _, service, name, *given = words
    options = {word for word in given if word.startswith("--")} - OF_THE_CLI
    if (service, name) in CUSTOM:
        return
    if name == "wait":
        name = WAITED_FOR[given[0]]
    shape = operation(service, name).input_shape
    known = {f"--{xform_name(member, '-')}" for member in shape.members} if shape else set()
    booleans = {option.replace("--no-", "--") for option in options}

    assert booleans <= known


def test_the_checklist_is_what_verify_aws_runs():
    assert PAGES[1].read_text(encoding="utf-8") == the_page.text()


def test_every_check_has_its_place_by_risk():
    modules = (account, by_hand, doors, models, permissions, watching)
    named = [check.name for module in modules for check in module.CHECKS]

    assert sorted(named) == sorted(checklist.BY_RISK)
    assert all(check.run for check in checklist.checks()[: checklist.FIRST])


def test_nothing_else_is_said_to_be_typed():
    assert {words[0] for words in COMMANDS} <= {"make", "aws", "curl", ".venv-deploy/bin/python"}
    assert len(COMMANDS) > 40


def test_each_alarm_has_a_section_that_says_what_to_do():
    template = (ROOT / "infrastructure" / "template" / "resources.yaml").read_text(encoding="utf-8")
    name = r"\$\{Stage\}-\$\{AppName\}-([a-z0-9-]+?)(?:-[A-Z]\w+)?[\"']"  # some are one a model
    alarms = re.findall(rf"AlarmName: \W+(?:Fn::)?Sub\W+{name}", template)
    sections = re.findall(r"^### (\S+)$", PAGES[0].read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert {*alarms} == {*sections}
    assert len({*sections}) == len(sections)
    assert all(f"docs/operations.md: {alarm}." in template for alarm in alarms)


def test_the_bill_can_be_printed():
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.account.cost"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    for row in ("SageMaker endpoints", "\n Provisioned concurrency", "\n Kept warm"):
        assert done.stdout.count(row) == 3
    assert "…" not in done.stdout
