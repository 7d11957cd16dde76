"""The devices that report, and what each of them says now.

In go `HostReport`s: a report is complete (or says "unchanged since") and replaces its device's
report before, so that a lost or late one corrupts nothing. Their sockets live on in `Listeners`.
Who has which address is the `inventory`'s. Times are arguments, Unix seconds; the server dates a
report arrival minus age.
"""

from collections.abc import Iterable, Mapping

from exporter.host_report import HostReport
from exporter.hosts.alone import alone, guests_of
from exporter.hosts.listeners import HISTORY, Listeners, Span, spans
from exporter.hosts.machines import (
    Conflict,
    Device,
    check_rank,
    current_until,
    entries,
    is_same,
    unchanged,
)
from exporter.inventory import Inventory
from exporter.lookalikes import mimicked

MAX_DEVICES = 1000
MAX_FORMERLY = 8  # names that a machine had before
MAX_SPANS = 60_000  # sockets of all devices, open and closed, 300 to 500 bytes each
MAX_CLOSED = 20_000  # closed sockets remembered for one device; the oldest go first


class Hosts:
    """All devices. `listeners` holds their sockets, now and in the last day."""

    def __init__(
        self, configured: Mapping[str, str] | None = None, inventory: Inventory | None = None
    ) -> None:
        """`configured` maps addresses and stations (MAC) to devices on which no agent can run."""
        self.listeners = Listeners()
        self.inventory = inventory or Inventory(configured)
        self._devices: dict[str, Device] = {}
        self._live: list[Device] = []
        self._live_at: float | None = None  # a flood asks often about one moment

    def report(self, report: HostReport, received: float) -> Device:
        """Take a report in, and return its device.

        Raises Conflict when a person pastes for a device whose agent reports, when two machines
        use one name, or one machine two names at a time, when "unchanged" refers to a report that
        is not here, or when there are more devices or sockets than can be remembered.
        """
        self._live_at = None
        taken = received - report.age_seconds
        device = self._devices.get(report.device.casefold())
        is_heartbeat = report.unchanged_since is not None
        if is_heartbeat:
            report = unchanged(device, report, taken)
        if report.of_itself:
            report = alone(report)
        if device is not None:
            check_rank(device, report, received)
        elif (other := mimicked(report.device, self.inventory.names())) is not None:
            raise Conflict(
                f"{report.device} looks like {other}, which is another name: start the agent with"
                " --device and one that nobody takes for it",
                f"「{report.device}」は別の名前「{other}」と見分けがつかないため、使えません",
            )
        former = self._former(device, report, taken, received)
        self._check_room(former or device, report)
        if former is not None:
            device = self._rename(former, report.device, taken)
        elif device is None:
            self._forget_mimics(report.device)
            device = self._new(report, taken, received)
        # A report that arrives later and was made earlier is from a spool; one that arrives
        # earlier than the last comes after our clock was set back.
        if taken < device.taken and received >= device.received:
            self._late(device, report, taken)
        else:
            self._replace(device, report, taken, received)
            device.complete = device.complete if is_heartbeat else taken
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
        for span in (*device.open, *device.closed):
            self.listeners.remove(span)
        self.inventory.forget(device.name)
        return True

    def erase(self, name: str) -> int:
        """Drop a device's sockets and flows, those that a router told of, too; return how many."""
        key = name.casefold()
        before = len(self.listeners)
        self.forget(name)
        for router in self._devices.values():
            router.formerly = {n: at for n, at in router.formerly.items() if n.casefold() != key}
            for span in [s for s in router.closed if s.device.casefold() == key]:
                router.closed.remove(span)
                self.listeners.remove(span)
            for span in [s for s in router.open if s.device.casefold() == key]:
                router.open.remove(span)
                self.listeners.remove(span)
        return before - len(self.listeners)

    def _replace(self, device: Device, report: HostReport, taken: float, received: float) -> None:
        now_open: dict[tuple[object, ...], Span] = {}
        before = {_key(span): span for span in device.open}
        looked = device.taken if device.report.agent else None
        for span in spans(report, taken, current_until(report, taken), looked):
            key = _key(span)
            known = now_open.get(key) or before.pop(key, None)
            if known is None:
                self.listeners.add(span)
                known = span
            if not known.device:
                known.device = self._whose(span, device.name, report, taken)
            known.opened = min(known.opened, span.opened)
            known.last_seen = min(max(known.last_seen, span.last_seen), taken)
            known.current_until = span.current_until
            now_open[key] = known
        for gone in before.values():
            self._close(device, gone)
        self.inventory.report(device.name, report, taken, current_until(report, taken))
        device.open, device.report = list(now_open.values()), report
        device.taken, device.received = taken, received

    def _whose(self, span: Span, name: str, report: HostReport, taken: float) -> str:
        """Whose socket or flow it is: the host's own, unless it only forwards for another."""
        if span.routed and self.inventory.held(name, span.local_ip, span.last_seen):
            span.routed = False  # its own address of then
        if not span.routed or report.of_itself:
            return name
        owner = self.inventory.owner(span.local_ip, taken)
        guests = [near.mac for near in guests_of(report) if near.ip == span.local_ip]
        # Each host gives the same few addresses to what runs in it: the station must fit, too.
        if guests and owner not in {self.inventory.station(mac, taken).device for mac in guests}:
            return name
        return owner or (name if guests else "")

    def _new(self, report: HostReport, taken: float, received: float) -> Device:
        if len(self._devices) >= MAX_DEVICES and not self._forget_passer_by():
            raise Conflict(
                f"{MAX_DEVICES} devices report already; this one is not taken in",
                f"すでに{MAX_DEVICES}台が報告しているため、これ以上は受け付けられません",
            )
        nothing = HostReport(version=report.version, device=report.device)
        device = Device(
            name=report.device, report=nothing, taken=taken, first=received, received=received
        )
        self._devices[report.device.casefold()] = device
        return device

    def _forget_mimics(self, name: str) -> None:
        """A name that is written plainly takes the place of those that only look like it."""
        for other in [one.name for one in self._devices.values() if mimicked(one.name, (name,))]:
            self.forget(other)

    def _former(
        self, device: Device | None, report: HostReport, taken: float, received: float
    ) -> Device | None:
        """The device as which a machine reported before it was given the name that it has now."""
        if device is not None and device.report.machine_id == report.machine_id:
            return None
        for former in self._devices.values():
            apart = self.inventory.excluded(former.name) | self.inventory.excluded(report.device)
            if former is device or not is_same(former.report, report, apart):
                continue
            before = map(str.casefold, former.formerly)
            back = report.device.casefold() in before and taken > former.taken
            if back and received <= former.current_until:
                raise Conflict(
                    f"this machine reports as {former.name} by now: run one agent on it, or stop it"
                    " for a minute where it is to be renamed back"
                )
            return former
        return None

    def _rename(self, device: Device, name: str, taken: float) -> Device:
        """Give a machine its new name, and with it all that it had."""
        old = device.name
        if taken <= device.taken:
            return device  # kept by the agent from the time before
        self.forget(name)  # another machine had that name, and is silent
        for reporter in self._devices.values():  # a router tells of others' conversations, too
            for span in (*reporter.open, *reporter.closed):
                if span.device == old:
                    span.device = name
        self.inventory.rename(old, name)
        former = {**device.formerly, old: taken}
        device.formerly = dict(list(former.items())[-MAX_FORMERLY:])
        device.name = name
        self._devices[name.casefold()] = self._devices.pop(old.casefold())
        return device

    def _check_room(self, device: Device | None, report: HostReport) -> None:
        others = [other for other in self._devices.values() if other is not device]
        told = sum(entries(other.report) for other in others)
        missing = told + entries(report) - MAX_SPANS
        if missing > sum(entries(other.report) for other in others if other.is_passer_by):
            raise Conflict(
                f"other devices told of {told} sockets and neighbours; no more are taken in",
                f"ほかの機器のソケットなどがすでに{told}個あるため、これ以上は受け付けられません",
            )
        while missing > 0 and (gone := self._forget_passer_by(device)):
            missing -= entries(gone.report)

    def _forget_passer_by(self, but: Device | None = None) -> Device | None:
        """Drop the device that reported once only, longest ago, if there is one; return it.

        Who makes names up does not come back by them: whoever does loses nothing to him.
        """
        passers_by = (d for d in self._devices.values() if d.is_passer_by and d is not but)
        device = min(passers_by, key=lambda device: device.received, default=None)
        if device is not None:
            self.forget(device.name)
        return device

    def _make_room(self) -> None:
        """Forget closed sockets of the device that has most of them, oldest first."""
        while len(self.listeners) > MAX_SPANS:
            device = max(self._devices.values(), key=lambda device: len(device.closed))
            for _ in range(min(1000, len(device.closed))):
                self.listeners.remove(device.closed.popleft())

    def _late(self, device: Device, report: HostReport, taken: float) -> None:
        """Learn from a report of a spool: what was open then is not claimed to be open now."""
        is_open = set(map(_key, device.open))
        for span in spans(report, taken, taken):
            if _key(span) not in is_open:
                span.device = self._whose(span, device.name, report, taken)
                self.listeners.add(span)
                self._close(device, span)

    def _close(self, device: Device, span: Span) -> None:
        span.current_until = span.last_seen
        device.closed.append(span)
        if len(device.closed) > MAX_CLOSED:
            self.listeners.remove(device.closed.popleft())


def _key(span: Span) -> tuple[object, ...]:
    return (span.transport, span.local_ip, span.local_port, span.remote_ip, span.process)
