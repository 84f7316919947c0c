"""Problems of archives that the API gives."""

from chalicelib.foundation.errors import Problem
from chalicelib.foundation.text import Text

NOT_ANCHORED = Text(
    es="Ningún anclaje la tiene todavía: cada día se ancla a las 02:00 UTC del día siguiente.",
    en="No anchor has it yet: each day is anchored at 02:00 UTC of the next day.",
)
TOO_LARGE = Text(
    es="Sus anclajes no caben en una respuesta. `make evidence` escribe el archivo de esos días.",
    en="Its anchors do not fit into an answer. `make evidence` writes the archive of those days.",
)


class NoPack(Problem):
    """A decision whose pack of evidence can't be made, or not yet."""

    status = 409
    title = Text(
        es="No hay paquete de evidencia de esa decisión",
        en="There is no pack of evidence of that decision",
    )
    usual = NOT_ANCHORED
