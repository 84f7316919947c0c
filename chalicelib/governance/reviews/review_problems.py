"""Problems of cases: acts that a case, or a decision, does not admit."""

from chalicelib.foundation.errors import Problem
from chalicelib.foundation.text import Text


class ReviewConflict(Problem):
    """A verdict or a claim that a case does not admit now."""

    status = 409
    title = Text(es="El caso no admite ese acto", en="The case does not admit this act")
    usual = Text(es="Consulte la decisión.", en="Look at the decision.")


class SamePerson(Problem):
    """An act that another person must do: who makes something does not check it."""

    status = 403
    title = Text(es="Lo tiene que hacer otra persona", en="Another person must do this")
    usual = Text(es="Quien hace algo no lo revisa.", en="Who makes something does not check it.")


class ContestClosed(Problem):
    """A contest of a decision that can't be contested, or not any more."""

    status = 409
    title = Text(es="La decisión no se puede impugnar", en="The decision can't be contested")
    usual = Text(es="Consulte GET …/explanation.", en="Ask GET …/explanation.")
