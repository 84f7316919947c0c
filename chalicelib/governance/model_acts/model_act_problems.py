"""Problems of acts on models."""

from chalicelib.foundation.errors import Problem
from chalicelib.foundation.text import Text


class ModelVersionNotFound(Problem):
    status = 404
    title = Text(es="No existe ese modelo o versión", en="There is no such model or version")
    usual = Text(
        es="GET /people/models/{model}/history muestra las versiones de un modelo.",
        en="GET /people/models/{model}/history has the versions of a model.",
    )


class ModelActConflict(Problem):
    """A rollback to what answers, or while another version is on its way."""

    status = 409
    title = Text(es="El modelo no puede cambiar así", en="The model can't change so")
    usual = Text(
        es="GET /people/models/{model}/history muestra qué responde.",
        en="GET /people/models/{model}/history has what answers.",
    )
