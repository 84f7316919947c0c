from argparse import Namespace
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")


def options(model: str) -> Namespace:
    return Namespace(model=model, version="20050701T000000", schema="5c4e3a", snapshot="2005-06-30")


def plain(rows: pd.DataFrame) -> list[dict]:
    """Rows as the endpoint gets them: no NaN, missing is None."""
    return rows.astype(object).where(rows.notna(), None).to_dict("records")
