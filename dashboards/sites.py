"""A home's dashboards for a fleet: the same panels, of the one site that is chosen.

In goes the JSON of a home's dashboard, out comes that of a fleet's, with a variable `site` before
all others: each query asks for that site, each link to another dashboard carries it. What leads to
the page is left out, since a worker has none.
"""

import re
from typing import Any

from dashboards import FLEET
from dashboards.fields import PAGE, navigation
from dashboards.panels import Json, Variable
from dashboards.words import Words

NAMES = ("network", "devices", "routers", "pipeline")
# Of a worker, or the same at all sites: they have no label `site`.
OF_NO_SITE = frozenset(
    {
        *("knockwatch_network_info", "knockwatch_process_info"),
        *("knockwatch_build_info", "knockwatch_scrape_duration_seconds"),
    }
)
# A metric of ours, a series that our rules record, or alerts; not inside of quotes.
SELECTOR = re.compile(r'("(?:[^"\\]|\\.)*")|((?:\w+:)?\bknockwatch_[\w:]+|\bALERTS)?(\{)?')
CHOSEN = 'site="$site"'


def of_site(name: str, board: Json, words: Words) -> Json:
    """Return the dashboard `name` of a home as a fleet has it."""
    whole: Json = _chosen(board)
    site = Variable(
        name="site",
        label=words("column.site"),
        query='label_values(knockwatch_messages_total{site!=""}, site)',
    )
    kept = [one for one in whole["templating"]["list"] if one["name"] != "page"]
    return {
        **whole,
        "templating": {**whole["templating"], "list": [site.to_json_data(), *kept]},
        "links": [_carried(link) for link in navigation(words, name, FLEET, page=False)],
    }


def selecting(expr: str) -> str:
    """Return a query that asks for the chosen site alone."""

    def one(match: re.Match[str]) -> str:
        text, metric, brace = match.groups()
        by_name = brace and not metric and expr.startswith("__name__", match.end())
        if text or metric in OF_NO_SITE or not (metric or by_name):
            return match[0]
        if not brace:
            return f"{metric}{{{CHOSEN}}}"
        empty = expr.startswith("}", match.end())
        return f"{metric or ''}{{{CHOSEN}{'' if empty else ','}"

    return SELECTOR.sub(one, expr)


def _chosen(value: Any) -> Any:
    """Return JSON whose queries ask for the chosen site, and whose links carry it."""
    if isinstance(value, list):
        inner = (_chosen(one) for one in value)
        return [one for one in inner if not (isinstance(one, dict) and one.get("url") == PAGE)]
    if not isinstance(value, dict):
        return value
    found = {
        key: selecting(one) if key in ("expr", "definition") else _chosen(one)
        for key, one in value.items()
    }
    if isinstance(value.get("query"), str):  # a variable's, not a panel's
        found["query"] = selecting(value["query"])
    return _carried(found)


def _carried(link: Json) -> Json:
    """Return a link to one of a site's dashboards with the site in it; anything else as it is."""
    url = link.get("url")
    if not isinstance(url, str) or not url.startswith("/d/knockwatch-"):
        return link
    place, _, rest = url.partition("?")
    if place.removeprefix("/d/knockwatch-").removesuffix("-ja") not in NAMES:
        return link
    return {**link, "url": f"{place}?var-site=${{site:percentencode}}{rest and f'&{rest}'}"}
