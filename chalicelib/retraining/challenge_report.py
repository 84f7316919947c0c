"""The report of a challenger for people, in Spanish: a self-contained page, and a notice."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

Document = dict[str, Any]

PAGE = """<!doctype html>
<html lang="es"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: auto; padding: 2rem }}
table {{ border-collapse: collapse; margin: .5rem 0 1.5rem }}
th, td {{ padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #ddd }}
th:first-child, td:first-child {{ text-align: left }}
</style>
{body}
</html>
"""
VERDICTS = {"passed": "Cumple los límites", "rejected": "Rechazado"}
FIGURES = ("auc", "ks", "brier", "ece", "slope", "intercept")
GROUPS = {"yesToNo": "De sí a no", "noToYes": "De no a sí"}


def page(report: Document) -> str:
    title = f"{report['model']} {report['version']}"
    verdict = VERDICTS[report["verdict"]]
    parts = [f"<h1>{escape(title)}</h1>", f"<p><b>{verdict}.</b></p>", *_reasons(report)]
    if facts := report["facts"]:
        parts += [*_figures(facts), *_stability(facts), *_groups(facts)]
    if swaps := report["swapSet"]:
        parts += [*_swaps(swaps)]
    return PAGE.format(title=escape(title), body="\n".join(parts))


def notice(report: Document) -> str:
    """Return the figures and reasons, one a line."""
    lines = [f"{report['model']} {report['version']}, instantánea {report['snapshot']}."]
    facts = report["facts"]
    if facts and facts.get("challenger"):
        lines.append(f"AUC {facts['challenger']['auc']:.4f}{_apart(facts)}.")
    if swaps := report["swapSet"]:
        lines.append(f"De {swaps['decisions']} decisiones recientes:")
        lines += [f"- {what}: {_told(swaps[group])}" for group, what in GROUPS.items()]
    lines += [f"- {reason}" for reason in report["reasons"]]
    return "\n".join([*lines, f"Informe: {report['page']}"])


def _apart(facts: Document) -> str:
    apart = facts["aucDifference"]
    if not apart:
        return " (no hay modelo en servicio con el que comparar)"
    interval = f"{apart['low']:+.4f} a {apart['high']:+.4f}"
    return f" ({apart['value']:+.4f} contra {facts['championVersion']}, intervalo {interval})"


def _told(group: Document) -> str:
    expected, observed = group["expected"], group["observed"]
    if not expected:
        return "ninguna"
    known = f", observado {_rate(observed)} de {observed['rows']}" if observed else ""
    return f"{group['count']}, incumplimiento esperado {_rate(expected)}{known}"


def _rate(rate: Document) -> str:
    return f"{rate['rate']:.1%} ({rate['low']:.1%} a {rate['high']:.1%})"


def _reasons(report: Document) -> Iterator[str]:
    if report["reasons"]:
        yield "<h2>Motivos del rechazo</h2>"
        yield "<ul>" + "".join(f"<li>{escape(told)}</li>" for told in report["reasons"]) + "</ul>"


def _figures(facts: Document) -> Iterator[str]:
    own, other = facts.get("challenger"), facts.get("champion")
    if not own:
        return
    window = facts["holdout"]
    when = f", del {window['from']} al {window['to']}" if window else ""
    yield "<h2>Sobre solicitudes de las que ningún modelo aprendió</h2>"
    yield f"<p>{facts['rows']} solicitudes, {facts['bads']} incumplimientos{when}.</p>"
    if not other:
        yield f"<p>Sin comparación: {escape(facts['withoutChampion'])}.</p>"
    titles = ("", "retador", str(facts["championVersion"] or "-"), "diferencia", "desde", "hasta")
    yield _table(titles, (_figure(name, facts) for name in FIGURES))


def _figure(name: str, facts: Document) -> list[Any]:
    own, other = facts["challenger"][name], (facts["champion"] or {}).get(name)
    apart = facts.get(f"{name}Difference") or {}
    value = own - other if other is not None else None
    return [name, own, other, value, apart.get("low"), apart.get("high")]


def _stability(facts: Document) -> Iterator[str]:
    if "featureCsi" not in facts:
        return
    yield "<h2>Estabilidad</h2>"
    shifts = sorted(facts["featureCsi"].items(), key=lambda pair: -pair[1])
    yield _table(("", "PSI, CSI"), [["puntaje", facts["scorePsi"]], *shifts])
    if facts["directions"]:
        yield "<h2>Monotonía</h2>"
        rows = [[one["feature"], one["steps"], one["broken"]] for one in facts["directions"]]
        yield _table(("", "pasos", "en contra"), rows)


def _groups(facts: Document) -> Iterator[str]:
    titles = ("", "solicitudes", "incumplimientos", "aprobadas", "esperado", "observado", "AUC")
    shown = ("value", "rows", "bads", "approved", "expected", "observed", "auc")
    groups = {**facts.get("protected", {}), **facts.get("segments", {})}
    for feature, values in groups.items():
        protected = " (atributo protegido)" if feature in facts["protected"] else ""
        yield f"<h2>Por {escape(feature)}{protected}</h2>"
        yield _table(titles, ([group.get(name) for name in shown] for group in values))


def _swaps(swaps: Document) -> Iterator[str]:
    yield f"<h2>De {swaps['decisions']} decisiones recientes</h2>"
    moves = ([one["before"], one["after"], one["count"]] for one in swaps["moves"])
    yield _table(("antes", "después", "decisiones"), moves)
    if peers := swaps.get("peers"):
        yield "<h2>Decisiones que cambian, por sus pares</h2>"
        shown = ("feature", "value", "decisions", "flipped", "others", "excess")
        titles = ("", "valor", "decisiones", "cambian", "de las demás", "diferencia")
        yield _table(titles, ([one[name] for name in shown] for one in peers))
    for group, what in GROUPS.items():
        yield f"<h2>{what}</h2>"
        yield f"<p>{_told(swaps[group])}.</p>"
        for feature, counted in swaps[group]["segments"].items():
            yield _table((feature, "decisiones"), ([n["value"], n["count"]] for n in counted))


def _table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
