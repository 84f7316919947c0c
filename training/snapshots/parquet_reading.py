"""Parquet files, read so that the process can end right after."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow.parquet import ParquetFile


def read_parquet(source: Path | bytes, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a file's columns, in their order; without names, all. Raises ValueError for a file that
    can't be read, whatever it holds, and OSError.

    pandas.read_parquet lets threads of Arrow read, which may still hold the file while the
    interpreter ends: it then aborts or hangs (apache/arrow #34314, #50482). Here no thread reads.
    """
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as opened:
        try:
            return _read(ParquetFile(opened, pre_buffer=False), columns)
        except (ValueError, OSError, MemoryError):
            raise
        except (pa.ArrowException, LookupError, OverflowError, TypeError) as fault:
            # Its own words may have what the file holds.
            raise ValueError(f"{type(fault).__name__} in its columns") from fault


def _read(file: ParquetFile, columns: Sequence[str]) -> pd.DataFrame:
    there = file.schema_arrow.names
    names = [*columns] or there
    if missing := [name for name in names if name not in there]:
        raise ValueError(f"it has no {', '.join(missing)}")
    if twice := sorted({name for name in names if there.count(name) > 1}):
        raise ValueError(f"it has {', '.join(twice)} twice")
    return file.read(names, use_threads=False).select(names).to_pandas(use_threads=False)
