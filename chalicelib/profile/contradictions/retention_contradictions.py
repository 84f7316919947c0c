"""Contradictions of [retention]."""

from collections.abc import Iterator

from chalicelib.profile.schema import Profile

MOST_DAYS = 36_525  # a hundred years, as evidence can be locked


def of_retention(profile: Profile) -> Iterator[str]:
    retention = profile.retention
    for name in ("records_days", "cases_days"):
        days = getattr(retention, name)
        if not 0 <= days <= MOST_DAYS:
            yield f"retention.{name} must be 0 to {MOST_DAYS:,}, not {days}"
    for name in ("loans", "decisions"):
        kept = getattr(retention, name)
        if 0 < retention.records_days < kept.days:
            yield (
                f"retention.records_days is {retention.records_days}: the law of "
                f"retention.{name} asks for {kept.days}"
            )
        if not 0 <= kept.days <= MOST_DAYS:
            yield f"retention.{name}.days must be 0 to {MOST_DAYS:,}, not {kept.days}"
        if kept.meanwhile == "keep" and kept.days == 0:
            yield f"retention.{name} keeps records for 0 days: set days, or pseudonymise"
        if not (kept.law.es.strip() and kept.law.en.strip()):
            yield f"retention.{name}.law must name the law, in es and en"
