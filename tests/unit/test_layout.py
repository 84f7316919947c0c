"""The rules of the layout: what may import what; the same thing has one name everywhere."""

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.exceptions
import botocore.parsers
import pytest

from chalicelib import profile
from chalicelib.foundation import errors
from chalicelib.foundation.settings import STAGES
from infrastructure.packing import serving_code
from infrastructure.template import function_policies, resources, roles
from stepfunctions.lint import ANY, Anything, filled, malformed, misled

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "bank", "bench", "chalicelib", "datasets", "stepfunctions", "infrastructure", "localcloud",
    "training", "workbench",
)  # fmt: skip
CODE = [ROOT / "app.py", *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in CODE}
TESTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if path.name != "test_layout.py"
}
FOLDERS = [path.parent for path in CODE if path.name == "__init__.py"]
DEFINITIONS = sorted((ROOT / "stepfunctions").glob("*.asl.json"))
MOST_THINGS = 12  # a reader sees a folder's list at a glance: docs/architecture.md
# Names that several modules or packages may have: Python's own, `replaced` of each service of the
# embedded cloud, and AWS services, whose rules and behaviour stand apart.
AWS_SERVICES = {"cloudformation", "eventbridge", "iam", "sagemaker", "sns", "stepfunctions"}
SHARED_NAMES = {"__main__", "replaced"} | AWS_SERVICES
# The embedded cloud is a product of its own: its services are AWS's, `services` of chalicelib the
# application's.
TWO_PRODUCTS = {"services"}
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40  # lines; of a function, without its docstring
# What was longer when the limits were set, with room for ten lines. They may only shrink.
LONGER_MODULES = {
    "bank/__main__.py": 370,
    "chalicelib/foundation/errors.py": 405,
    "infrastructure/deploy/command.py": 320,
}
LONGER_FUNCTIONS = {
    "chalicelib/retraining/weekly_update.py:update": 44,
    "infrastructure/operate/launch.py:start": 41,
    "localcloud/cloud.py:__init__": 49,
    "localcloud/replaced.py:_templates": 69,
}
# Tables of data that a function returns: moto's symbols with their reasons, and permissions.
TABLES = {
    *(f"{folder}/replaced.py:replaced" for folder in (
        "localcloud/services/apigateway", "localcloud/services/sagemaker",
        "localcloud/services/sagemaker_jobs", "localcloud/services/stepfunctions",
        "localcloud/services/storage",
    )),
    *(f"infrastructure/template/function_permissions/{name}_policies.py:{name}" for name in (
        "deciding", "deploying", "governing", "retraining",
    )),
    "infrastructure/template/roles.py:statements",
}  # fmt: skip
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))


# First words of docstrings that name no subject, so that the reader must find it in the code.
UNCLEAR = {
    "What", "Whatever", "Of", "Those", "By", "How", "Where", "Whether", "Whose", "Which", "Whoever",
}  # fmt: skip
# No function starts with these: ruff's D401 knows verbs that are not imperative, not other words.
NO_VERBS = UNCLEAR | {
    "A", "All", "An", "Another", "As", "At", "Both", "Each", "Every", "For", "From", "If", "In",
    "It", "Its", "No", "Not", "Nothing", "On", "One", "Only", "Our", "Rows", "Same", "So", "That",
    "The", "Their", "There", "These", "This", "To", "Two", "Values", "When", "Who", "With",
}  # fmt: skip


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def documented(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a module and its classes and functions, at any depth."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, (ast.stmt, ast.ExceptHandler, ast.match_case)):  # no expressions
            yield from documented(each)
    if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)):
        yield node


@cache
def trees() -> dict[str, ast.Module]:
    """Return each file of the code, parsed."""
    return {where: ast.parse(text) for where, text in TEXTS.items()}


@cache
def definitions() -> dict[str, tuple[ast.AST, ...]]:
    return {where: tuple(documented(tree)) for where, tree in trees().items()}


def first_words(*kinds: type[ast.AST]) -> dict[str, str]:
    """Return the first word of each docstring, by file and line; a property is no function."""
    words = {}
    for where, nodes in definitions().items():
        for node in nodes:
            decorators = [ast.unparse(each) for each in getattr(node, "decorator_list", [])]
            is_property = any("property" in decorator for decorator in decorators)
            if isinstance(node, kinds) and not is_property and (text := ast.get_docstring(node)):
                words[f"{where}:{getattr(node, 'lineno', 1)}"] = text.split()[0]
    return words


def registered_functions() -> set[str]:
    text = (ROOT / "app.py").read_text(encoding="utf-8")
    return set(re.findall(r'name="(\w+)"', text))


def states(definition: dict) -> dict[str, dict]:
    found = dict(definition["States"])
    for state in definition["States"].values():
        inner = [state["ItemProcessor"]] if "ItemProcessor" in state else []
        for branch in state.get("Branches", []) + inner:
            found |= states(branch)
    return found


