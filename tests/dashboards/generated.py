"""What the tests of the dashboards look at: the committed files, and what stands in them."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dashboards import FLEET, GENERATED, NAMES

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules"
FLEET_RULES = ROOT / "deploy" / "fleet" / "rules"
LANGUAGES = ("en", "ja")
HOME_KEYS = [(language, name) for language in LANGUAGES for name in NAMES]
FLEET_KEYS = [(language, f"fleet/{name}") for language in LANGUAGES for name in FLEET]
KEYS = HOME_KEYS + FLEET_KEYS
_VARIABLE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")
_SAMPLES = {"__rate_interval": "1m", "__interval": "15s", "__range": "6h"}

Json = dict[str, Any]


def dashboard(language: str, name: str, kind: str = "") -> Json:
    """Return a committed dashboard; `kind` is `import` for the other form.

    A fleet's name begins with `fleet/`.
    """
    folder, _, name = name.rpartition("/")
    text = (GENERATED / folder / kind / language / f"{name}.json").read_text("utf-8")
    return dict(json.loads(text))


DASHBOARDS = {key: dashboard(*key) for key in KEYS}
PANELS = [
    (f"{language}-{name}-{panel['title']}", panel)
    for (language, name), board in DASHBOARDS.items()
    for panel in board["panels"]
]
TARGETS = [
    (f"{title}-{target['refId']}", target) for title, panel in PANELS for target in panel["targets"]
]


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every query, of panels, annotations and variables."""
    yield from ((name, target["expr"]) for name, target in TARGETS)
    for key, board in DASHBOARDS.items():
        for annotation in board["annotations"]["list"]:
            yield f"{'-'.join(key)}-{annotation['name']}", annotation["expr"]
        for variable in board["templating"]["list"]:
            found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            assert found, variable
            yield f"{'-'.join(key)}-{variable['name']}-variable", found[1]


def filled(expr: str) -> str:
    """Return a query as Prometheus would get it."""
    return _VARIABLE.sub(lambda v: v[0] if v[1].isdecimal() else _SAMPLES.get(v[1], ".*"), expr)


def walk(value: Any) -> Iterator[Any]:
    """Yield a JSON value, and every value inside it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from walk(one)


@cache
def rules(folder: Path = RULES) -> list[Json]:
    """Return every rule, recorded series and alerts."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]
