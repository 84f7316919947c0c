"""[rights] of credit.toml: what an applicant may read, and until when they may contest."""

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.base_table import Table


class Notice(Table, frozen=True):
    """A notice that a law asks for, as a template: the bank's counsel decides on its words."""

    law: str
    text: Text


class Rights(Table, frozen=True):
    contest_days: int = 30  # after the decision; a regulator may ask for more
    how_to_contest: Text = Text(
        es="Escriba al banco con el número de la decisión y pida que una persona la revise.",
        en="Write to the bank with the number of the decision, and ask a person to review it.",
    )
    notices: tuple[Notice, ...] = ()
