"""Grafana dashboards: their sources (`*.dashboard.py`), and what Grafana reads (`generated/`).

Only the sources need grafanalib (`pip install knockwatch[dashboards]`); the generated files are
part of the package, so that whoever has it has the dashboards too.
"""

from pathlib import Path

GENERATED = Path(__file__).with_name("generated")
NAMES = ("wall", "network", "devices", "routers", "pipeline")  # of a home
FLEET = (
    "fleet",
    "network",
    "devices",
    "routers",
    "pipeline",
)  # of a fleet: all but the first of one site
