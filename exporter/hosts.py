"""The devices that report, and what each of them says now.

In go `HostReport`s: a report is complete (or says "unchanged since") and replaces its device's
report before, so that a lost or late one corrupts nothing. Their sockets live on in `Listeners`.
Who has which address is the `inventory`'s. Times are arguments, Unix seconds; the server dates a
report arrival minus age.
"""

from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

from exporter.events import HostReport
from exporter.inventory import Inventory
from exporter.listeners import HISTORY, Listeners, Span, spans

CURRENT_INTERVALS = 3  # a report is current for this many of its intervals
PASTE_CURRENT = 600.0  # seconds; a person pastes once and then looks
MAX_DEVICES = 1000
_VIRTUAL = ("docker", "br-", "podman", "cni", "lxc", "lxd", "incus", "virbr", "veth", "vnet")
MAX_SPANS = 300_000  # sockets of all devices, open and closed: about 120 MB
MAX_CLOSED = 20_000  # closed sockets remembered for one device; the oldest go first


class Conflict(ValueError):
    """A report that may not replace what is known; the text says why."""


class Device(msgspec.Struct, kw_only=True, eq=False):
    """One host and its current report."""

    name: str  # as first written; names are compared without case
    report: HostReport
    taken: float  # when the report was made, by our clock
    received: float
    open: dict[tuple[object, ...], Span] = msgspec.field(default_factory=dict)
    closed: deque[Span] = msgspec.field(default_factory=deque)

    @property
    def is_agent(self) -> bool:
        """Whether an agent speaks for it, rather than a person who pasted."""
        return self.report.agent != "paste"

    @property
    def current_until(self) -> float:
        """When the report stops to count."""
        return _current_until(self.report, self.taken)


