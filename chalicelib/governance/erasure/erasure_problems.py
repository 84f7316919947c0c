"""Problems of an erasure."""

from chalicelib.foundation.errors import Problem
from chalicelib.foundation.text import Text


class ErasureUnfinished(Problem):
    """A client's erasure that has begun and did not end. A repeat goes on with it."""

    status, retry_after = 503, 5
    title = Text(es="La eliminación no ha terminado", en="The erasure is not finished")
    usual = Text(
        es="Repita la misma petición: continúa donde quedó, y repetirla es inocuo.",
        en="Repeat the same request: it goes on where it stopped, and a repeat is harmless.",
    )
