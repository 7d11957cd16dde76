"""Subjects to explain, by name: the golden ones, and every cause with a device and without."""

from typing import get_args

import msgspec

from exporter.events import CauseName, Network, Reason, Verdict
from exporter.explanation import Subject
from exporter.knowledge import Application, load

KNOWLEDGE = load()
AKAMAI = Network("AS20940", "Akamai", "cdn", "NL")
HOSTER = Network("AS64500", "Example Hosting", "hosting", "BR")
HOUR, DAY = 3600.0, 86400.0

VERDICTS: dict[CauseName, Verdict] = {
    "reflection": "watch",
    "flood": "act",
    "misconfiguration": "watch",
    "unknown": "watch",
}


def application(process: str) -> Application:
    found = KNOWLEDGE.application(process)
    assert found is not None
    return found


def port_open(
    process: str = "netsession_win.exe", device: str = "ANNA-PC", **more: str | int | float
) -> Reason:
    return Reason("port_open", {**_socket(process, device), "open_for": 10800, **more})


def talked(process: str = "chrome.exe", device: str = "ANNA-PC") -> Reason:
    return Reason("spoke_first", {**_socket(process, device), "closed_for": 40})


def _socket(process: str, device: str) -> dict[str, str | int | float]:
    whose: dict[str, str | int | float] = {"device": device, "process": process}
    return whose | {"transport": "udp", "port": 51413, "remote": "192.0.2.7"}


FOUNDING = Subject(
    device="ANNA-PC",
    process="netsession_win.exe",
    evidence="socket",
    confidence=0.99,
    cause="p2p",
    cause_confidence=0.85,
    verdict="watch",
    network=AKAMAI,
    direction="inbound",
    transport="udp",
    ports=(51413,),
    remote_ip="192.0.2.7",
    application=application("netsession_win.exe"),
    reasons=(port_open(),),
    cause_reasons=(Reason("program_listens"), Reason("sources_at_port", {"sources": 4})),
)
NOBODY = msgspec.structs.replace(
    FOUNDING,
    device="",
    process="",
    evidence="none",
    confidence=0.0,
    application=None,
    network=HOSTER,
    reasons=(Reason("no_agents"),),
)


def but(subject: Subject, **changes) -> Subject:
    return msgspec.structs.replace(subject, **changes)


def _every_cause() -> dict[str, Subject]:
    subjects = {}
    for cause in get_args(CauseName):
        verdict = VERDICTS.get(cause, "benign")
        direction = {"misconfiguration": "outbound", "local_chatter": "local"}.get(cause, "inbound")
        changes = {"cause": cause, "verdict": verdict, "direction": direction}
        subjects[f"{cause}, named"] = but(FOUNDING, **changes)
        subjects[f"{cause}, unlisted"] = but(
            FOUNDING, **changes, process="zork.exe", application=None
        )
        subjects[f"{cause}, device only"] = but(FOUNDING, **changes, process="", application=None)
        subjects[f"{cause}, unnamed"] = but(NOBODY, **changes)
    return subjects


GOLDEN: dict[str, Subject] = {
    "founding line": FOUNDING,
    "founding hour": but(FOUNDING, packets=4127, total=4211, period_seconds=HOUR, networks=3),
    "program that nobody knows": but(
        FOUNDING,
        process="zork.exe",
        application=None,
        network=HOSTER,
        reasons=(port_open("zork.exe", open_for=0),),
    ),
    "late reply to a browser": but(
        FOUNDING,
        process="chrome.exe",
        application=application("chrome.exe"),
        cause="late_reply",
        verdict="benign",
        evidence="remote",
        confidence=0.969,
        reasons=(talked(),),
    ),
    "echo of a program that was closed": but(
        FOUNDING,
        process="qbittorrent.exe",
        application=application("qbittorrent.exe"),
        cause="echo",
        verdict="benign",
        network=Network("AS64501", "Example Telecom", "isp", "FR"),
        networks=212,
        packets=830,
        total=900,
        period_seconds=DAY,
        reasons=(port_open("qbittorrent.exe", closed_for=300),),
    ),
    "echo of a stranger's program": but(
        NOBODY,
        cause="echo",
        cause_confidence=0.6,
        verdict="benign",
        ports=(6881,),
        cause_reasons=(Reason("peer_port"),),
    ),
    "scan": but(
        NOBODY,
        cause="scan",
        cause_confidence=0.85,
        verdict="benign",
        transport="tcp",
        ports=(23,),
        cause_reasons=(Reason("port_that_scanners_try", {"port": 23}),),
    ),
    "scan of a device": but(
        NOBODY,
        device="NAS",
        evidence="mapping",
        confidence=0.9999,
        cause="scan",
        cause_confidence=0.9,
        verdict="benign",
        transport="tcp",
        ports=(22, 80, 443, 8080),
        networks=2,
        sources=3,
        packets=12,
        total=4211,
        period_seconds=HOUR,
        reasons=(Reason("inside_address", {"device": "NAS", "address": "2001:db8::7"}),),
        cause_reasons=(Reason("ports_of_source", {"ports": 12}),),
    ),
    "survey": but(
        NOBODY,
        cause="survey",
        cause_confidence=0.95,
        verdict="benign",
        network=Network("AS64502", "Example Survey", "scanner", "US"),
        transport="tcp",
        ports=(443,),
        cause_reasons=(Reason("known_surveyor", {"name": "Example Survey"}),),
    ),
    "reflection": but(
        NOBODY,
        cause="reflection",
        cause_confidence=0.9,
        verdict="watch",
        networks=40,
        sources=1260,
        packets=3990,
        total=4000,
        period_seconds=HOUR,
        reasons=(Reason("no_match", {"agents": 3}),),
        cause_reasons=(Reason("amplifier_port", {"port": 389}),),
    ),
    "flood": but(
        NOBODY,
        cause="flood",
        cause_confidence=0.8,
        verdict="act",
        networks=812,
        sources=5104,
        packets=310000,
        total=310000,
        period_seconds=900,
        cause_reasons=(Reason("packets_per_minute", {"packets": 20667}),),
    ),
    "several devices": but(
        NOBODY,
        evidence="ambiguous",
        confidence=0.495,
        network=AKAMAI,
        candidates=("ANNA-PC", "BEN-PC"),
        reasons=(Reason("several_devices", {"devices": 2}),),
    ),
    "refused on the way out": but(
        NOBODY,
        device="DOORBELL",
        evidence="mapping",
        confidence=0.9999,
        direction="outbound",
        cause="misconfiguration",
        cause_confidence=0.8,
        packets=18,
        total=4211,
        period_seconds=DAY,
        reasons=(Reason("inside_address", {"device": "DOORBELL", "address": "192.168.1.20"}),),
        cause_reasons=(Reason("refused_outbound"),),
    ),
    "chatter at home": but(
        NOBODY,
        direction="local",
        cause="local_chatter",
        cause_confidence=0.95,
        verdict="benign",
        network=Network("private", "private", "private"),
        ports=(5353,),
        packets=8,
        cause_reasons=(Reason("within_home"),),
    ),
    "unknown, nobody reports": but(
        NOBODY, cause="unknown", cause_confidence=0.0, cause_reasons=(Reason("no_sign"),)
    ),
}
SUBJECTS: dict[str, Subject] = {**_every_cause(), **GOLDEN}
