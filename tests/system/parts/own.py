"""What Prometheus says of its own scrapes, and it and Alertmanager of themselves.

Only what dashboards and rules ask for; a test holds the names against the real programs.
"""

from collections.abc import Sequence

from tests.system.parts.history import SILENT_SECONDS, Series
from tests.system.parts.shown import Key

SCRAPED = {
    "knockwatch": "exporter:10151",
    "prometheus": "localhost:9090",
    "alertmanager": "alertmanager:9093",
}
# Of each scrape: what Prometheus itself adds.
OF_SCRAPES = {
    "scrape_duration_seconds": 0.012,
    "scrape_samples_scraped": 260.0,
}
MEMORY = "process_resident_memory_bytes"
MEGABYTES = {"knockwatch": 61, "prometheus": 148, "alertmanager": 37}
INTEGRATIONS = ("webhook", "telegram", "email")
# By job: counters that grow by so many an hour, each with labels of its own.
COUNTERS: dict[str, dict[str, tuple[float, tuple[dict[str, str], ...]]]] = {
    "prometheus": {
        "prometheus_notifications_dropped_total": (0, ({},)),
        "prometheus_notifications_errors_total": (0, ({"alertmanager": "http://alertmanager"},)),
        "prometheus_rule_evaluation_failures_total": (0, ({"rule_group": "knockwatch-levels"},)),
    },
    "alertmanager": {
        "alertmanager_notifications_total": (3, tuple({"integration": i} for i in INTEGRATIONS)),
        "alertmanager_notifications_failed_total": (
            0,
            tuple({"integration": i, "reason": "other"} for i in INTEGRATIONS),
        ),
    },
}
NAMES = {"up", MEMORY, *OF_SCRAPES, *(name for of_job in COUNTERS.values() for name in of_job)}


def live(state: str, now: int, times: Sequence[int]) -> list[Series]:
    """The samples of these times."""
    found = []
    for job, instance in SCRAPED.items():
        target = {"job": job, "instance": instance}
        silent = now - SILENT_SECONDS if state == "nodata" and job == "knockwatch" else now
        heard = [when for when in times if when <= silent]
        found.append(Series(keyed("up", target), [(w, float(w <= silent)) for w in times]))
        for name, value in (OF_SCRAPES | {MEMORY: MEGABYTES[job] * 1e6}).items():
            found.append(Series(keyed(name, target), [(when, value) for when in heard]))
        for name, (per_hour, members) in COUNTERS.get(job, {}).items():
            samples = [(when, when * per_hour // 3600) for when in heard]
            found += [Series(keyed(name, target | labels), samples) for labels in members]
    return found


def keyed(name: str, labels: dict[str, str]) -> Key:
    """A series' key."""
    return name, tuple(sorted(labels.items()))
