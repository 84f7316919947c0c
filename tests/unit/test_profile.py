import pytest

from chalicelib.errors import InvalidProfile
from chalicelib.profile import PROFILE_FILE, load

TEXT = PROFILE_FILE.read_text(encoding="utf-8")


def refusal_of(tmp_path, old: str, new: str) -> str:
    assert old in TEXT
    path = tmp_path / "credit.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidProfile) as refused:
        load(path)
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("minimum = 100", "minimun = 100", "minimun"),
        ("minimum = 100", 'minimum = "x"', "features[...].minimum"),
        ('mandatory = ["Tradicional"]', 'mandatory = ["Otro"]', "Otro"),
        ('peers = ["lender"]', 'peers = ["lendr"]', "lendr"),
        ('features = ["amount"', 'features = ["amnt"', "amnt"),
        ("[features.amount]", "[features.amount]\nprotected = true", "never scored"),
        ('date = "approvalDate"', "", "snapshot.date"),
        ("ratio =", "prefix =", "derive"),
    ],
)
def test_a_contradiction_is_told_with_its_place(tmp_path, old, new, told):
    assert told in refusal_of(tmp_path, old, new)


def test_a_missing_profile_is_told(tmp_path):
    with pytest.raises(InvalidProfile, match="can't be read"):
        load(tmp_path / "credit.toml")


def test_a_models_schema_changes_with_what_it_reads_and_with_no_text(tmp_path, sba):
    def schema(old: str, new: str) -> str:
        assert old in TEXT
        path = tmp_path / "credit.toml"
        path.write_text(TEXT.replace(old, new), encoding="utf-8")
        return load(path).schema("Tradicional")

    same = sba.schema("Tradicional")

    assert schema("El monto solicitado", "El importe") == same
    assert schema("maximum = 5_000_000", "maximum = 6_000_000") == same
    assert schema('ratio = ["amount", "employees"]', 'ratio = ["amount", "jobsCreated"]') != same
    assert schema('"sector", "state"]', '"sector"]') != same


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'segments = ["newBusiness"',
            'segments = ["nobody"',
            "card.segments names no feature: nobody",
        ),
        (
            'ratio = ["amount", "employees"]',
            'ratio = ["amount", "employees"], measure = "volume"',
            "measures peers",
        ),
        ('measure = "volume"', 'measure = "loudness"', "loudness"),
    ],
)
def test_what_a_card_or_a_measure_cannot_be_is_told(tmp_path, old, new, told):
    assert told in refusal_of(tmp_path, old, new)
