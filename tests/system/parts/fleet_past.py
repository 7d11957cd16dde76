"""The past of a small fleet: the home of `home`, many times over, and what carries it.

Each site is that home in one of its states, larger or smaller, under its own name and shard. One
has been silent, one shard is behind, a relay cannot deliver.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.system.parts import own, rules, tsdb
from tests.system.parts.history import Past, Series
from tests.system.parts.pasts import COARSE, Lived
from tests.system.parts.prompast import remembering
from tests.system.parts.shown import Key

HOURS = 7  # an hour more than the fleet's dashboard shows
STEP = 30  # seconds between two scrapes: a rate is over a minute at least
STATES = ("quiet", "look", "quiet", "trouble", "quiet", "quiet", "look", "quiet")
SITES = ("osaka", "kobe", "nara", "kyoto", "otsu", "himeji", "sakai", "tsu")
SHARDS = ("0", "1", "2")
SILENT, BEHIND, STUCK = "tsu", "2", "relay-2:10151"
SILENT_SECONDS = 2 * 3600
CONFIG = rules.RULES.parents[1] / "fleet" / "prometheus.yml"
# The same at all sites, so of a worker.
EVERYWHERE = ("knockwatch_network_info", "knockwatch_process_info", "knockwatch_build_info")
DROPPED = "knockwatch_dropped_messages_total"
NOT_OF_A_WORKER = ("knockwatch_scrape_duration_seconds", DROPPED)


class Fleet(NamedTuple):
    """Its past: as blocks, and all that is in them."""

    lived: Lived
    series: list[Series]


def live(folder: Path, now: int) -> Fleet:
    """Make the past below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    now -= now % 60
    times = range(now - HOURS * 3600, now + 1, STEP)
    raw, noted = folder / "fleet", folder / "fleet-rules"
    series = [*of_sites(now, times), *of_parts(now, times), *own.live("quiet", now, times)]
    tsdb.write_blocks(series, folder, raw)
    files = [file for name in shipped()["rule_files"] for file in CONFIG.parent.glob(name)]
    with remembering(folder / "fleet-hours", [raw]) as server:
        everything = [rule for file in files for rule in rules.of_file(file)]
        recorded = rules.live_through(server, now, times[0], COARSE, everything)
    tsdb.write_blocks(recorded, folder, noted)
    return Fleet(Lived(now, (raw, noted), {}), series + recorded)


def shipped() -> dict[str, Any]:
    """Return the configuration of a fleet's Prometheus."""
    found: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    return found


def of_sites(now: int, times: range) -> Iterator[Series]:
    """What every site has counted, and what holds there."""
    seen: set[Key] = set()
    for number, (site, state) in enumerate(zip(SITES, STATES, strict=True)):
        past = Past(now)
        heard = [when for when in times if site != SILENT or when <= now - SILENT_SECONDS]
        for one in past.live(state, heard):
            name, labels = one.key
            place = {"site": site, "shard": SHARDS[number % len(SHARDS)]}
            known = {label: value for label, value in labels if label != "instance"}
            if name in EVERYWHERE:
                place = {"instance": "worker-1:10151"}
            key = own.keyed(name, known | place)
            if name in NOT_OF_A_WORKER or key in seen:
                continue
            seen.add(key)
            factor = 1 + number if name.endswith("_packets_total") else 1
            samples = [(when, value * factor) for when, value in one.samples]
            if site == SILENT and not name.endswith("_interval_seconds"):
                samples += [(when, samples[-1][1]) for when in times if when > heard[-1]]
            yield Series(key, samples)


def of_parts(now: int, times: range) -> Iterator[Series]:
    """What workers and relays show of themselves."""
    start, stuck = times[0], now - 1500

    def held(name: str, value: float, **labels: str) -> Series:
        return Series(own.keyed(name, labels), [(when, value) for when in times])

    def moment(name: str, late: float, **labels: str) -> Series:
        return Series(own.keyed(name, labels), [(when, when - late) for when in times])

    def each(name: str, seconds: float, **labels: str) -> Series:
        counted = [(when, float((when - start) // seconds)) for when in times]
        return Series(own.keyed(name, labels), counted)

    for number, shard in enumerate(SHARDS):
        place = {"job": "knockwatch", "shard": shard}
        behind = shard == BEHIND
        yield held("knockwatch_shard_sites", len(SITES[number :: len(SHARDS)]), **place)
        yield held("knockwatch_shard_lag_records", 900 * behind, **place)
        yield moment("knockwatch_shard_append_timestamp_seconds", 2 + 420 * behind, **place)
    kafka = {"job": "knockwatch", "shard": "1", "listener": "kafka"}
    yield each(DROPPED, 600, **kafka, reason="duplicate")
    yield each(DROPPED, 900, **kafka, reason="forged")
    for worker in ("worker-1:10151", "worker-2:10151"):
        place = {"job": "knockwatch", "instance": worker}
        yield held("up", 1, **place)
        yield each("knockwatch_transactions_total", 10, **place, outcome="committed")
        yield each("knockwatch_transactions_total", 7200, **place, outcome="aborted")
    for relay in ("relay-1:10151", STUCK):
        place = {"job": "relay", "instance": relay}
        waits = relay == STUCK
        yield held("up", 1, **place)
        yield held("knockwatch_relay_spool_bytes", 4_700_000 if waits else 4000, **place)
        yield held("knockwatch_relay_spool_records", 900 if waits else 1, **place)
        oldest = [(when, float(min(when, stuck) if waits else when)) for when in times]
        yield Series(own.keyed("knockwatch_relay_oldest_timestamp_seconds", place), oldest)
        yield each("knockwatch_relayed_messages_total", 0.3, **place)
        yield each(DROPPED, 60, **place, listener="udp", reason="unknown_site")
