"""The structure that the style promises: mirrored tests, small files, a corpus for each dialect."""

import ipaddress
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.dialects.table import DIALECTS

ROOT = Path(__file__).resolve().parents[1]
EXPORTER = ROOT / "exporter"
CORPUS = ROOT / "tests" / "corpus"
MODULES = sorted(
    path for path in EXPORTER.rglob("*.py") if path.name not in ("__init__.py", "__main__.py")
)

# A file is read from top to bottom; a test file one promise at a time.
MAX_LINES = {"exporter": 250, "dashboards": 250, "tools": 250, "tests": 400}
LONGER = {  # file: why it may be longer
    "exporter/pipeline.py": "all stages in their order, to be read in one go",
    "exporter/wire.py": "one record, checked field by field",
    "exporter/bisection/bisection.py": "all that goes in, is kept and comes out of one day",
    "exporter/dialects/cisco_asa.py": "one table of a vendor's message numbers",
    "exporter/dialects/mikrotik.py": "all topics of one vendor's log",
    "exporter/fleet/shard.py": "all that happens to the state of a partition",
    "exporter/hosts/hosts.py": "all that a report changes, in one step",
    "exporter/metrics/series.py": "one store, whose sums every method has to conserve",
    "exporter/syslog/blocks.py": "one reading of a flood, which is fast as long as it is one",
    "dashboards/devices.dashboard.py": "one dashboard",
}

BANNED = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "base"}

DOCUMENTATION = tuple(
    map(
        ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    )
)
LAN_OR_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
            *("0.0.0.0/32", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.0.0.0/8"),
            *("::/128", "::1/128", "fe80::/10", "ff00::/8"),
        ),
    )
)
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]+:){7})[0-9a-fA-F:]{3,39}(?![\w:.])"
)
STATION = r"((?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})"
# One station, or netfilter's destination, source and EtherType in one word.
MAC = re.compile(rf"(?i)(?<![\w:-]){STATION}(?::{STATION}:(?:08:00|86:dd))?(?![\w:-])")
NOBODYS_MAC = re.compile(r"00:00:5e:00:53:|ff:ff:ff:ff:ff:ff|33:33:|01:00:5e:|00:00:00:00:00:00")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_module_has_its_mirrored_test():
    mirrored = {path.relative_to(EXPORTER).with_name(f"test_{path.name}") for path in MODULES}
    assert {str(path) for path in mirrored if not (ROOT / "tests" / path).exists()} == set()


def test_every_dialect_has_a_corpus_with_expected_results():
    corpora = {dialect.name: sorted((CORPUS / dialect.name).glob("*.log")) for dialect in DIALECTS}
    assert {name for name, logs in corpora.items() if not logs} == set()
    logs = {log for logs in corpora.values() for log in logs}
    assert {relative(log) for log in logs if not log.with_suffix(".jsonl").exists()} == set()


@pytest.mark.parametrize("folder", MAX_LINES)
def test_no_file_is_long_without_a_reason(folder):
    sizes = {relative(path): len(path.read_text().splitlines()) for path in sources(folder)}
    long = {name for name, size in sizes.items() if size > MAX_LINES[folder]}
    assert long == {name for name in LONGER if name.startswith(f"{folder}/")}


@pytest.mark.parametrize("folder", MAX_LINES)
def test_no_name_says_nothing(folder):
    names = {relative(path): set(re.split(r"[_/.]", relative(path))) for path in sources(folder)}
    assert not {name for name, words in names.items() if words & BANNED}


def test_the_import_contracts_hold():
    argv = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_corpus_names_nobody_that_exists():
    allowed = DOCUMENTATION + LAN_OR_SPECIAL
    for log in CORPUS.rglob("*.log"):
        text = log.read_text("utf-8", "replace")
        strangers = {str(ip) for ip in addresses(text) if not any(ip in net for net in allowed)}
        assert strangers == set(), relative(log)
        assert {mac for mac in stations(text) if not NOBODYS_MAC.match(mac)} == set(), relative(log)


def test_addresses_and_stations_that_exist_would_be_found():
    text = "from 8.8.8.8:53 to [2600::1]:443, 192.0.2.1 2001:db8::7 8.8.8.8.8 12:30:00"
    found = {str(ip) for ip in addresses(text)}
    assert found == {"8.8.8.8", "2600::1", "192.0.2.1", "2001:db8::7"}
    text = "a4:b1:c1:00:00:01 00-00-5E-00-53-07, MAC=00:00:5e:00:53:01:a4:b1:c1:00:00:02:08:00 SRC="
    assert {mac for mac in stations(text) if not NOBODYS_MAC.match(mac)} == {
        "a4:b1:c1:00:00:01",
        "a4:b1:c1:00:00:02",
    }


def sources(folder: str) -> Iterator[Path]:
    return (path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def addresses(text: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    for match in IPV4.findall(text):
        try:
            yield ipaddress.IPv4Address(match)
        except ValueError:
            continue  # 999.1.1.1: a hostile line of the corpus
    for match in IPV6.findall(text):
        try:
            yield ipaddress.IPv6Address(match)
        except ValueError:
            continue


def stations(text: str) -> set[str]:
    macs = {mac for match in MAC.findall(text) for mac in match if mac}
    return {mac.lower().replace("-", ":") for mac in macs}
