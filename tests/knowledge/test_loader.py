import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.addresses import Prefixes
from exporter.knowledge import KnowledgeError, load
from exporter.knowledge.records import Text

KNOWLEDGE: Any = load()
PROPER_NAMES = {"Call of Duty", "chargen", "memcached", "rsync", "traceroute"}  # also in Japanese
MINE = """
applications:
  - id: my_backup
    name: My backup
    kind: updater
    verdict: benign
    confidence: high
    process_names: {linux: [my-backup-daemon]}
    summary: {en: It copies., ja: 写します。}
    advice: {en: Nothing., ja: 不要です。}
  - id: akamai_netsession
    name: Known here
    kind: p2p_download
    verdict: act
    confidence: low
    process_names: {windows: [netsession_win.exe]}
    summary: {en: a, ja: b}
    advice: {en: c, ja: d}
"""


def texts():
    for application in KNOWLEDGE.applications.values():
        yield application.id, application.summary
        yield application.id, application.advice
    for (transport, port), entry in KNOWLEDGE._ports.items():
        yield f"{transport} {port}", entry.why
    for (transport, port), hint in KNOWLEDGE._source_ports.items():
        yield f"from {transport} {port}", hint.why
    for name, kind in KNOWLEDGE.networks.kinds.items():
        yield name, kind.label
        yield name, kind.advice
    for word, port_kind in KNOWLEDGE.port_kinds.items():
        yield word, Text(en=port_kind.en, ja=port_kind.ja)
    yield from KNOWLEDGE.verdicts.items()


def test_everything_is_said_in_both_languages():
    assert [place for place, text in texts() if not (text.en.strip() and text.ja.strip())] == []


def test_no_port_has_english_words_in_its_japanese_name():
    entries = (*KNOWLEDGE._ports.values(), *KNOWLEDGE._source_ports.values())
    proper = re.compile("|".join(PROPER_NAMES))
    names = {proper.sub("", entry.called("ja")) for entry in entries}
    assert [name for name in names if re.search(r"\b[a-z]{2,}\b", name, re.ASCII)] == []
    assert {"Remote Desktop", "Windows Delivery Optimization"} & names == set()


def test_every_kind_that_is_used_is_defined():
    networks = KNOWLEDGE.networks
    assert {network.kind for network in networks.asns.values()} <= set(networks.kinds)
    assert {entry.kind for entry in KNOWLEDGE._ports.values()} <= set(KNOWLEDGE.port_kinds)
    assert set(KNOWLEDGE.verdicts) == {"benign", "watch", "act"}
    load([("own.yaml", b"version: 1")])


def test_every_prefix_is_one():
    networks = KNOWLEDGE.networks
    Prefixes((prefix, 0) for scanner in networks.scanners for prefix in scanner.prefixes)
    Prefixes((special.prefix, 0) for special in networks.special)


def test_ports_are_found_by_transport():
    assert KNOWLEDGE.port("tcp", 22).kind == "scan"
    assert KNOWLEDGE.port("udp", 22) is None
    assert KNOWLEDGE.port("udp", 33434).name == KNOWLEDGE.port("udp", 33534).name == "traceroute"
    assert KNOWLEDGE.source_port("udp", 443).reading == "benign"
    assert KNOWLEDGE.source_port("udp", 19305).name == "Google STUN and Meet"
    assert KNOWLEDGE.source_port("udp", 40000) is None


def test_ports_that_every_device_opens_are_known():
    assert {67, 68, 137, 138, 500, 1900, 3702, 4500, 5353, 5355} <= KNOWLEDGE.everyone_ports
    assert not {22, 6881, 51413} & KNOWLEDGE.everyone_ports


def test_as_numbers_are_known():
    assert KNOWLEDGE.networks.asns[20940].kind == "cdn"


def test_an_extension_adds_and_replaces_by_id():
    knowledge: Any = load([("mine.yaml", MINE.encode())])
    assert knowledge.application("my-backup-daemon").id == "my_backup"
    assert knowledge.application("netsession_win.exe").name == "Known here"
    assert len(knowledge.applications) == len(KNOWLEDGE.applications) + 1
    assert KNOWLEDGE.application("netsession_win.exe").name == "Akamai NetSession Interface"


