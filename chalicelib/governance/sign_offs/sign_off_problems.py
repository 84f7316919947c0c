"""Problems of sign-offs."""

from chalicelib.foundation.errors import Problem
from chalicelib.foundation.text import Text


class ChallengerNotFound(Problem):
    status = 404
    title = Text(es="No existe ese modelo retador", en="There is no such challenger")
    usual = Text(
        es="GET /people/challengers muestra los que esperan.",
        en="GET /people/challengers has those that wait.",
    )


class SignOffConflict(Problem):
    """A verdict on a challenger that has one."""

    status = 409
    title = Text(es="El modelo retador ya tiene un veredicto", en="The challenger has a verdict")
    usual = Text(es="Consulte GET /people/challengers.", en="Look at GET /people/challengers.")
