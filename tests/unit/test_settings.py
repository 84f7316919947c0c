import pytest

from chalicelib.foundation.errors import MissingVariable, UnknownStage
from chalicelib.foundation.settings import Settings
from chalicelib.models.containers import NoContainer, image_uri

ENVIRON = {"APP_NAME": "appvengers", "STAGE": "dev", "AWS_DEFAULT_REGION": "eu-west-1"}


def test_names_are_the_stages_and_the_apps():
    settings = Settings.from_environ(ENVIRON | {"APP_NAME": "otherbank", "STAGE": "prod"})

    assert settings.predictions_table == "prod-otherbank-PrediccionesCredito"
    assert settings.function("saveResult") == "otherbank-prod-saveResult"
    assert settings.topic_arn("1").startswith("arn:aws:sns:eu-west-1:1:prod-otherbank-")


def test_an_unknown_stage_is_refused():
    with pytest.raises(UnknownStage, match="dev, prod"):
        Settings.from_environ(ENVIRON | {"STAGE": "typo"})


@pytest.mark.parametrize("missing", ENVIRON)
def test_a_missing_variable_is_not_guessed(missing):
    with pytest.raises(MissingVariable, match=f"^{missing} is not set. `make run` .* bank env"):
        Settings.from_environ({name: ENVIRON[name] for name in ENVIRON.keys() - {missing}})


def test_a_region_without_the_container_is_told():
    uri = image_uri("a-container:1.0", "us-east-1")

    assert uri == "683313688378.dkr.ecr.us-east-1.amazonaws.com/a-container:1.0"
    with pytest.raises(NoContainer, match="another region"):
        image_uri("a-container:1.0", "mars-1")
