"""The wall's verdict, and what is wrong and what to do: large for the worst, and all in a table.

Texts come by value mapping from the name and the severity of an alert, so that `ALERTS` needs no
texts. Verdict, large lines and table ask the same query, so that they never contradict each other.
"""

from collections.abc import Mapping
from typing import Any

from dashboards import NAMES, colours, queries, shapes
from dashboards.asking import now
from dashboards.fields import absent, column, link, mapped, to_page
from dashboards.panels import Json
from dashboards.shapes import at
from dashboards.words import Words

STATES = {
    "0": colours.QUIET,
    "1": colours.NO_DATA,
    "2": colours.NO_DATA,
    "3": colours.LOOK,
    "4": colours.TROUBLE,
    "5": colours.NO_DATA,
}


def situation(words: Words) -> list[Any]:
    """Return the three panels."""
    whole = queries.situation()
    alerts = words.alerts()
    texts = {
        "who": mapped(words.values("who")),
        "what": mapped({key: what for key, (what, _) in alerts.items()}),
        "do": mapped({key: do for key, (_, do) in alerts.items()}),
    }
    headings = {name: words(f"column.{name}") for name in texts}
    spoken = [column(name, mappings=[mapping]) for name, mapping in texts.items()]
    return [
        _verdict(words, whole),
        _worst(words, whole, headings, spoken),
        _everything(words, whole, headings, spoken),
    ]


def _verdict(words: Words, whole: str) -> Any:
    texts = words.panel("wall.verdict")
    return shapes.stat(
        texts,
        at(0, 0, 9, 5),
        now(f"max({whole})"),
        unit="none",
        steps=[(colours.NO_DATA, None)],
        mappings=[mapped(words.values("state"), STATES), absent(texts.none, colours.NO_DATA)],
        links=[to_page(words)],
        colorMode="background_solid",
        textMode="value",
    )


def _worst(words: Words, whole: str, headings: Mapping[str, str], spoken: list[Json]) -> Any:
    """Not a table: its text is 14 pixels high whatever one sets, a value's grows with its panel."""
    lines = shapes.stat(
        words.panel("wall.worst"),
        at(9, 0, 15, 5),
        now(f"topk(1, {whole})", table=True),
        unit="string",
        overrides=spoken,
        orientation="horizontal",
        textMode="value_and_name",
        reduceOptions={**shapes.NEWEST, "fields": "/.*/"},
        colorMode="none",
        text={"titleSize": 20, "valueSize": 36},
    )
    lines.transformations = shapes.only(headings)
    return lines


def _everything(words: Words, whole: str, headings: Mapping[str, str], spoken: list[Json]) -> Any:
    board = f"/d/knockwatch-${{__data.fields.board}}{words.suffix}"
    more = [
        link(words("more"), f"{board}?var-device=${{__data.fields.who:percentencode}}"),
        to_page(words),
    ]
    glyphs = {state: text.split()[0] for state, text in words.values("state").items()}
    filled = {"type": "color-background", "mode": "basic"}
    return shapes.table(
        words.panel("wall.everything"),
        at(10, 12, 14, 4),
        now(f"sort_desc({whole})", table=True),
        {"Value": words("column.state"), **headings, "board": words("column.board")},
        overrides=[
            *spoken,
            column("who", links=more, custom__width=110),
            column("what", links=more, custom__width=240),
            column("Value", mappings=[mapped(glyphs, STATES)], custom__width=60,
                   custom__align="center", custom__cellOptions=filled),
            column("board", mappings=[mapped(dict.fromkeys(NAMES, "›"))], links=more,
                   custom__width=60),
        ],
    )  # fmt: skip
