"""The page of an explanation, for printing: no script, no font and no image from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from chalicelib.foundation.text import Language, Text

TITLES = {
    "title": Text(
        es="Explicación de una decisión de crédito", en="Explanation of a credit decision"
    ),
    "number": Text(es="Decisión número", en="Decision number"),
    "day": Text(es="Fecha", en="Date"),
    "reasons": Text(es="Razones principales", en="Principal reasons"),
    "automation": Text(es="Cómo se decidió", en="How it was decided"),
    "criteria": Text(es="Criterios", en="Criteria"),
    "model": Text(es="Modelo", en="Model"),
    "weight": Text(es="Peso", en="Weight"),
    "score": Text(es="Puntaje", en="Score"),
    "data": Text(es="Datos que se usaron", en="Data that were used"),
    "value": Text(es="Valor", en="Value"),
    "source": Text(es="De dónde vienen", en="Where they come from"),
    "change": Text(es="Qué podría cambiarla", en="What might change it"),
    "contest": Text(es="Si no está de acuerdo", en="If you do not agree"),
    "rights": Text(es="Sus derechos", en="Your rights"),
    "template": Text(
        es="Texto modelo: lo decide la asesoría jurídica del banco.",
        en="A template: the bank's counsel decides on its words.",
    ),
}
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #ccc }}
@media print {{ body {{ margin: 0; max-width: none }} h2 {{ break-after: avoid }} }}
</style></head><body><main>
{body}
</main></body></html>
"""


def page(explained: Mapping[str, Any]) -> str:
    """Return an explanation as one HTML page in its language."""
    language: Language = explained["language"]
    said = {name: escape(text.said_in(language)) for name, text in TITLES.items()}
    body = "\n".join(_parts(explained, said))
    return PAGE.format(language=language, title=said["title"], body=body)


def _parts(explained: Mapping[str, Any], said: Mapping[str, str]) -> Iterator[str]:
    criteria = explained["criteria"]
    yield f"<h1>{said['title']}</h1>"
    yield f"<p>{escape(explained['product'])}</p>"
    yield f"<p>{said['number']}: {escape(explained['predictionId'])}<br>"
    yield f"{said['day']}: {escape(explained['decidedAt'][:10])}</p>"
    yield f"<p><strong>{escape(explained['text'])}</strong></p>"
    if explained["reasons"]:
        yield f"<h2>{said['reasons']}</h2>"
        yield _list(one["text"] for one in explained["reasons"])
    yield f"<h2>{said['automation']}</h2><p>{escape(explained['automation'])}</p>"
    yield f"<h2>{said['criteria']}</h2><p>{escape(criteria['text'])}</p>"
    scores = ((one["model"], one["weight"], one["score"]) for one in criteria["models"])
    yield _table((said["model"], said["weight"], said["score"]), scores)
    yield f"<h2>{said['data']}</h2>"
    spanish = explained["language"] == "es"
    data = ((one["title"], _value(one, spanish), one["sourceText"]) for one in explained["data"])
    yield _table(("", said["value"], said["source"]), data)
    for part in ("change", "contest"):
        if explained[part]:
            yield f"<h2>{said[part]}</h2><p>{escape(explained[part]['text'])}</p>"
    if explained["notices"]:
        yield f"<h2>{said['rights']}</h2><p><em>{said['template']}</em></p>"
        yield _list(f"{one['law']}: {one['text']}" for one in explained["notices"])


def _value(datum: Mapping[str, Any], spanish: bool) -> str:
    """Return a value with its unit. Spanish groups thousands by a space (RAE)."""
    value = datum["value"]
    text = f"{value:,.10g}" if isinstance(value, int | float) else value
    if text is None:
        return "—"
    grouped = text.replace(",", " ") if spanish and not isinstance(value, str) else text
    return f"{grouped} {datum.get('unit', '')}".strip()


def _list(texts: Iterator[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _table(titles: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> str:
    head = "".join(f"<th>{title}</th>" for title in titles)
    lines = (
        "".join(f"<td>{escape('—' if cell is None else str(cell))}</td>" for cell in row)
        for row in rows
    )
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
