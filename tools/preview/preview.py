"""`make preview`: pictures of every dashboard, as Grafana's own components draw it.

A real Prometheus answers the dashboards' queries, over the past of a made-up home in four states
(tests/system/parts/home.py). Pictures go to build/preview/, those of the wall to docs/images/ too.

    make preview [ARGS="--only wall --state look --language ja"]
    make preview ARGS="--fleet"    # those of a fleet, over the past of a made-up one
"""

import argparse
import fcntl
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.system.parts import fleet_past, grafana, pasts, rules, variables
from tests.system.parts.chromium import Screen
from tests.system.parts.pasts import Lived
from tests.system.parts.prompast import Server, remembering
from tools.preview import components
from tools.preview.easel import Easel, easel

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "preview"
IMAGES = ROOT / "docs" / "images"
GENERATED = ROOT / "dashboards" / "generated"
FLEET = GENERATED / "fleet"
SCREENS = (Screen(1280, 800), Screen(1920, 1200))
ROW, GAP, MARGIN = 30, 8, 16  # pixels, as in src/main.jsx

Json = dict[str, Any]


def main(argv: list[str]) -> int:
    """Draw what the arguments choose."""
    options = arguments(argv)
    files = sorted(options.dashboards.glob("*/*.json"))
    chosen = [
        file
        for file in files
        if options.only in ("", file.stem) and options.language in ("", file.parent.name)
    ]
    if not chosen:
        print(f"preview: no dashboard in {options.dashboards} was chosen", file=sys.stderr)
        return 1
    BUILD.mkdir(parents=True, exist_ok=True)
    modules = components.install()
    components.bundle(modules, BUILD / "bundle.js")
    with tempfile.TemporaryDirectory() as name, easel(BUILD, modules, Path(name)) as drawn:
        lived = fleets(Path(name)) if options.fleet else homes(BUILD / "pasts")
        for state, past in lived.items():
            if options.state in ("", state):
                with remembering(Path(name) / state, past.blocks) as server:
                    for file in chosen:
                        draw(file, state, past, server, drawn)
    return 0


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="preview", description=__doc__)
    parser.add_argument("--only", default="", help="one dashboard, for example wall")
    parser.add_argument("--state", default="", help="quiet, look, trouble or nodata")
    parser.add_argument("--language", default="", help="en or ja")
    parser.add_argument("--dashboards", type=Path, help="en/ and ja/ of it, in place of ours")
    parser.add_argument("--fleet", action="store_true", help="those of a fleet")
    options = parser.parse_args(argv)
    options.dashboards = options.dashboards or (FLEET if options.fleet else GENERATED)
    return options


def fleets(folder: Path) -> dict[str, Lived]:
    """The past of a fleet: there is one, of seven hours."""
    return {"fleet": fleet_past.live(folder / "past", round(datetime.now(UTC).timestamp())).lived}


def homes(folder: Path) -> dict[str, Lived]:
    """The pasts of homes; a second preview waits for the same ones."""
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return remembered(folder)


def remembered(folder: Path) -> dict[str, Lived]:
    """The pasts, made anew when the rules or the home have changed."""
    parts = Path(pasts.__file__).parent
    made_by = ("home", "shown", "history", "own", "pasts", "rules", "tsdb")
    sources = [*sorted(rules.RULES.glob("*.yml")), ROOT / "exporter" / "metrics" / "declared.py"]
    sources += [parts / f"{name}.py" for name in made_by]
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
    known = folder / mark[:16]
    if not known.exists():
        print("preview: living through eight days, about a minute")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        lived = pasts.live(folder / "new", round(datetime.now(UTC).timestamp()))
        (folder / "new" / "index.json").write_text(json.dumps(index(lived)))
        (folder / "new").rename(known)
    read = json.loads((known / "index.json").read_text())
    return {
        state: Lived(now, tuple(known / block for block in blocks), {})
        for state, (now, blocks) in read.items()
    }


def index(lived: dict[str, Lived]) -> dict[str, tuple[int, list[str]]]:
    """What the pasts are made of, by the names of their folders."""
    return {state: (past.now, [one.name for one in past.blocks]) for state, past in lived.items()}


def draw(file: Path, state: str, past: Lived, server: Server, easel: Easel) -> None:
    """Write the pictures of one dashboard in one state, and say which texts are cut in them."""
    language, dashboard = file.parent.name, json.loads(file.read_text("utf-8"))
    data = asked(dashboard, server, past.now)
    for name, screen in screens(f"{file.stem}-{language}-{state}", dashboard):
        easel.show(name, data, screen)
        target = BUILD / f"{name}.png"
        easel.browser.screenshot(target)
        texts = "".join(f"\n    cut: {text}" for text in easel.cut())
        print(f"{target.relative_to(ROOT)}{texts}", flush=True)
        if file.stem == "wall" and file.is_relative_to(GENERATED) and screen == SCREENS[0]:
            suffix = "" if language == "en" else f"-{language}"
            shutil.copy(target, IMAGES / f"wall-{state}{suffix}.png")


def screens(name: str, dashboard: Json) -> Iterator[tuple[str, Screen]]:
    """The wall as two tablets show it; any other dashboard from top to bottom."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    if name.startswith("wall-"):
        for screen in SCREENS:
            yield f"{name}-{screen.width}x{screen.height}", screen
    else:
        yield name, Screen(1280, rows * (ROW + GAP) - GAP + 2 * MARGIN)


def asked(dashboard: Json, server: Server, now: int) -> Json:
    """What the page needs: the dashboard, and what Prometheus answers to it."""
    chosen = variables.resolved(dashboard, server, now)
    values = {name: one.query for name, one in chosen.items()}
    shown = grafana.shown_range(dashboard, now)
    return {
        "dashboard": dashboard,
        "from": shown.start * 1000,
        "to": shown.end * 1000,
        "variables": {name: one.text for name, one in chosen.items()},
        "answers": {
            asked.panel["id"]: {
                ref: answer.data | {"error": answer.error} for ref, answer in asked.answers.items()
            }
            for asked in grafana.ask(dashboard, server, now, values)
        },
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
