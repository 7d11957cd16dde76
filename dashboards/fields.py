"""What is said of single fields: words for values, colours for series, links.

All of it is Grafana's JSON for field configuration: value mappings, overrides, data links.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from dashboards import colours
from dashboards.panels import Json
from dashboards.words import Words

PAGE = "${page}/"  # knockwatch's own page, where the evidence is


def heads(words: Words, **columns: str) -> dict[str, str]:
    """Return a table's columns, field → heading, from the keys of the headings."""
    return {field: words(f"column.{key}") for field, key in columns.items()}


def mapped(words: Mapping[str, str], shades: Mapping[str, str] | None = None) -> Json:
    """Return a mapping of values to words, with a colour where one is given."""
    shades = shades or {}
    options = {
        value: {
            "text": text,
            "index": index,
            **({"color": shades[value]} if value in shades else {}),
        }
        for index, (value, text) in enumerate(words.items())
    }
    return {"type": "value", "options": options}


def between(low: float | None, high: float | None, text: str, colour: str) -> Json:
    """Return a mapping of a range of values to a text; None has no end."""
    result = {"text": text, "color": colour, "index": 0}
    return {"type": "range", "options": {"from": low, "to": high, "result": result}}


def absent(text: str, colour: str) -> Json:
    """Return a mapping of what is no number to a text."""
    result = {"text": text, "color": colour, "index": 99}
    return {"type": "special", "options": {"match": "null+nan", "result": result}}


def column(name: str, **properties: object) -> Json:
    """Return an override of one field: `unit`, `custom__width` (for custom.width), …"""
    found = [{"id": k.replace("__", "."), "value": v} for k, v in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": found}


def but(name: str, **properties: object) -> Json:
    """Return an override of all fields except one."""
    escaped = re.sub(r"[^\w ]", r"\\\g<0>", name)
    found = [{"id": k.replace("__", "."), "value": v} for k, v in properties.items()]
    return {"matcher": {"id": "byRegexp", "options": f"/^(?!{escaped}$)/"}, "properties": found}


def query(letter: str, **properties: object) -> Json:
    """Return an override of all series of one query."""
    found = [{"id": k.replace("__", "."), "value": v} for k, v in properties.items()]
    return {"matcher": {"id": "byFrameRefID", "options": letter}, "properties": found}


def fixed(colour: str) -> Json:
    """Return a colour that does not depend on the value."""
    return {"mode": "fixed", "fixedColor": colour}


def named(words: Mapping[str, str], palette: Sequence[str] = ()) -> list[Json]:
    """Return overrides that name series by the value of their label; with a palette, colour too."""
    return [
        column(
            value,
            displayName=text,
            **({"color": fixed(palette[index % len(palette)])} if palette else {}),
        )
        for index, (value, text) in enumerate(words.items())
    ]


def ranks(count: int, *others: str) -> list[Json]:
    """Return a colour for each of the first `count` queries, and grey for the `others`."""
    first = [query(chr(65 + i), color=fixed(colours.SERIES[i])) for i in range(count)]
    return [*first, *(query(letter, color=fixed(colours.NOBODY)) for letter in others)]


def link(title: str, url: str) -> Json:
    """Return a data link that opens in place: a tablet in kiosk mode has no tabs."""
    return {"title": title, "url": url, "targetBlank": False}


def to_page(words: Words) -> Json:
    """Return the link to the page, where the evidence is."""
    return link(words("to_page"), PAGE)


def to_device(words: Words, value: str) -> Json:
    """Return the link to one device's dashboard; `value` is a Grafana expression without `${}`."""
    url = f"/d/{words.uid('devices')}?var-device=${{{value}:percentencode}}"
    return link(words("to_device"), url)


def to_site(words: Words, value: str) -> Json:
    """Return the link to one site's dashboard; `value` is a Grafana expression without `${}`."""
    url = f"/d/{words.uid('network')}?var-site=${{{value}:percentencode}}"
    return link(words("to_site"), url)


def navigation(words: Words, own: str, names: Iterable[str], *, page: bool = True) -> list[Json]:
    """Return the links at the top of a dashboard: all the others, and the page if there is one."""
    links = [(words.board(name).title, f"/d/{words.uid(name)}") for name in names if name != own]
    return [
        {
            "type": "link",
            "title": title,
            "url": url,
            "icon": icon,
            "tooltip": "",
            "tags": [],
            "asDropdown": False,
            "includeVars": False,
            "keepTime": icon == "dashboard",
            "targetBlank": False,
        }
        for title, url, icon in [
            *((title, url, "dashboard") for title, url in links),
            *([(words("page"), PAGE, "external link")] if page else []),
        ]
    ]
