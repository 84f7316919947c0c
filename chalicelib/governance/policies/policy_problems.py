"""Problems of policies: documents and acts that the desk of policies does not take."""

from chalicelib.foundation.errors import Problem
from chalicelib.foundation.text import Text


class InvalidPolicy(Problem):
    status = 400
    title = Text(es="La política no es válida", en="The policy is not valid")
    usual = Text(es="Corrija la política.", en="Correct the policy.")


class PolicyNotFound(Problem):
    status = 404
    title = Text(es="No existe esa política", en="There is no such policy")
    usual = Text(es="GET /people/policies las muestra todas.", en="GET /people/policies has all.")


class PolicyConflict(Problem):
    status = 409
    title = Text(es="La política no admite ese acto", en="The policy does not admit this act")
    usual = Text(es="Consulte GET /people/policies.", en="Look at GET /people/policies.")
