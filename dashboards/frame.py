"""What all our dashboards have in common: title, uid, tags, the links between them."""

from typing import Any

from grafanalib.core import Templating, Time

from dashboards import NAMES
from dashboards.fields import navigation
from dashboards.panels import ModernDashboard, Variable
from dashboards.words import Words


def framed(
    name: str,
    words: Words,
    panels: list[Any],
    variables: list[Variable],
    span: str,
    **rest: Any,
) -> ModernDashboard:
    """Return the dashboard `name`, of the last `span` unless its reader chooses otherwise."""
    texts = words.board(name)
    whole = ModernDashboard(
        title=texts.title,
        description=texts.about,
        uid=words.uid(name),
        tags=["knockwatch", words.language],
        panels=panels,
        templating=Templating(variables),
        time=Time(f"now-{span}", "now"),
        **{"links": navigation(words, name, NAMES), **rest},
    )
    numbered: ModernDashboard = whole.auto_panel_ids()
    return numbered
