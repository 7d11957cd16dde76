"""The few shapes that our dashboards are built of: value, bars, graph, table.

In go texts, a place and queries; out comes a `ModernPanel` whose look is the same everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from grafanalib.core import GridPos

from dashboards import colours
from dashboards.fields import absent
from dashboards.panels import Json, ModernPanel, PromTarget
from dashboards.words import Panel as Texts

LEGEND = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
NEWEST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
STAT = {
    "colorMode": "value",
    "graphMode": "none",
    "justifyMode": "center",
    "orientation": "auto",
    "percentChangeColorMode": "standard",
    "reduceOptions": NEWEST,
    "showPercentChange": False,
    "textMode": "auto",
    "wideLayout": True,
}
BARS = {
    "displayMode": "basic",
    "orientation": "horizontal",
    "valueMode": "text",
    "showUnfilled": True,
    "sizing": "auto",
    "minVizHeight": 16,
    "minVizWidth": 8,
    "maxVizHeight": 60,
    "legend": {**LEGEND, "showLegend": False},
    "reduceOptions": NEWEST,
}
GRAPH = {
    "pointSize": 4,
    "spanNulls": False,
    "lineInterpolation": "linear",
    "axisPlacement": "auto",
    "axisSoftMax": 1,
}
TABLE = {
    "align": "auto",
    "minWidth": 60,
    "cellOptions": {"type": "auto", "wrapText": True},
    "filterable": False,
    "inspect": False,
}


def at(x: int, y: int, width: int, height: int) -> GridPos:
    """Return a place in the grid of 24 columns, in grid units."""
    return GridPos(h=height, w=width, x=x, y=y)


def panel(kind: str, texts: Texts, place: GridPos, targets: list[PromTarget], **rest: Any) -> Any:
    """Return a panel with its texts; `rest` are a ModernPanel's fields."""
    defaults = {"noValue": texts.none, **rest.pop("defaults")}
    return ModernPanel(
        type=kind,
        title=texts.title,
        description=texts.about,
        gridPos=place,
        targets=targets,
        defaults=defaults,
        **rest,
    )


def stat(
    texts: Texts,
    place: GridPos,
    targets: list[PromTarget],
    *,
    unit: str = "locale",
    steps: Sequence[tuple[str, float | None]] = ((colours.BAR, None),),
    mappings: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    decimals: int | None = None,
    **options: Any,
) -> Any:
    """Return one big value, or a few; `options` are Grafana's own."""
    defaults = {
        "unit": unit,
        "color": {"mode": "thresholds"},
        "thresholds": thresholds(*steps),
        "mappings": [*mappings, absent(texts.none, colours.NOBODY)],
        "links": list(links),
        "decimals": decimals,
    }
    said = {"defaults": defaults, "options": {**STAT, **options}, "overrides": list(overrides)}
    return panel("stat", texts, place, targets, **said)


def bars(
    texts: Texts,
    place: GridPos,
    targets: list[PromTarget],
    *,
    unit: str = "locale",
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    size: tuple[int, int] = (14, 16),
    maximum: float | None = None,
    names: str = "top",
) -> Any:
    """Return horizontal bars, the `names` above or to the left; `size` is that of name and value.

    More than one link makes a menu, for which Grafana makes bars higher than their panel.
    """
    defaults = {
        "unit": unit,
        "decimals": 0,
        "min": 0,
        "max": maximum,
        "color": {"mode": "fixed", "fixedColor": colours.BAR},
        "thresholds": thresholds((colours.BAR, None)),
        "links": list(links),
    }
    text = {"titleSize": size[0], "valueSize": size[1]}
    options = {**BARS, "namePlacement": names, "text": text}
    said = {"defaults": defaults, "options": options, "overrides": list(overrides)}
    return panel("bargauge", texts, place, targets, **said)


def graph(
    texts: Texts,
    place: GridPos,
    targets: list[PromTarget],
    *,
    unit: str = "locale",
    style: str = "line",
    stacked: bool = False,
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    smallest: float | None = 0,
) -> Any:
    """Return values over time; `style` is line or bars, `smallest` where the axis begins."""
    bar = style == "bars"
    custom = {
        **GRAPH,
        "drawStyle": style,
        "lineWidth": 0 if bar or stacked else 2,  # of a stack, the uppermost's would hide the rest
        "fillOpacity": 85 if bar or stacked else 0,
        "showPoints": "never" if bar or stacked else "auto",
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    defaults = {
        "unit": unit,
        "min": smallest,
        "color": {"mode": "shades", "fixedColor": colours.SERIES[0]},
        "thresholds": thresholds((colours.BAR, None)),
        "custom": custom,
        "links": list(links),
    }
    options = {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}}
    said = {"defaults": defaults, "options": options, "overrides": list(overrides)}
    return panel("timeseries", texts, place, targets, **said)


def table(
    texts: Texts,
    place: GridPos,
    targets: list[PromTarget],
    columns: Mapping[str, str],
    *,
    join: str = "",
    sort: str = "",
    overrides: Sequence[Json] = (),
) -> Any:
    """Return a table of `columns` (field → heading), in that order.

    With several queries `join` names the field that their rows have in common. `sort` is the
    heading of the column whose largest value comes first.
    """
    joining = [{"id": "joinByField", "options": {"byField": join, "mode": "outer"}}]
    defaults = {
        "unit": "string",  # with a number's unit a port would get a comma
        "color": {"mode": "thresholds"},
        "thresholds": thresholds((colours.BAR, None)),
        "custom": TABLE,
    }
    options = {
        "showHeader": True,
        "cellHeight": "sm",
        "sortBy": [{"displayName": sort, "desc": True}] if sort else [],
    }
    said = {"defaults": defaults, "options": options, "overrides": list(overrides)}
    steps = [*(joining if join else []), *only(columns)]
    return panel("table", texts, place, targets, transformations=steps, **said)


def only(columns: Mapping[str, str]) -> list[Json]:
    """Return transformations that keep these fields alone, in that order, under new names."""
    order = {field: index for index, field in enumerate(columns)}
    organize = {"excludeByName": {}, "indexByName": order, "renameByName": dict(columns)}
    return [
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {"id": "organize", "options": organize},
    ]


def thresholds(*steps: tuple[str, float | None]) -> Json:
    """Return absolute thresholds; the first step's value is None, JSON null."""
    return {"mode": "absolute", "steps": [{"color": c, "value": v} for c, v in steps]}
