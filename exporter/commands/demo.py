"""`knockwatch demo`: the founding case played live, through real sockets, against a running serve.

A router and three hosts that do not exist: the hosts report over HTTP, the router sends its log by
UDP. The remote addresses are real networks' so that their names show; nothing is sent to them.
"""

import random
import socket
import sys
import time
import urllib.error
from http.client import HTTPException

import msgspec

from exporter import wire
from exporter.direct import Direct
from exporter.host_report import HostReport, Socket

ROUTER = "home-router"
WAN = "203.0.113.9"
PORT = 51413
LINES_PER_SECOND = 40  # so that 20 seconds pass the alert rule for floods, 500 in five minutes
_AKAMAI = "23.45.67."  # the network that the founding router's log was full of
_SCANNERS = (("80.82.77.33", 23), ("71.6.135.131", 5060), ("185.142.236.35", 22))


def run(server: str, syslog: str, direct: Direct, *, seconds: float) -> int:
    """Play for `seconds`; print what the server makes of it. 0, or 1 when it cannot be reached."""
    try:
        host, port = _host_and_port(syslog)
        for report in reports():
            _post(direct, f"{server}/api/v1/reports", wire.encode(report))
        print(f"Three hosts report to {server}; the router's log now fills up:")
        sent = _play(host, port, seconds)
        print(f"{sent} lines sent. What the page says:\n")
        print(_verdict(direct, f"{server}/api/v1/suspects?seconds=600"))
    except (OSError, ValueError, HTTPException) as error:
        print(f"knockwatch: the demo needs a running `knockwatch serve`: {error}", file=sys.stderr)
        return 1
    print(f"\nLook at it: {server}/")
    return 0


def reports() -> list[HostReport]:
    """What the three hosts say of themselves."""
    open_for = 3600.0
    return [
        HostReport(
            version=wire.VERSION,
            device=device,
            os=system,
            agent="demo",
            interval_seconds=60.0,
            addresses=(address,),
            sockets=tuple(
                Socket(
                    transport="udp",
                    local_ip="0.0.0.0",  # noqa: S104 - what a host reports, nothing is bound
                    local_port=port,
                    process=process,
                    pid=4000 + port % 1000,
                    age_seconds=open_for,
                )
                for port, process in sockets
            ),
        )
        for device, system, address, sockets in (
            (
                "ANNA-PC",
                "Windows 10",
                "192.168.1.23",
                ((PORT, "netsession_win.exe"), (5353, "chrome.exe")),
            ),
            ("BEN-LAPTOP", "Ubuntu 24.04", "192.168.1.31", ((5353, "avahi-daemon"),)),
            ("LIVING-TV", "Android", "192.168.1.40", ((1900, "upnp"), (5353, "mdnsd"))),
        )
    ]


def lines(seconds: float, chance: random.Random) -> list[tuple[float, str]]:
    """What the router logs, each line with the second at which it does."""
    logged = []
    for number in range(round(seconds * LINES_PER_SECOND)):
        source = f"{_AKAMAI}{chance.randrange(80, 96)}"
        line = f"UDP connection rejected from {source}:3478 to {WAN}:{PORT}"
        logged.append((number / LINES_PER_SECOND, line))
    for number in range(round(seconds)):
        address, port = chance.choice(_SCANNERS)
        transport = "UDP" if port == 5060 else "TCP"
        remote = chance.randrange(1024, 65536)
        line = f"{transport} connection rejected from {address}:{remote} to {WAN}:{port}"
        logged.append((number + 0.5, line))
    return sorted(logged)


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"--syslog must look like 192.168.1.10:5514, not {text!r}")
    return host.strip("[]"), int(port)


def _play(host: str, port: int, seconds: float) -> int:
    chance = random.Random(20180724)  # noqa: S311 - the same show every time
    logged = lines(seconds, chance)
    family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, number) as router:
        begun = time.monotonic()
        for at, line in logged:
            time.sleep(max(0.0, begun + at - time.monotonic()))
            stamp = time.strftime("%b %d %H:%M:%S")
            router.sendto(f"<5>{stamp} {ROUTER} FIREWALL: {line}".encode(), address)
    return len(logged)


def _verdict(direct: Direct, url: str) -> str:
    for _ in range(20):
        suspects = msgspec.json.decode(_read(direct, url))["suspects"]
        if suspects:
            return str(suspects[0]["summary"])
        time.sleep(0.5)
    return "Nothing yet: did the lines arrive?"


def _post(direct: Direct, url: str, body: bytes) -> None:
    try:
        _read(direct, url, body)
    except urllib.error.HTTPError as error:
        raise ValueError(f"{url}: {error.read().decode('utf-8', 'replace')}") from None


def _read(direct: Direct, url: str, body: bytes | None = None) -> bytes:
    with direct.open(url, body, seconds=10) as answer:
        return answer.read()
