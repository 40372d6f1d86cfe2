"""The table that notebooks show. All text of services is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import RankResponse, ServiceCombination

_MAX_ROWS = 20
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
    if response.warnings:
        items = "".join(f"<li>{escape(warning)}</li>" for warning in response.warnings)
        parts.append(f"<p><b>Warnings</b></p><ul>{items}</ul>")
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
    objects = "".join(
        f'<div style="{_SMALL}">{escape(name)}: {escape(uri)}</div>'
        for name, uri in uris.items()
        if name != "tes_uri"
    )
    score = "" if combination.score is None else f"{combination.score:.4f}"
    optimal = {True: "yes", False: "no", None: ""}[combination.pareto_optimal]
    cells = (
        (_RIGHT, str(combination.rank)),
        (_LEFT, f"{escape(uris.tes_uri)}{objects}"),
        (_RIGHT, escape(str(combination.cost_estimate))),
        (_RIGHT, duration(combination.time_estimate)),
        (_RIGHT, score),
        (_LEFT, optimal),
    )
    return "<tr>" + "".join(f'<td style="{style}">{text}</td>' for style, text in cells) + "</tr>"
