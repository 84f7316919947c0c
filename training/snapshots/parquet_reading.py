"""Parquet files, read so that the process can end right after."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pandas as pd
from pyarrow.parquet import ParquetFile


def read_parquet(source: Path | bytes, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a file's columns, in their order; without names, all. Raises ValueError and OSError.

    pandas.read_parquet lets threads of Arrow read, which may still hold the file while the
    interpreter ends: it then aborts or hangs (apache/arrow #34314, #50482). Here no thread reads.
    """
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as opened:
        file = ParquetFile(opened, pre_buffer=False)
        names = [*columns] or file.schema_arrow.names
        if missing := [name for name in names if name not in file.schema_arrow.names]:
            raise ValueError(f"it has no {', '.join(missing)}")
        table = file.read(names, use_threads=False).select(names)
    return table.to_pandas(use_threads=False)
