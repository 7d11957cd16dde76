"""A host seen through psutil: Windows, macOS, and Linux where netlink is closed to us.

It shows no neighbours, and on Windows no remote address of UDP sockets: the system has none to
give. Names are the system's own, which on Windows end in `.exe`. Source: psutil's documentation.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psutil

from exporter.addresses import canonical, is_loopback
from exporter.agent.host import uptime
from exporter.agent.snapshot import Sighting, Snapshot, names_a_host, word
from exporter.host_report import Link, Socket

MAX_NAME = 255  # characters
_LEEWAY = 1.0  # seconds; Linux tells the time of its start, which psutil counts from, in whole ones
_CUT = 15  # bytes: a longer name is completed by psutil from the command line
# Windows names the programs of all users to everybody.
_IS_ADMINISTRATOR = not hasattr(os, "geteuid") or os.geteuid() == 0
_TRANSPORTS = {socket.SOCK_DGRAM: "udp", socket.SOCK_STREAM: "tcp"}


class Portable:
    """A collector for any system that psutil knows; it keeps nothing between two looks."""

    def listening(self) -> list[Sighting]:
        """Return UDP sockets and TCP listeners."""
        with _psutil_errors():
            return [
                seen
                for seen in _sightings()
                if seen.socket.transport == "udp" or seen.socket.state == "listen"
            ]

    def snapshot(self) -> Snapshot:
        """Return all that the system tells programs of this user."""
        with _psutil_errors():
            links, addresses = _network()
            sockets = list(_sightings())
        lacks = [] if _IS_ADMINISTRATOR else ["programs"]
        return Snapshot(
            sockets=sockets, addresses=addresses, links=links, neighbours=[], lacks=lacks
        )


def _sightings() -> Iterator[Sighting]:
    process = cache(_process)  # one look at each process, however many sockets it has
    offset = time.time() - uptime()  # from the clock of ages to the calendar's
    for row, pid in _connections():
        name, started = process(pid) if pid else (None, None)
        found = _socket(row, name, pid)
        ends = (found.transport, found.local_ip, found.local_port, found.remote_ip)
        # The start time tells a new process from an old one whose number it was given.
        yield Sighting(
            identity=(*ends, found.remote_port, pid, started),
            socket=found,
            started=None if started is None else started - offset - _LEEWAY,
        )


def _connections() -> Iterator[tuple[Any, int | None]]:
    """Yield what psutil calls connections, each with its process id."""
    try:
        found: list[tuple[Any, int | None]] = [
            (row, row.pid) for row in psutil.net_connections("inet")
        ]
    except psutil.AccessDenied:  # macOS without root: only our own processes
        found = []
        for process in psutil.process_iter():
            try:
                found += [(row, process.pid) for row in process.net_connections("inet")]
            except psutil.Error:
                continue
    yield from (pair for pair in found if pair[0].laddr)  # not bound yet: no port


def _process(pid: int) -> tuple[str | None, float | None]:
    try:
        process = psutil.Process(pid)
        return _name(process.name()), process.create_time()
    except psutil.Error:  # gone, or not ours to see
        return None, None


def _name(name: str) -> str | None:
    """Return a process's name as text that can be sent."""
    raw = os.fsencode(name)
    if os.name == "posix":
        raw = raw[:_CUT] + word(raw[_CUT:])
    return _text(raw)[:MAX_NAME] or None


def _socket(row: Any, process: str | None, pid: int | None) -> Socket:
    transport = _TRANSPORTS[row.type]
    state = row.status.lower()
    return Socket(
        transport=transport,
        local_ip=_address(row.laddr.ip),
        local_port=row.laddr.port,
        remote_ip=_address(row.raddr.ip) if row.raddr else None,
        remote_port=row.raddr.port if row.raddr else None,
        state=state if transport == "tcp" and state != "none" else None,
        process=process,
        pid=pid,
    )


def _network() -> tuple[list[Link], list[str]]:
    """Return the links that are up with their counters, and the host's addresses."""
    links, addresses = [], []
    counters, state = psutil.net_io_counters(pernic=True), psutil.net_if_stats()
    for name, rows in psutil.net_if_addrs().items():
        mac = None
        ips = [_address(row.address) for row in rows if row.family != psutil.AF_LINK]
        for row in rows:
            if row.family == psutil.AF_LINK and row.address.strip("0:-"):
                mac = row.address.lower().replace("-", ":")  # Windows writes dashes
        addresses += [ip for ip in ips if names_a_host(ip)]
        counted = counters.get(name)
        if counted and name in state and state[name].isup and not any(map(is_loopback, ips)):
            received, sent = counted.bytes_recv, counted.bytes_sent
            interface = _text(os.fsencode(name))
            links.append(
                Link(interface=interface, mac=mac, received_bytes=received, sent_bytes=sent)
            )
    return links, addresses


def _text(name: bytes) -> str:
    return name.decode(errors="replace")  # a lone surrogate cannot be sent


def _address(text: str) -> str:
    return canonical(text) or text  # the system's own text is an address


@contextmanager
def _psutil_errors() -> Iterator[None]:
    """Turn the library's own error into the OSError that it stands for."""
    try:
        yield
    except psutil.Error as error:
        raise OSError(f"psutil: {error}") from error
