"""`make dashboards`: write every dashboard in both languages, as Grafana provisions and imports it.

`generated/{en,ja}` refer to the data source by its uid, `prometheus`; `generated/import/{en,ja}`
ask for it when they are imported into somebody's own Grafana.
"""

import io
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafanalib._gen import write_dashboard  # what its command line writes with

from dashboards import GENERATED
from dashboards.panels import DATA_SOURCE, Json
from dashboards.words import LANGUAGES

SOURCES = sorted(Path(__file__).parent.glob("*.dashboard.py"))
INPUT = "DS_PROMETHEUS"


def files() -> Iterator[tuple[Path, str]]:
    """Yield every generated file: its path below `generated`, and what it holds."""
    for source in SOURCES:
        board, name = runpy.run_path(str(source))["board"], source.name.partition(".")[0]
        for language in LANGUAGES:
            text = io.StringIO()
            write_dashboard(board(language), text)
            yield Path(language, f"{name}.json"), text.getvalue()
            asking = importable(json.loads(text.getvalue()))
            written = json.dumps(asking, sort_keys=True, indent=2) + "\n"
            yield Path("import", language, f"{name}.json"), written


def importable(dashboard: Json) -> Json:
    """Return the same dashboard with its data source as an input."""
    source = {
        "name": INPUT,
        "label": "Prometheus",
        "description": "",
        "type": "datasource",
        "pluginId": "prometheus",
        "pluginName": "Prometheus",
    }
    kinds = sorted({panel["type"] for panel in dashboard["panels"]})
    needed = [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": "11.0.0"},
        {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
        *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds),
    ]
    asking = {**_asked(dashboard), "id": None}
    return {"__inputs": [source], "__requires": needed, "__elements": {}, **asking}


def _asked(value: Any) -> Any:
    """Return JSON in which every reference to our data source is one to the input."""
    if value == DATA_SOURCE:
        return {**DATA_SOURCE, "uid": f"${{{INPUT}}}"}
    if isinstance(value, dict):
        return {key: _asked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_asked(inner) for inner in value]
    return value


def main() -> None:
    """Write them all, and remove what no source makes any more."""
    written = set()
    for path, text in files():
        target = GENERATED / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        written.add(target)
    for stale in set(GENERATED.rglob("*.json")) - written:
        stale.unlink()


if __name__ == "__main__":
    main()
