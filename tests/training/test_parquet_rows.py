"""Bounds of a batch's Parquet in its job, which has no module of the functions."""

from chalicelib.decisions.intake.batches import batch_indexing
from training.batch_scoring import parquet_rows


def test_the_job_takes_as_many_rows_and_bytes_as_the_function():
    assert parquet_rows.MOST_ROWS == batch_indexing.MOST_ROWS
    assert parquet_rows.MOST_BYTES == batch_indexing.MOST_BYTES
