"""Parquet is read without a thread that could outlive the interpreter."""

import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from datasets.sba import SAMPLE
from infrastructure.project import ROOT
from training.snapshots.parquet_reading import read_parquet

# Arrow's threads stay for the next read, and so until the process ends. Those of its allocator,
# which know nothing of Python, have a name of their own.
THREADS = """
import sys
from pathlib import Path
import pandas as pd
from training.snapshots.parquet_reading import read_parquet

def threads():
    names = [one.read_text() for one in Path("/proc/self/task").glob("*/comm")]
    return len([name for name in names if not name.startswith("jemalloc")])

before = threads()
{read}
print(threads() - before)
"""

LYING = {"pandas": '{"index_columns": ["gone"], "columns": 7, "column_indexes": []}'}
NO_TEXT = pa.array(["Caf\u00e9".encode("latin-1")]).cast(pa.string(), safe=False)


def threads_begun(read: str) -> int:
    command = [sys.executable, "-c", THREADS.format(read=read), str(SAMPLE)]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(ended.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_no_thread_reads():
    assert threads_begun("read_parquet(Path(sys.argv[1]))") == 0
    assert threads_begun("read_parquet(Path(sys.argv[1]).read_bytes(), ['state'])") == 0
    assert threads_begun("pd.read_parquet(sys.argv[1])") > 0


def test_a_file_is_what_pandas_reads():
    loans = pd.read_parquet(SAMPLE)
    pd.testing.assert_frame_equal(read_parquet(SAMPLE), loans)
    pd.testing.assert_frame_equal(read_parquet(SAMPLE.read_bytes()), loans)
    columns = [*reversed(loans.columns)][:3]
    pd.testing.assert_frame_equal(read_parquet(SAMPLE, columns), loans[columns])


def test_an_index_is_read_as_pandas_reads_it(tmp_path):
    file = tmp_path / "loans.parquet"
    pd.read_parquet(SAMPLE)[::3].to_parquet(file)
    pd.testing.assert_frame_equal(read_parquet(file), pd.read_parquet(file))


def test_what_a_file_lacks_is_named():
    with pytest.raises(ValueError, match="it has no shoeSize, income$"):
        read_parquet(SAMPLE, ["state", "shoeSize", "income"])


@pytest.mark.parametrize("length", [0, 5, 5_000])
def test_a_file_that_was_cut_off_is_a_fault_of_its_content(length):
    with pytest.raises(ValueError, match="arquet"):
        read_parquet(SAMPLE.read_bytes()[:length])


BROKEN = {
    "a name twice": (pa.table([[1], [2]], names=["state", "state"]), "it has state twice"),
    "another index": (pa.table({"state": [1]}).replace_schema_metadata(LYING), "in its columns"),
    "a text that is no UTF-8": (pa.table({"state": NO_TEXT}), "in its columns"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_pandas_does_not_have_is_a_fault_of_the_content(tmp_path, name):
    table, words = BROKEN[name]
    pa.parquet.write_table(table, tmp_path / "loans.parquet")

    with pytest.raises(ValueError, match=words) as fault:
        read_parquet(tmp_path / "loans.parquet")

    assert "Caf" not in str(fault.value)


def test_a_folder_and_a_file_that_is_not_there_are_faults_of_the_disk(tmp_path):
    with pytest.raises(IsADirectoryError):
        read_parquet(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_parquet(tmp_path / "loans.parquet")


def test_all_product_code_reads_so():
    packages = "bank", "datasets", "infrastructure", "localcloud", "training", "workbench"
    files = [one for name in packages for one in (ROOT / name).rglob("*.py")]
    assert len(files) > 100
    assert not [one for one in files if "pd.read_parquet(" in one.read_text("utf-8")]