def test_an_extension_may_hold_ports_and_networks():
    mine = b"""
everyone_ports: [9999]
dest_ports: [{proto: udp, port: 33500, name: Mine, kind: legit, why: {en: a, ja: b}}]
source_port_hints:
  - {proto: udp, port_range: [1, 2], name: S, reading: p2p, weight: 0.5, why: {en: a, ja: b}}
networks: [{asn: 64500, org: Friend, kind: isp, country: JP, note: x}]
scanner_prefixes: [{org: Shodan, prefixes: [198.51.100.0/24]}]
special_prefixes: [{prefix: 203.0.113.0/24, kind: private, note: our laboratory}]
"""
    knowledge: Any = load([("mine.yaml", mine)])
    assert knowledge.port("udp", 33500).name == "Mine"
    assert knowledge.port("udp", 33501).name == "traceroute"
    assert knowledge.source_port("udp", 2).name == "S"
    assert 9999 in knowledge.everyone_ports
    assert knowledge.networks.asns[64500].org == "Friend"
    shodan = [scanner for scanner in knowledge.networks.scanners if scanner.org == "Shodan"]
    assert [scanner.prefixes for scanner in shodan] == [("198.51.100.0/24",)]
    special = {entry.prefix: entry.kind for entry in knowledge.networks.special}
    assert special["203.0.113.0/24"] == "private"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("applicatoins: []", "unknown field `applicatoins`"),
        ("dest_ports: [{proto: udp, port: x}]", "mine.yaml: dest_ports[0].port: "),
        ("dest_ports: [{proto: sctp}]", "mine.yaml: dest_ports[0].proto: "),
        (
            "dest_ports: [{proto: udp, name: n, kind: scan, why: {en: a, ja: b}}]",
            "dest_ports[0]: needs either `port` or `port_range`",
        ),
        (
            "dest_ports: [{proto: udp, port_range: [9, 8], name: n, kind: p, why: {en: a, ja: b}}]",
            "not a range of ports: 9 to 8",
        ),
        (
            "dest_ports: [{proto: udp, port: 8, name: n, kind: nope, why: {en: a, ja: b}}]",
            "udp port 8: unknown kind 'nope', expected one of scan, ",
        ),
        ("networks: [{asn: 1, org: a, kind: x, country: JP, note: n}]", "AS1: unknown kind 'x'"),
        (MINE.replace("updater", "backup"), "application my_backup: unknown kind 'backup'"),
        (
            MINE.replace(", ja: 写します。", ""),
            "applications[0].summary: Object missing required field `ja`",
        ),
        ("scanner_prefixes: [{org: a, prefixes: [10.0.0.1/8]}]", "not a CIDR prefix: '10.0.0.1/8'"),
        ("a: [", "line 2, column 1"),
        ("", "Expected `object`, got `null`"),
    ],
)
def test_an_error_names_the_file_and_the_place(text, complaint):
    with pytest.raises(KnowledgeError, match=r"^mine\.yaml: ") as error:
        load([("mine.yaml", text.encode())])
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


@settings(max_examples=25)  # each reads all our files again
@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_merged_or_refused(data):
    with contextlib.suppress(KnowledgeError):
        assert load([("own", data)]).applications


def test_the_documented_example_is_a_file_that_can_be_used():
    page = (Path(__file__).parents[2] / "docs" / "own-knowledge.md").read_text("utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    knowledge = load([("example", example.encode())])
    backup = knowledge.application("familybackup.exe")
    assert backup is not None
    assert (backup.called("en"), backup.called("ja")) == ("Family Backup", "家族のバックアップ")
    assert knowledge.port("udp", 22777).kind == "legit"
    assert knowledge.port("udp", 22777).called("ja") == "家族のバックアップ"
    assert knowledge.source_port("udp", 22777).called("ja") == "家族のバックアップの返事"
    assert knowledge.networks.asns[64496].org == "Our club's network"
