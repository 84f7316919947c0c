"""Applications of a file by the rules of POST /predict, a column at a time."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from chalicelib.decisions.application import LARGEST_NUMBER, NOT_A_TEXT, fault
from chalicelib.profile import Feature, Profile

Floats = npt.NDArray[np.float64]
Told = npt.NDArray[Any]  # of each row a text, empty if nothing is wrong with it


def checked(
    rows: pa.RecordBatch, deployed: Profile, given: Collection[str] = ()
) -> tuple[pd.DataFrame, Told]:
    """Return the models' inputs, and each row's faults by field.

    The applicants of all rows gave the same consents; what they withhold is left out.
    """
    withheld = deployed.withheld(given)
    columns, wrong = {}, np.full(rows.num_rows, "", dtype=object)
    for name, feature in deployed.asked_for().items():
        if name in rows.schema.names and name not in withheld:
            read = _numbers if feature.is_number else _texts
            columns[name], faults = read(rows.column(name), feature)
            bad = np.flatnonzero(faults != "")
            wrong[bad] = [
                f"{before}; {name} {one}" if before else f"{name} {one}"
                for before, one in zip(wrong[bad], faults[bad], strict=True)
            ]
    return pd.DataFrame(columns), wrong


def _fault(value: Any, feature: Feature) -> str:
    """Return what is wrong in English, as all of a file's report is; empty if nothing is."""
    wrong = fault(value, feature)
    return wrong.en if wrong else ""


def _numbers(column: pa.Array, feature: Feature) -> tuple[Floats, Told]:
    values, missing = _floats(column), column.is_null().to_numpy(zero_copy_only=False)
    told = np.full(len(values), "", dtype=object)
    told[missing] = _fault(None, feature)
    # Only what is not plainly within the bounds is asked about, one by one.
    suspects = np.flatnonzero(~_within(values, feature) & ~missing)
    told[suspects] = [_fault(value, feature) for value in values[suspects].tolist()]
    return values, told


def _within(values: Floats, feature: Feature) -> npt.NDArray[np.bool_]:
    fine = np.abs(values) < LARGEST_NUMBER
    if feature.type == "integer":
        fine &= values == np.floor(values)
    if feature.minimum is not None:
        fine &= values >= feature.minimum
    if feature.maximum is not None:
        fine &= values <= feature.maximum
    return fine


def _floats(column: pa.Array) -> Floats:
    """Return the numbers; NaN is a missing value or no number."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kinds = pa.types
    if _is_text(column.type):
        try:
            column = column.cast(pa.float64())
        except pa.ArrowInvalid:
            numbers: Floats = pd.to_numeric(column.to_pandas(), errors="coerce").to_numpy(float)
            return numbers
    elif kinds.is_integer(column.type) or kinds.is_floating(column.type):
        column = column.cast(pa.float64(), safe=False)
    elif kinds.is_decimal(column.type):
        column = column.cast(pa.float64())
    else:
        return np.full(len(column), np.nan)
    floats: Floats = column.to_numpy(zero_copy_only=False).astype(float)
    return floats


def _texts(column: pa.Array, feature: Feature) -> tuple[pd.Categorical, Told]:
    missing = _fault(None, feature)
    if not _is_text(column.type):
        absent = column.is_null().to_numpy(zero_copy_only=False)
        nothing = pd.Categorical.from_codes(np.full(len(column), -1), [])
        return nothing, np.where(absent, missing, NOT_A_TEXT.en).astype(object)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    elif column.dictionary.null_count:
        column = column.dictionary_decode().dictionary_encode()
    found = column.to_pandas()
    told = [*(_fault(value, feature) for value in found.cat.categories), missing]
    return found.array, np.array(told, dtype=object).take(found.cat.codes, mode="wrap")


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