def test_imports_go_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_app_imports_chalice_and_chalicelib_alone():
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    plain = [
        each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names
    ]
    named = [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    packages = {name.partition(".")[0] for name in (*plain, *named)}

    assert packages - sys.stdlib_module_names == {"chalice", "chalicelib"}


def test_a_folder_has_12_things_at_most_and_a_sentence():
    hidden = ("__init__.py", "__pycache__")
    things = {
        folder.relative_to(ROOT).as_posix(): sorted(
            path.name for path in folder.iterdir() if path.name not in hidden
        )
        for folder in FOLDERS
    }

    assert {where: names for where, names in things.items() if len(names) > MOST_THINGS} == {}
    assert [one for one in things if not ast.get_docstring(trees()[f"{one}/__init__.py"])] == []


def test_a_module_has_a_name_of_its_own():
    """A package counts, too: two `models` would be two places to look for one word."""
    where = defaultdict(list)
    for one in TEXTS:
        path = Path(one)
        where[path.parent.name if path.name == "__init__.py" else path.stem].append(one)

    shared = {name: paths for name, paths in where.items() if len(paths) > 1}
    assert {name: shared[name] for name in shared.keys() - SHARED_NAMES - TWO_PRODUCTS} == {}


def longer(lines: dict[str, int], most: int, allowed: dict[str, int]) -> dict[str, int]:
    """Return what is too long, and exceptions that are none any more."""
    too_long = {where: n for where, n in lines.items() if n > allowed.get(where, most)}
    return too_long | {where: lines.get(where, 0) for where in allowed if lines[where] <= most}


def test_a_module_is_read_in_one_go():
    lines = {where: text.count("\n") for where, text in TEXTS.items()}

    assert longer(lines, LONGEST_MODULE, LONGER_MODULES) == {}


def test_a_function_is_seen_at_a_glance():
    lines: dict[str, int] = {}
    for where, nodes in definitions().items():
        for node in nodes:
            if isinstance(node, FUNCTIONS):
                first = node.body[0]
                is_text = ast.get_docstring(node) is not None
                docstring_lines = first.end_lineno - first.lineno + 1 if is_text else 0
                name = f"{where}:{node.name}"
                own = node.end_lineno - node.lineno + 1 - docstring_lines
                lines[name] = max(own, lines.get(name, 0))
    short = sum(n <= 20 for n in lines.values())

    assert {name for name in TABLES if lines[name] <= LONGEST_FUNCTION} == set()
    assert (
        longer(
            {n: c for n, c in lines.items() if n not in TABLES}, LONGEST_FUNCTION, LONGER_FUNCTIONS
        )
        == {}
    )
    assert short >= 0.9 * len(lines)  # as CONTRIBUTING says


def test_importing_the_app_loads_nothing_heavy():
    program = (
        "import sys, app; "
        "print([m for m in ('moto', 'numpy', 'pandas', 'sklearn', 'lightgbm') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_no_features_name_is_written_in_python():
    named = {n for n in profile.load().features if len(n) > 5 or n in ("zip", "naics")}
    quoted = {
        where: named & set(re.findall(r"""["'](\w+)["']""", text))
        for where, text in TEXTS.items()
        if not where.startswith("datasets/")
    }
    for where in quoted:
        if "/strictness/" in where:
            quoted[where] -= {"location"}  # botocore's word for a member's place in a request

    assert {where: names for where, names in quoted.items() if names} == {}


def test_the_environment_is_read_where_it_should_be():
    allowed = {
        "app.py",
        "chalicelib/services/__init__.py",
    }
    ours = {where: text for where, text in TEXTS.items() if where.startswith(("chalicelib", "app"))}

    assert {where for where, text in ours.items() if "os.environ" in text} <= allowed


@pytest.mark.parametrize(
    ("kinds", "unclear"),
    [(FUNCTIONS, NO_VERBS), ((ast.ClassDef, ast.Module), UNCLEAR)],
    ids=["functions", "classes and modules"],
)
def test_a_docstring_opens_with_a_verb_or_a_noun(kinds, unclear):
    opened = first_words(*kinds)

    assert {where: word for where, word in opened.items() if word.strip("`:,;.") in unclear} == {}


def test_no_test_mocks():
    mocks = re.compile(r"unittest.mock|\bMagicMock|mock\.patch")

    assert [where for where, text in TESTS.items() if mocks.search(text)] == []


def test_no_unit_test_opens_a_cloud_or_sleeps():
    """`make test-fast` runs them between two edits; a cloud belongs to tests/contract."""
    slow = re.compile(r"embedded_cloud|open_bank|mock_aws|time\.sleep|\bsleep\(")
    units = {where: text for where, text in TESTS.items() if where.startswith("tests/unit/")}

    assert [where for where, text in units.items() if slow.search(text)] == []


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_definition_is_well_formed(path):
    definition = filled(json.loads(path.read_text(encoding="utf-8")), Anything(ANY))

    assert [*misled(definition), *malformed(definition)] == []


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_task_of_a_lambda_is_named_as_it_is(path):
    found = states(json.loads(path.read_text(encoding="utf-8")))
    tasks = {name: state["Resource"] for name, state in found.items() if state["Type"] == "Task"}
    functions = {n: resource for n, resource in tasks.items() if resource.startswith("${")}

    assert functions
    for name, resource in functions.items():
        assert resource == f"${{{name}Arn}}"
        assert name in registered_functions()


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_an_error_that_is_caught_or_retried_exists(path):
    for state in states(json.loads(path.read_text(encoding="utf-8"))).values():
        for rule in state.get("Retry", []) + state.get("Catch", []):
            for name in rule["ErrorEquals"]:
                known = hasattr(errors, name) or hasattr(botocore.exceptions, name)
                known = known or hasattr(botocore.parsers, name)
                assert known or name.startswith(("States.", "Lambda.", "SageMaker."))


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_every_task_has_a_time_out_and_patience_with_jitter(path):
    longest = 10 if path.stem.startswith("analisis") else 120
    definition = filled(json.loads(path.read_text(encoding="utf-8")), Anything(ANY))
    for name, state in states(definition).items():
        if state["Type"] == "Task":
            job = "StoppingCondition" in state.get("Parameters", {})  # has its own limit
            assert job or state["TimeoutSeconds"] <= longest, name
            assert all(
                rule["JitterStrategy"] == "FULL" and rule["MaxDelaySeconds"]
                for rule in state["Retry"]
            )


def test_whatever_fails_in_a_retraining_is_caught():
    found = states(json.loads((ROOT / "stepfunctions/reentrenamiento.asl.json").read_text("utf-8")))

    for name, state in found.items():
        if state["Type"] == "Task":
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_a_function_of_a_retraining_is_repeated_whatever_its_fault():
    """A lost answer is no ClientError, and a challenger waits a week for its next chance."""
    found = states(json.loads((ROOT / "stepfunctions/reentrenamiento.asl.json").read_text("utf-8")))
    functions = {name: one for name, one in found.items() if name in registered_functions()}

    assert {*functions} == {"openSnapshot", "evaluateModel", "promoteModel"}
    for state in functions.values():
        last = state["Retry"][-1]
        # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
        all_faults = ["States.TaskFailed", "States.Timeout"]  # the first has no time-out in it
        assert (last["ErrorEquals"], last["MaxAttempts"]) == (all_faults, 4)


def test_each_function_of_a_batch_is_repeated_after_a_lost_answer():
    found = states(json.loads((ROOT / "stepfunctions/lotesCredito.asl.json").read_text("utf-8")))
    lost = {"ReadTimeoutError", "ConnectTimeoutError", "IncompleteReadError", "ResponseParserError"}

    functions = [one for name, one in found.items() if name in registered_functions()]
    assert len(functions) == 3
    assert all(lost <= {*state["Retry"][-1]["ErrorEquals"]} for state in functions)
    assert "TableUnavailable" in found["closeBatch"]["Retry"][-1]["ErrorEquals"]
    assert found["DecideChunks"]["Retry"][-1]["ErrorEquals"] == ["States.ItemReaderFailed"]


def test_a_definition_that_leads_nowhere_is_found():
    state = {"Type": "Pass", "Next": "Gone"}

    assert list(misled({"StartAt": "A", "States": {"A": state, "B": {"Type": "Pass"}}})) == [
        "B leads nowhere.",
        "Gone is led to and is no state.",
        "Nothing leads to B.",
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_each_function_has_a_policy_file_of_its_own(stage):
    functions = CONFIG["stages"][stage]["lambda_functions"]

    assert set(functions) == registered_functions()
    assert len({function["iam_policy_file"] for function in functions.values()}) == len(functions)


def test_the_policy_files_and_the_template_are_what_is_declared():
    for path, text in (*function_policies.files(), *resources.templates()):
        assert path.read_text(encoding="utf-8") == text, "run make iam-policies"


def test_the_code_that_artifacts_bring_along_is_released():
    listed = json.loads(serving_code.LIST.read_text(encoding="utf-8"))

    assert listed == serving_code.released(), "run make serving-code"


def test_nothing_is_allowed_on_everything_but_what_aws_allows_no_other_way():
    given = [json.loads(text)["Statement"] for _, text in function_policies.files()]
    others = roles.statements(roles.SETTINGS, "123456789012")
    for statement in (one for statements in (*given, *others.values()) for one in statements):
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        if statement["Resource"] == "*":
            assert set(actions) <= set(roles.ONLY_ON_EVERYTHING)
        assert not any("*" in action for action in actions)


def test_every_problem_has_a_status_and_a_title():
    def kinds(kind: type[errors.Problem]) -> list[type[errors.Problem]]:
        return [kind, *(sub for child in kind.__subclasses__() for sub in kinds(child))]

    for kind in kinds(errors.Problem)[1:]:
        assert 400 <= kind.status < 600
        assert kind.title


def test_the_tree_of_errors_names_them_all():
    classes = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    own = [name for name, value in classes.items() if issubclass(value, Exception)]

    assert [name for name in own if name not in (errors.__doc__ or "")] == []
