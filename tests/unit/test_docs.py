"""Facts that the documents are held to: their commands, paths and links exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from chalicelib.profile.answer_codes import BASES, CHANGE_OUTCOMES
from infrastructure.verify import (
    account_checks,
    by_hand,
    checklist,
    doors,
    model_checks,
    permissions,
    watching,
)
from infrastructure.verify import page as the_page

ROOT = Path(__file__).parents[2]
OPERATIONS, CHECKLIST = ROOT / "docs" / "operations.md", ROOT / "docs" / "aws-checklist.md"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE))
VARIABLES = {
    "AWS_ENDPOINT_URL",  # boto3 reads it
    *re.findall(r"\$\(call (?:yes|option),([A-Z]+)", MAKEFILE),
    *re.findall(r"\$\((?:\w+ (?:\w+,)?\$\()?([A-Z]+)\)", MAKEFILE),
    *re.findall(r"^(?:export )?([A-Z_]+) \?=", MAKEFILE, flags=re.MULTILINE),
}
AWS = botocore.session.get_session()
# The CLI's own, and its own name for the endpoint of sns subscribe.
OF_THE_CLI = {
    *("--cli-binary-format", "--endpoint-url", "--notification-endpoint", "--output"),
    *("--query", "--region", "--since"),
}
WAITED_FOR = {"endpoint-in-service": "describe-endpoint", "table-exists": "describe-table"}
CUSTOM = {("s3", "cp"), ("s3", "ls"), ("logs", "tail")}  # commands of the CLI itself


def commands():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
        lines = re.split(r"\n| \| ", re.sub(r"\\\n|\|\n", " | ", blocks).replace(" |  ", " "))
        inline = re.findall(r"`((?:make|aws|curl|\S*python) [^`]+)`", text)
        for line in (*lines, *inline):
            if not line.startswith("eval"):
                yield shlex.split(line, comments=True)


COMMANDS = [words for words in commands() if words]


def operation(service, name):
    model = AWS.get_service_model({"s3api": "s3"}.get(service, service))
    names = {xform_name(one, "-"): one for one in model.operation_names}
    assert name in names, f"aws {service} has no {name}"
    return model.operation_model(names[name])


def test_the_list_of_targets_has_two_columns_and_fits_100():
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True)
    lines = done.stdout.splitlines()

    assert len(lines) > 30, done.stderr
    assert [line for line in lines if len(line) > 100] == []
    assert [line for line in lines if line[17] != " " or line[18] == " "] == []


@pytest.mark.parametrize("words", [w for w in COMMANDS if w[0] == "make"], ids=" ".join)
def test_a_make_command_exists(words):
    values = {one.partition("=")[0] for one in words[1:] if "=" in one}

    assert {one for one in words[1:] if "=" not in one} <= TARGETS
    assert values <= VARIABLES


@pytest.mark.parametrize("words", [w for w in COMMANDS if "-m" in w[:3]], ids=" ".join)
def test_a_module_takes_what_it_is_given(words):
    name = words[words.index("-m") + 1]
    if name == "pytest":
        return
    module = ROOT / name.replace(".", "/")
    text = next(
        file.read_text(encoding="utf-8")
        for file in (module.with_suffix(".py"), module / "__main__.py")
        if file.exists()
    )

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
    assert CHECKLIST.read_text(encoding="utf-8") == the_page.text()


def test_every_check_has_its_place_by_risk():
    modules = (account_checks, by_hand, doors, model_checks, permissions, watching)
    named = [check.name for module in modules for check in module.CHECKS]

    assert sorted(named) == sorted(checklist.BY_RISK)
    assert all(check.run for check in checklist.checks()[: checklist.FIRST])


def test_commands_start_with_a_program_that_a_reader_has():
    ours = {".venv/bin/python", ".venv/bin/chalice", ".venv-deploy/bin/python"}

    assert {words[0] for words in COMMANDS} - ours <= {"make", "aws", "curl", "git", "tar"}
    assert len(COMMANDS) > 60


# build/ is what commands have made in this clone, if any was run.
TOP = {path.name for path in ROOT.iterdir()} - {"build"} | {".chalice"}
IN_S3 = ("training/jobs/",)
PATH = re.compile(r"`([\w.*/-]+)`")
FILE = re.compile(r"\.(?:py|toml|yaml|json|md|csv|parquet|txt)$")


@pytest.mark.parametrize("page", [*PAGES, *DECISIONS], ids=lambda page: page.stem)
def test_every_path_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    named = [one for one in PATH.findall(text) if one.partition("/")[0] in TOP and "/" in one]
    named = [one for one in named if FILE.search(one) or one.endswith("/")]

    missing = [one for one in named if not list(ROOT.glob(one.rstrip("/")))]
    assert [one for one in missing if not one.startswith(IN_S3)] == []


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings]
    return {re.sub(r"\s", "-", heading) for heading in plain}


@pytest.mark.parametrize("page", [*PAGES, *DECISIONS], ids=lambda page: page.stem)
def test_every_link_leads_to_a_page_and_its_section(page):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        where, _, section = link.partition("#")
        if not where.startswith("http"):
            target = page.parent / where if where else page
            assert target.exists(), link
            assert not section or section in anchors(target), link


def test_the_architecture_names_every_folder():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    roots = ("chalicelib", "infrastructure", "localcloud", "tests", "training", "workbench")
    found = [ROOT / "bank", ROOT / "stepfunctions"]
    found += [
        folder
        for root in roots
        for folder in (ROOT / root).iterdir()
        if (folder / "__init__.py").exists() or list(folder.glob("test_*.py"))
    ]
    named = [folder.relative_to(ROOT).as_posix() for folder in found]

    assert [one for one in named if f"`{one}/`" not in text] == []


def test_each_entry_of_the_changelog_is_one_line():
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith(" ") or len(line) > 140] == []


def test_the_handbooks_index_lists_every_page():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    others = [page for page in (*PAGES[2:], *DECISIONS) if page.name != "README.md"]

    assert [one.name for one in others if f"{one.relative_to(ROOT / 'docs')})" not in index] == []


def test_each_alarm_has_a_section_that_says_what_to_do():
    folder = ROOT / "infrastructure" / "template"
    template = "".join(one.read_text(encoding="utf-8") for one in sorted(folder.glob("*.yaml")))
    name = r"\$\{Stage\}-\$\{AppName\}-([a-z0-9-]+?)(?:-[A-Z]\w+)?[\"']"  # some are one a model
    alarms = re.findall(rf"AlarmName: \W+(?:Fn::)?Sub\W+{name}", template)
    sections = re.findall(
        r"^### (\S+)$", OPERATIONS.read_text(encoding="utf-8"), flags=re.MULTILINE
    )

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


@pytest.mark.parametrize(
    ("header", "codes"),
    [("decisionBasis | reason", {*BASES} - {"SCORE"}), ("outcome | meaning", {*CHANGE_OUTCOMES})],
)
def test_the_codes_of_answers_are_those_that_the_api_has(header, codes):
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = text.split(f"| {header} |\n", 1)[1].split("\n\n", 1)[0]

    rows = re.findall(r"^\| ([A-Z_]+) \|", table, flags=re.MULTILINE)

    assert sorted(rows) == sorted(codes)
