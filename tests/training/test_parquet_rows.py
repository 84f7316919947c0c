"""Bounds of a batch's Parquet in its job, which has no module of the functions."""

import pyarrow as pa
import pyarrow.parquet
import pytest

from chalicelib.decisions.intake.batches import batch_indexing
from training.batch_scoring import parquet_rows

FAR = pa.array([2**62], pa.timestamp("us"))


def test_the_job_takes_as_many_rows_and_bytes_as_the_function():
    assert parquet_rows.MOST_ROWS == batch_indexing.MOST_ROWS
    assert parquet_rows.MOST_BYTES == batch_indexing.MOST_BYTES


@pytest.mark.parametrize(
    "column",
    [FAR, pa.array([2**62], pa.duration("ms")), pa.array([0], pa.timestamp("us", "Mars"))],
    ids=["a date beyond the year 9999", "a duration of ages", "an unknown time zone"],
)
def test_a_value_that_python_does_not_have_is_an_unreadable_file(tmp_path, column):
    rows = pa.table({"clientId": ["a"], "approvalDate": column})
    pa.parquet.write_table(rows, tmp_path / "rows.parquet")

    with pytest.raises(parquet_rows.Unreadable, match="NOT_PARQUET"):
        parquet_rows.convert(tmp_path / "rows.parquet", tmp_path)
