"""Modern Grafana JSON from grafanalib: one panel, one query, one variable, one dashboard.

grafanalib's own panel classes write formats that Grafana dropped years ago; its Dashboard, Target,
Template, GridPos and command line are sound. So every panel is a `ModernPanel`: options and field
configuration as Grafana 11 to 13 read them, and nothing else. `shapes` fills them.
"""

from typing import Any

import attr
from grafanalib.core import Dashboard, Panel, Target, Template

Json = dict[str, Any]

DATA_SOURCE = {"type": "prometheus", "uid": "prometheus"}
_DEAD_PANEL_KEYS = frozenset(
    [
        "cacheTimeout",
        "editable",
        "error",
        "height",
        "hideTimeOverride",
        "minSpan",
        "repeatDirection",
        "span",
    ]
)
_DEAD_BOARD_KEYS = frozenset(
    ["__inputs", "gnetId", "hideControls", "id", "rows", "sharedCrosshair", "style", "version"]
)

_record: Any = attr.s  # grafanalib's own way; mypy cannot follow it into a base without types


def pruned(value: Any) -> Any:
    """Return JSON without keys that hold nothing; a threshold's null stays."""
    if hasattr(value, "to_json_data"):
        value = value.to_json_data()
    if isinstance(value, dict):
        return {k: pruned(v) for k, v in value.items() if v is not None or k == "value"}
    if isinstance(value, list | tuple):
        return [pruned(v) for v in value]
    return value


@_record
class PromTarget(Target):  # type: ignore[misc] # grafanalib has no types
    """One query. `instant` asks for this moment, else for the range."""

    def to_json_data(self) -> Json:
        """Return the query as Grafana's Prometheus data source reads it."""
        return {
            "refId": self.refId,
            "datasource": dict(DATA_SOURCE),
            "editorMode": "code",
            "expr": self.expr,
            "format": self.format,
            "instant": self.instant,
            "range": not self.instant,
            "legendFormat": self.legendFormat or "__auto",
            **({"interval": self.interval} if self.interval else {}),
        }


@_record
class ModernPanel(Panel):  # type: ignore[misc] # grafanalib has no types
    """A panel of any type that Grafana itself brings along."""

    type = attr.ib(default="stat")
    options: Json = attr.ib(factory=dict)
    defaults: Json = attr.ib(factory=dict)
    overrides: list[Json] = attr.ib(factory=list)
    dataSource = attr.ib(factory=lambda: dict(DATA_SOURCE))  # noqa: N815 - grafanalib's name
    maxDataPoints = attr.ib(default=None)  # noqa: N815

    def to_json_data(self) -> Json:
        """Return the panel's JSON."""
        json = self.panel_json({"type": self.type, "options": self.options})
        json["fieldConfig"] = {"defaults": self.defaults, "overrides": self.overrides}
        return dict(pruned({k: v for k, v in json.items() if k not in _DEAD_PANEL_KEYS}))


@_record
class Variable(Template):  # type: ignore[misc] # grafanalib has no types
    """A variable whose values are asked of Prometheus. `hide` 2 is hidden, `multi` offers All."""

    def to_json_data(self) -> Json:
        """Return the variable's JSON."""
        anything: Json = {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
        return {
            "name": self.name,
            "type": "query",
            "datasource": dict(DATA_SOURCE),
            "definition": self.query,
            "query": {"qryType": 1, "query": self.query, "refId": "variable"},
            "refresh": 2,  # with the time range: a wall is loaded once, and stays for months
            "sort": 1,
            "hide": self.hide,
            "includeAll": self.multi,
            "multi": self.multi,
            **({"label": self.label} if self.label else {}),
            **(anything if self.multi else {}),
        }


@_record
class ModernDashboard(Dashboard):  # type: ignore[misc] # grafanalib has no types
    """A dashboard in the newest classic schema, not to be edited where it is shown."""

    schemaVersion = attr.ib(default=41)  # noqa: N815 - grafanalib's name
    timezone = attr.ib(default="browser")
    editable = attr.ib(default=False)
    graphTooltip = attr.ib(default=1)  # noqa: N815
    refresh = attr.ib(default="30s")

    def to_json_data(self) -> Json:
        """Return the dashboard's JSON."""
        json = {k: v for k, v in super().to_json_data().items() if k not in _DEAD_BOARD_KEYS}
        picker = {"hidden": self.timePicker.hidden, "refresh_intervals": ["10s", "30s", "1m", "5m"]}
        return dict(pruned({**json, "timepicker": picker}))
