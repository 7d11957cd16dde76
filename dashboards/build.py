"""`make dashboards`: write every dashboard in both languages, as Grafana provisions and imports it.

`generated/{en,ja}` refer to the data source by its uid, `prometheus`; `generated/import/{en,ja}`
ask for it when they are imported into somebody's own Grafana. `generated/fleet` has both kinds of
those that a fleet has in their place.
"""

import io
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafanalib._gen import write_dashboard  # what its command line writes with

from dashboards import FLEET, GENERATED, NAMES, sites
from dashboards.panels import DATA_SOURCE, Json
from dashboards.words import LANGUAGES, Language, Words

INPUT = "DS_PROMETHEUS"


def files() -> Iterator[tuple[Path, str]]:
    """Yield every generated file: its path below `generated`, and what it holds."""
    for language in LANGUAGES:
        homes = {name: made(name, language) for name in NAMES}
        words = Words(language)
        fleet = {name: sites.of_site(name, homes[name], words) for name in FLEET if name in homes}
        fleet |= {name: made(name, language) for name in FLEET if name not in homes}
        for folder, boards in ((Path(), homes), (Path("fleet"), fleet)):
            for name, board in boards.items():
                yield folder / language / f"{name}.json", written(board)
                yield folder / "import" / language / f"{name}.json", written(importable(board))


def made(name: str, language: Language) -> Json:
    """Return the JSON that the source of a dashboard makes."""
    source = Path(__file__).with_name(f"{name}.dashboard.py")
    text = io.StringIO()
    write_dashboard(runpy.run_path(str(source))["board"](language), text)
    return dict(json.loads(text.getvalue()))


def written(board: Json) -> str:
    """Return a dashboard's text as grafanalib's command line writes it."""
    return json.dumps(board, sort_keys=True, indent=2) + "\n"


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
