"""Samples of stacks become shares of packages and functions."""

from bench.report.sampled_stacks import shares

MOTO = "/bank/.venv/lib/python3.11/site-packages/moto/dynamodb/responses.py"
STACKS = f"""\
serve (/usr/lib/python3.11/threading.py:9);handle (/bank/localcloud/ports/web_server.py:7) 6
handle (/bank/localcloud/ports/web_server.py:7);put_item ({MOTO}:3);loads (/usr/lib/json.py:2) 3
wait (/usr/lib/python3.11/threading.py:9) 1
"""


def test_the_innermost_package_is_the_one_that_ran():
    found = shares(STACKS, "/bank", most=9)

    assert found.samples == 10
    assert found.packages == [
        ("localcloud/ports/web_server.py", 0.6), ("moto/dynamodb", 0.3), ("the interpreter", 0.1),
    ]  # fmt: skip


def test_a_function_counts_what_it_calls():
    found = shares(STACKS, "/bank", most=1)

    assert found.functions == [("localcloud/ports/web_server.py handle", 0.9)]


def test_a_function_that_calls_itself_counts_once():
    frame = f"walk ({MOTO}:3)"

    assert shares(f"{frame};{frame} 4", "/bank", most=2).functions == [("moto/dynamodb walk", 1.0)]
