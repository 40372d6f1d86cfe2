"""The table that notebooks show. All text of services is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import RankResponse, ServiceCombination

_MAX_ROWS = 20
#: A notebook is to show tables, and not thousands of objects or warnings.
_MAX_OBJECTS = 20
_MAX_WARNINGS = 50
# Colours of the notebook's own theme, light or dark.
_LEFT = "text-align:left;vertical-align:top"
_RIGHT = "text-align:right;vertical-align:top;white-space:nowrap"
_HEADS = (
    (_RIGHT, "Rank"),
    (_LEFT, "TES and access URIs"),
    (_RIGHT, "Cost"),
    (_RIGHT, "Time"),
    (_RIGHT, "Score"),
    (_LEFT, "Pareto"),
)
_SMALL = "font-size:85%;opacity:0.75;word-break:break-all"


def table(response: RankResponse) -> str:
    """Get the best combinations and all warnings as HTML."""
    combinations = response.service_combinations
    heads = "".join(f'<th style="{style}">{head}</th>' for style, head in _HEADS)
    rows = "".join(_row(combination) for combination in combinations[:_MAX_ROWS])
    parts = [f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"]
    hidden = len(combinations) - _MAX_ROWS
    if hidden > 0:
        parts.append(f'<p style="{_SMALL}">and {hidden} more combinations</p>')
    warnings = response.warnings
    if warnings:
        items = [f"<li>{_escaped(warning)}</li>" for warning in warnings[:_MAX_WARNINGS]]
        if len(warnings) > _MAX_WARNINGS:
            items.append(f"<li>and {len(warnings) - _MAX_WARNINGS} more warnings</li>")
        parts.append(f"<p><b>Warnings</b></p><ul>{''.join(items)}</ul>")
    return "<div>" + "".join(parts) + "</div>"


def duration(seconds: float) -> str:
    """Get a time as people read it, such as `32 min 00 s`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours:02} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    if minutes:
        return f"{minutes} min {rest:02} s"
    return f"{rest} s"


def _row(combination: ServiceCombination) -> str:
    uris = combination.access_uris
    objects = [(name, uri) for name, uri in uris.items() if name != "tes_uri"]
    lines = [f"{_escaped(name)}: {_escaped(uri)}" for name, uri in objects[:_MAX_OBJECTS]]
    if len(objects) > _MAX_OBJECTS:
        lines.append(f"and {len(objects) - _MAX_OBJECTS} more objects")
    listed = "".join(f'<div style="{_SMALL}">{line}</div>' for line in lines)
    score = "" if combination.score is None else f"{combination.score:.4f}"
    optimal = {True: "yes", False: "no", None: ""}[combination.pareto_optimal]
    cells = (
        (_RIGHT, _escaped(combination.rank)),
        (_LEFT, f"{_escaped(uris.tes_uri)}{listed}"),
        (_RIGHT, _escaped(combination.cost_estimate)),
        (_RIGHT, duration(combination.time_estimate)),
        (_RIGHT, score),
        (_LEFT, optimal),
    )
    return "<tr>" + "".join(f'<td style="{style}">{text}</td>' for style, text in cells) + "</tr>"


def _escaped(text: object) -> str:
    """Get text of a service; it can write neither tags nor, from right to left, over its cell."""
    return f"<bdi>{escape(str(text))}</bdi>"
