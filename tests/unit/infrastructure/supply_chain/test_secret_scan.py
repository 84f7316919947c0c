"""A string that looks like a secret is found in any file, and again where it moved to."""

import json

import pytest
from detect_secrets.core import baseline

from infrastructure.supply_chain import secret_scan

SETTINGS = json.loads(secret_scan.BASELINE.read_bytes())
KEY = "AKIA" + "QYLPMN5HEXAMPLEZ"[:16]  # of AWS's form; in two parts, so that no scan finds it here


def found(tmp_path, *lines):
    (tmp_path / "settings.py").write_text("\n".join(lines), encoding="utf-8")
    return secret_scan.scan(["settings.py"], SETTINGS, tmp_path)


def test_a_key_of_aws_is_found_with_its_place(tmp_path):
    secrets = found(tmp_path, "", f'KEY = "{KEY}"')

    none = baseline.load({**SETTINGS, "results": {}})
    said = list(secret_scan.fresh(secrets, none))
    assert said == ["settings.py:2: AWS Access Key"]
    assert KEY not in said[0]


def test_a_known_string_may_move_to_another_line(tmp_path):
    known = found(tmp_path, f'KEY = "{KEY}"')

    assert list(secret_scan.fresh(found(tmp_path, "", "", f'KEY = "{KEY}"'), known)) == []


def test_a_known_string_is_known_in_another_clone(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    known = found(tmp_path / "a", f'KEY = "{KEY}"')

    assert list(secret_scan.fresh(found(tmp_path / "b", f'KEY = "{KEY}"'), known)) == []


def test_another_string_of_a_known_file_is_found(tmp_path):
    known = found(tmp_path, f'KEY = "{KEY}"')
    other = KEY[:-1] + "A"

    assert len(list(secret_scan.fresh(found(tmp_path, f'KEY = "{other}"'), known))) == 1


@pytest.mark.parametrize(
    ("folder", "said"),
    [("tests", ["AWS Access Key"]), ("chalicelib", ["AWS Access Key", "Secret Keyword"])],
)
def test_a_test_may_name_its_password_but_no_key_of_a_cloud(tmp_path, folder, said):
    name = f"{folder}/settings.py"
    (tmp_path / folder).mkdir()
    lines = f'KEY = "{KEY}"\npassword = "Of-This-Test-Alone-1"\n'
    (tmp_path / name).write_text(lines, encoding="utf-8")

    secrets = secret_scan.scan([name], SETTINGS, tmp_path)
    none = baseline.load({**SETTINGS, "results": {}})
    found = [line.rpartition(": ")[2] for line in secret_scan.fresh(secrets, none)]
    assert sorted({*found}) == said
