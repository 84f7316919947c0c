"""The gate: measurements and limits in, every reason for a refusal out. Pure."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from chalicelib.profile import Gate


class Fact(msgspec.Struct, frozen=True, rename="camel"):
    """A part of evaluation.json, which training/challenge.py writes."""


class Measured(Fact, frozen=True):
    auc: float
    ks: float
    brier: float
    ece: float
    slope: float  # of the outcome's logit on the model's: 1 is calibrated
    intercept: float


class Interval(Fact, frozen=True):
    """A difference, challenger less champion, with its bootstrap interval on the same
    applications.
    """

    value: float
    low: float
    high: float


class Direction(Fact, frozen=True):
    """Real applications with one feature moved: the steps, and those against its direction."""

    feature: str
    steps: int
    broken: int


class Group(Fact, frozen=True):
    value: str
    rows: int
    bads: int
    approved: float
    observed: float
    expected: float
    auc: float | None = None


class Facts(Fact, frozen=True):
    """Measurements on the newest applications that neither model has learnt from."""

    rows: int
    bads: int
    challenger: Measured
    champion: Measured | None
    auc_difference: Interval | None
    ks_difference: Interval | None
    score_psi: float
    feature_csi: Mapping[str, float]
    directions: tuple[Direction, ...]
    protected: Mapping[str, tuple[Group, ...]]
    served_auc: float | None = None  # by the artifact's own tables of peers, if it has any


class Flips(Fact, frozen=True):
    """The turned decisions of one peer; peer_flips.py explains the shares."""

    feature: str
    value: str
    decisions: int
    flipped: float
    others: float
    excess: float


class Reason(msgspec.Struct, frozen=True):
    rule: str
    told: str


def reasons(facts: Facts, gate: Gate) -> list[Reason]:
    """Return every reason for a refusal; without any, the challenger passes."""
    told = [*_enough(facts, gate), *_ranking(facts, gate), *_tables(facts, gate)]
    told += [*_calibration(facts, gate), *_stability(facts, gate)]
    return [*told, *_directions(facts, gate), *_fairness(facts, gate)]


def peer_reasons(peers: Iterable[Flips], gate: Gate) -> Iterator[Reason]:
    """Yield a reason for each peer whose decisions turn much more often than all the others'."""
    for one in peers:
        if one.decisions >= gate.minimum_peer_decisions and one.excess > gate.maximum_peer_flips:
            yield Reason(
                f"decisiones por {one.feature}",
                f"{one.value}: cambian {one.flipped:.1%} de {one.decisions}, y {one.others:.1%} de "
                f"las demás; diferencia máxima {gate.maximum_peer_flips:.1%}",
            )


def _enough(facts: Facts, gate: Gate) -> Iterator[Reason]:
    if facts.rows < gate.minimum_rows:
        yield Reason("rows", f"{facts.rows} solicitudes de prueba; mínimo {gate.minimum_rows}")
    if facts.bads < gate.minimum_bads:
        yield Reason("bads", f"{facts.bads} incumplimientos de prueba; mínimo {gate.minimum_bads}")


def _ranking(facts: Facts, gate: Gate) -> Iterator[Reason]:
    own = facts.challenger
    for rule, value, least in (("AUC", own.auc, gate.minimum_auc), ("KS", own.ks, gate.minimum_ks)):
        if value < least:
            yield Reason(f"{rule} mínimo", f"{value:.4f}; mínimo {least:g}")
    for rule, apart, margin in (
        ("AUC", facts.auc_difference, gate.auc_margin),
        ("KS", facts.ks_difference, gate.ks_margin),
    ):
        if apart and apart.low < -margin:
            yield Reason(
                f"{rule} contra el modelo en servicio",
                f"{apart.value:+.4f}, intervalo {apart.low:+.4f} a {apart.high:+.4f}; "
                f"puede ser peor en más de {margin:g}",
            )


def _tables(facts: Facts, gate: Gate) -> Iterator[Reason]:
    """Yield a reason if the artifact's tables of peers rank worse than the peers of each day."""
    own, served = facts.challenger.auc, facts.served_auc
    if served is not None and served < own - gate.served_margin:
        yield Reason(
            "AUC con sus tablas de pares",
            f"{served:.4f}, contra {own:.4f} con los pares de cada día: las tablas están vacías o "
            "viejas; busque fechas equivocadas en la instantánea",
        )


def _calibration(facts: Facts, gate: Gate) -> Iterator[Reason]:
    own = facts.challenger
    if own.ece > gate.maximum_ece:
        yield Reason("calibración", f"ECE {own.ece:.4f}; máximo {gate.maximum_ece:g}")
    if not gate.minimum_slope <= own.slope <= gate.maximum_slope:
        limits = f"{gate.minimum_slope:g} a {gate.maximum_slope:g}"
        yield Reason("pendiente de calibración", f"{own.slope:.3f}; se admite {limits}")


def _stability(facts: Facts, gate: Gate) -> Iterator[Reason]:
    if facts.score_psi > gate.maximum_psi:
        yield Reason("PSI del puntaje", f"{facts.score_psi:.3f}; máximo {gate.maximum_psi:g}")
    for feature, shift in sorted(facts.feature_csi.items()):
        if shift > gate.maximum_csi:
            yield Reason(f"CSI de {feature}", f"{shift:.3f}; máximo {gate.maximum_csi:g}")


def _directions(facts: Facts, gate: Gate) -> Iterator[Reason]:
    for one in facts.directions:
        if one.broken > gate.maximum_breaks:
            yield Reason(
                f"monotonía de {one.feature}",
                f"{one.broken} de {one.steps} pasos en contra; máximo {gate.maximum_breaks}",
            )


def _fairness(facts: Facts, gate: Gate) -> Iterator[Reason]:
    for attribute, groups in sorted(facts.protected.items()):
        large = [group for group in groups if group.rows >= gate.minimum_group_rows]
        rates = [group.approved for group in large]
        if rates and min(rates) < gate.minimum_approval_ratio * max(rates):
            yield Reason(
                f"aprobación por {attribute}",
                f"{min(rates):.3f} contra {max(rates):.3f}; "
                f"razón mínima {gate.minimum_approval_ratio:g}",
            )
        for group in large:
            gap = abs(group.observed - group.expected)
            if gap > gate.maximum_group_gap:
                yield Reason(
                    f"calibración de {attribute} {group.value}",
                    f"esperado {group.expected:.3f}, observado {group.observed:.3f}; "
                    f"diferencia máxima {gate.maximum_group_gap:g}",
                )
