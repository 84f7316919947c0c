"""The reading of credit.toml: parsed, checked for contradictions, frozen."""

from pathlib import Path
from typing import Any

import msgspec

from chalicelib.foundation.errors import InvalidProfile
from chalicelib.profile.contradictions.profile_contradictions import contradictions
from chalicelib.profile.schema import Profile
from chalicelib.profile.tables.feature_tables import Feature
from chalicelib.profile.tables.policy_tables import MINIMUM_WEIGHT
from chalicelib.profile.tables.rule_tables import Rule

PROFILE_FILE = Path(__file__).parents[1] / "credit.toml"


def load(path: Path = PROFILE_FILE) -> Profile:
    """Return the profile. Raises InvalidProfile, which names every contradiction."""
    try:
        written = msgspec.toml.decode(path.read_bytes())
        for name, feature in written.get("features", {}).items():
            _feature(name, feature)
        for rule in written.get("rules", ()):
            _rule(rule)
        written.get("decision", {}).setdefault("minimum_weight", MINIMUM_WEIGHT)
        profile = msgspec.convert(written, Profile)
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidProfile(f"{path} can't be read as a profile: {error}") from error
    if found := list(contradictions(profile)):
        raise InvalidProfile(f"{path}: " + "; ".join(found))
    return profile


def _feature(name: str, written: Any) -> None:
    """Check one feature's table, because msgspec does not say which of many has the wrong key."""
    try:
        msgspec.convert(written, Feature)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"features.{name}: {error}") from error


def _rule(written: Any) -> None:
    try:
        msgspec.convert(written, Rule)
    except msgspec.ValidationError as error:
        code = written.get("code", "without a code") if isinstance(written, dict) else written
        raise msgspec.ValidationError(f"rules {code}: {error}") from error