class Hosts:
    """All devices. `listeners` holds their sockets, now and in the last day."""

    def __init__(self, configured: Mapping[str, str] | None = None) -> None:
        """`configured` maps addresses and stations (MAC) to devices on which no agent can run."""
        self.listeners = Listeners()
        self.inventory = Inventory(configured)
        self._devices: dict[str, Device] = {}
        self._live: list[Device] = []
        self._live_at: float | None = None  # a flood asks often about one moment

    def report(self, report: HostReport, received: float) -> Device:
        """Take a report in, and return its device.

        Raises Conflict when a person pastes for a device whose agent reports, when two machines
        use one name at a time, when "unchanged" refers to a report that is not here, or when there
        are more devices or sockets than can be remembered.
        """
        self._live_at = None
        taken = received - report.age_seconds
        device = self._devices.get(report.device.casefold())
        if report.unchanged_since is not None:
            report = _unchanged(device, report, taken)
        if device is None:
            if len(self._devices) >= MAX_DEVICES:
                raise Conflict(f"{MAX_DEVICES} devices report already; this one is not taken in")
            nothing = HostReport(version=report.version, device=report.device)
            device = Device(name=report.device, report=nothing, taken=taken, received=received)
            self._devices[report.device.casefold()] = device
        else:
            _check_rank(device, report, received)
        self._check_room(device, report)
        # A report that arrives later and was made earlier is from a spool; one that arrives
        # earlier than the last comes after our clock was set back.
        if taken < device.taken and received >= device.received:
            self._late(device, report, taken)
        else:
            self._replace(device, report, taken, received)
        self._make_room()
        return device

    def devices(self) -> Iterable[Device]:
        """All devices known, current or not."""
        return self._devices.values()

    def live(self, now: float) -> list[Device]:
        """The devices whose agents report at present."""
        if self._live_at != now:
            self._live = [
                d for d in self._devices.values() if d.is_agent and now <= d.current_until
            ]
            self._live_at = now
        return self._live

    def device(self, name: str) -> Device | None:
        """The device of that name, whatever its case."""
        return self._devices.get(name.casefold())

    def forget_old(self, now: float) -> None:
        """Drop sockets that closed more than a day ago, and devices silent for as long."""
        horizon = now - HISTORY
        for device in list(self._devices.values()):
            while device.closed and device.closed[0].last_seen < horizon:
                self.listeners.remove(device.closed.popleft())
            if device.taken < horizon and device.current_until < now:
                self.forget(device.name)
        self.inventory.forget_old(now)

    def forget(self, name: str) -> bool:
        """Drop a device and all its sockets at once; whether it was known."""
        self._live_at = None
        device = self._devices.pop(name.casefold(), None)
        if device is None:
            return False
        for span in (*device.open.values(), *device.closed):
            self.listeners.remove(span)
        self.inventory.forget(device.name)
        return True

    def erase(self, name: str) -> int:
        """Drop a device's sockets and flows, those that a router told of, too; return how many."""
        key = name.casefold()
        before = len(self.listeners)
        self.forget(name)
        for router in self._devices.values():
            for span in [s for s in router.closed if s.device.casefold() == key]:
                router.closed.remove(span)
                self.listeners.remove(span)
            for place, span in list(router.open.items()):
                if span.device.casefold() == key:
                    self.listeners.remove(router.open.pop(place))
        return before - len(self.listeners)

    def _replace(self, device: Device, report: HostReport, taken: float, received: float) -> None:
        now_open: dict[tuple[object, ...], Span] = {}
        looked = device.taken if device.report.agent else None
        for span in spans(report, taken, _current_until(report, taken), looked):
            key = _key(span)
            known = now_open.get(key) or device.open.pop(key, None)
            if known is None:
                self.listeners.add(span)
                known = span
            if not known.device:
                known.device = self._whose(span, device.name, report, taken)
            known.opened = min(known.opened, span.opened)
            known.last_seen = min(max(known.last_seen, span.last_seen), taken)
            known.current_until = span.current_until
            now_open[key] = known
        for gone in device.open.values():
            self._close(device, gone)
        self.inventory.report(device.name, report, taken, _current_until(report, taken))
        device.open, device.report = now_open, report
        device.taken, device.received = taken, received

    def _whose(self, span: Span, name: str, report: HostReport, taken: float) -> str:
        """Whose socket or flow it is: the host's own, unless it only forwards for another."""
        if span.routed and self.inventory.held(name, span.local_ip, span.last_seen):
            span.routed = False  # its own address of then
        if not span.routed:
            return name
        owner = self.inventory.owner(span.local_ip, taken)
        if owner is not None:
            return owner
        near = (n.interface or "" for n in report.neighbours if n.ip == span.local_ip)
        return name if any(interface.startswith(_VIRTUAL) for interface in near) else ""

    def _check_room(self, device: Device, report: HostReport) -> None:
        others = sum(len(other.open) for other in self._devices.values() if other is not device)
        if others + len(report.sockets) + len(report.flows) > MAX_SPANS:
            raise Conflict(f"other devices have {others} sockets open; no more are taken in")

    def _make_room(self) -> None:
        """Forget closed sockets of the device that has most of them, oldest first."""
        while len(self.listeners) > MAX_SPANS:
            device = max(self._devices.values(), key=lambda device: len(device.closed))
            for _ in range(min(1000, len(device.closed))):
                self.listeners.remove(device.closed.popleft())

    def _late(self, device: Device, report: HostReport, taken: float) -> None:
        """Learn from a report of a spool: what was open then is not claimed to be open now."""
        for span in spans(report, taken, taken):
            if _key(span) not in device.open:
                span.device = self._whose(span, device.name, report, taken)
                self.listeners.add(span)
                self._close(device, span)

    def _close(self, device: Device, span: Span) -> None:
        span.current_until = span.last_seen
        device.closed.append(span)
        if len(device.closed) > MAX_CLOSED:
            self.listeners.remove(device.closed.popleft())


def _current_until(report: HostReport, taken: float) -> float:
    if report.agent == "paste":
        return taken + PASTE_CURRENT
    return taken + CURRENT_INTERVALS * report.interval_seconds


def _key(span: Span) -> tuple[object, ...]:
    return (span.transport, span.local_ip, span.local_port, span.remote_ip, span.process)


def _check_rank(device: Device, report: HostReport, received: float) -> None:
    if received > device.current_until:
        return
    if device.is_agent and report.agent == "paste":
        raise Conflict(f"an agent reports for {device.name} already, and its word outranks a paste")
    known, new = device.report.machine_id, report.machine_id
    if known is not None and new is not None and known != new:
        raise Conflict(
            f"another machine reports as {device.name} already: start one of the two agents"
            " with --device and a name of its own"
        )


def _unchanged(device: Device | None, report: HostReport, taken: float) -> HostReport:
    """The device's lists again, as of now: the host says that nothing has changed since."""
    since = taken - (report.unchanged_since or 0.0)
    if device is None or since > device.taken + 1.0:  # a second for the way here
        raise Conflict("unchanged_since refers to a report that is not here: send a full one")
    old, elapsed = device.report, taken - device.taken
    return msgspec.structs.replace(
        report,
        addresses=old.addresses,
        sockets=tuple(
            msgspec.structs.replace(s, age_seconds=(s.age_seconds or 0.0) + elapsed)
            for s in old.sockets
        ),
        neighbours=old.neighbours,
        links=old.links,
        unchanged_since=None,
    )
