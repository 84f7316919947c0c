"""[snapshot], [training], [card], [gate], [drift] and [outcomes] of credit.toml.

These tables set how models are trained, judged and watched, and which sources of outcomes count.
"""

from typing import Literal

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.base_table import Table


class Snapshot(Table, frozen=True):
    outcome: str
    date: str | None = None
    default_date: str | None = None


class Training(Table, frozen=True):
    seed: int
    outcome_months: int = 12
    window_months: int = 24
    calibration_months: int = 3
    holdout_months: int = 3
    half_life_months: float | None = None
    peer_months: int = 60
    seen_loans: int = 1


class Limit(Text, frozen=True):
    """A limit of the data, for the models that read these features; without any, for all."""

    features: tuple[str, ...] = ()


class Card(Table, frozen=True):
    """The features by whose values a model card shows how a model does, and what it warns of."""

    segments: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()


class Gate(Table, frozen=True):
    """Limits of a challenger, on applications that neither model has learnt from."""

    minimum_rows: int = 500
    minimum_bads: int = 30
    minimum_auc: float = 0.55
    minimum_ks: float = 0.05
    auc_margin: float = 0.02
    ks_margin: float = 0.05
    served_margin: float = 0.02
    maximum_ece: float = 0.03
    minimum_slope: float = 0.5
    maximum_slope: float = 2.0
    maximum_psi: float = 0.25
    maximum_csi: float = 0.5
    maximum_breaks: int = 0
    minimum_approval_ratio: float = 0.8
    maximum_group_gap: float = 0.05
    minimum_group_rows: int = 100
    recent_decisions: int = 2000
    maximum_peer_flips: float = 0.7
    minimum_peer_decisions: int = 50
    sign_off: bool = False


class Drift(Table, frozen=True):
    """Limits of the population stability index, of scores and of features."""

    psi_watch: float = 0.1
    psi_limit: float = 0.25
    fewest: int = 200


class OutcomeSource(Table, frozen=True):
    """Trust in outcomes of a matching source: `apiKey:<id>`, `person:<sub>` or `file:<key>`, * is
    wild.
    """

    source: str
    trust: Literal["trusted", "limited", "untrusted"]


class Outcomes(Table, frozen=True):
    """Trust in reported outcomes by source, and the limits from which people look first.

    A source that matches no rule is untrusted. Its outcomes count once a trusted source reports the
    same.
    """

    sources: tuple[OutcomeSource, ...] = (  # the first that matches
        OutcomeSource("file:credit/newData/reported/*", "untrusted"),  # files of partners
        OutcomeSource("file:credit/newData/*", "trusted"),
    )
    peers: tuple[str, ...] = ()  # features by whose values outcomes and decisions are watched
    limited_share: float = 0.01  # of the trusted loans, those of one limited source
    limited_peer_share: float = 0.05  # of a peer's trusted loans, those of one limited source
    limited_client_loans: int = 1  # of one client, those of limited sources
    fewest: int = 5  # new outcomes of a peer or source; fewer are not tested
    false_alarms: float = 0.01  # of honest snapshots, those in which something is held
    dispersion: float = 0.05  # correlation of the defaults within a peer or source
    watch_months: int = 12  # outcomes that are tested together with the new ones

    @property
    def rules(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.source, one.trust) for one in self.sources)
