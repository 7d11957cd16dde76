"""Whom packets follow that nobody is named for, and what to switch off to find out.

The owner of the founding story moved devices from one access point to the other until the log
followed one. This does it with what is known anyhow: when devices were there (`attendance`), and
when packets came (`streams`). It suspects, and never names: its confidence stays below what that
takes.
"""

from collections.abc import Collection, Sequence

import msgspec

from exporter.bisection.attendance import ABSENT, AWAY, DAY, PRESENT, Attendance, Timeline
from exporter.bisection.coincidence import LEAST, Lead, Trial, judge
from exporter.bisection.steps import Step, next_step
from exporter.bisection.streams import LAG, WORTH, Past, Stream, Streams
from exporter.events import CauseName, Decision, Event, Rejection
from exporter.hosts import Hosts
from exporter.hosts.machines import Device

SIGHTED = DAY  # seconds for which a lease shows that a station is there
NEAR = 3600.0  # the same for an entry of a neighbour table, which stays when the station goes
CAUSES = frozenset(["late_reply", "p2p", "echo", "flood", "unknown"])  # that a device may have
NO_NETWORK = frozenset(["unknown", "private", "reserved", "other", ""])
REMEMBER_EVERY = 10  # minutes: what is written seldom wears no card out
OFF = 10  # minutes to switch something off, at the least
MOST_TRIALS = 3  # that are told
_AS_ABSENT = bytes.maketrans(bytes([AWAY]), bytes([ABSENT]))


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of packets that nobody is named for."""

    suspects: tuple[Lead, ...]  # the best first
    trials: tuple[Trial, ...]  # the newest first
    step: Step
    devices: tuple[str, ...]  # that it is about
    minutes: int  # for which something has to be off to tell


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What outlives a restart."""

    at: float = 0.0
    streams: Past = Past()
    attendance: dict[str, Timeline] = {}


class Bisection:
    """Who was there when packets came that are nobody's."""

    def __init__(self, hosts: Hosts, *, asked: bool = True) -> None:
        """Where nobody is `asked`, nothing is gathered: a day of it takes half a megabyte."""
        self._hosts = hosts
        self._asked = asked
        self.attendance = Attendance()
        self.streams = Streams()
        self._minute = 0
        self._found: dict[tuple[Stream, tuple[str, ...]], Found] = {}  # in that minute
        self._states: dict[str, dict[str, bytes]] = {}  # the same, by router
        self._remembered = Remembered()

    # --- what goes in ----------------------------------------------------------------------------

    def reported(self, device: Device, now: float) -> None:
        """Take in who an agent's report shows; one of a spool says nothing about now."""
        if not self._asked:
            return
        self.streams.listening(now)
        if device.is_agent and device.received == now <= device.current_until:
            self.attendance.reported(device.name, device.taken, device.current_until)
            for near in () if device.report.of_itself else device.report.neighbours:
                self.attendance.sighted(near.mac, device.taken, NEAR, returns=False)

    def told(self, router: str, event: Event, happened: float) -> None:
        """Take in a lease, a join or a leave."""
        if event.mac is None or not self._asked:
            return
        if event.kind == "wifi_join":
            self.attendance.joined(event.mac, router, happened)
        elif event.kind == "wifi_leave":
            self.attendance.left(event.mac, router, happened)
        elif event.kind == "dhcp_lease":
            self.attendance.sighted(event.mac, happened, SIGHTED, returns=True)

    def decided(self, decision: Decision, now: float) -> None:
        """Count packets that nobody is named for, and that a device may have caused."""
        if not self._asked:
            return
        self.streams.listening(now)
        packets = decision.rejection
        if concerns(decision.attribution.device, packets.direction, decision.cause.name):
            streams = [Stream(packets.router, packets.transport, of) for of in _of(packets)]
            self.streams.add(streams, packets.count, packets.received)

    def decided_each(
        self,
        like: Rejection,
        columns: tuple[Sequence[str], Sequence[str], Sequence[CauseName]],
        packets: Sequence[int],
        now: float,
    ) -> None:
        """The same of packets of nobody that came in one minute, alike but for these.

        `columns` are our port, the number of the source's network, and the cause.
        """
        if not self._asked:
            return
        self.streams.listening(now)
        concerned = {cause for cause in set(columns[2]) if concerns("", like.direction, cause)}
        if not concerned:
            return
        ports, asns, names = columns
        at = {port: Stream(like.router, like.transport, int(port)) for port in set(ports)}
        of = {asn: Stream(like.router, like.transport, asn) for asn in {*asns} - NO_NETWORK}
        streams: list[Stream] = []
        amounts: list[int] = []
        for port, asn, name, count in zip(ports, asns, names, packets, strict=True):
            if name in concerned:
                streams.append(at[port])
                amounts.append(count)
                if asn in of:
                    streams.append(of[asn])
                    amounts.append(count)
        self.streams.add_each(streams, amounts, like.received)

    # --- what is kept ----------------------------------------------------------------------------

    def forget(self, device: str) -> None:
        """Drop what is known of a device and of its stations, while it is known whose they are."""
        key, known = device.casefold(), self.attendance.known(0.0)
        self.attendance.forget(name for name in known if self._name(name).casefold() == key)
        self._minute = 0
        self._remembered = Remembered()

    def remembered(self, now: float) -> Remembered:
        """What is to be stored, as it was within the last ten minutes."""
        end = (int(now // 60) - LAG) // REMEMBER_EVERY * REMEMBER_EVERY
        if self._asked and end != self._remembered.streams.end:
            self._remembered = Remembered(
                at=now,
                streams=self.streams.past(end),
                attendance=self.attendance.all(),
            )
        return self._remembered

    def restore(self, remembered: Remembered, now: float) -> None:
        """Take back what `remembered` gave."""
        self.streams.restore(remembered.streams, now)
        self.attendance.restore(remembered.attendance, remembered.at, now)

    # --- what comes out --------------------------------------------------------------------------

    def of(self, packets: Rejection, now: float, among: Collection[str] = ()) -> Found | None:
        """What is known of the packets that are like one; None when they are too few.

        `among` are the only devices that fit, if that is known.
        """
        return self.found((packets.router,), packets.transport, _of(packets), now, among)

    def found(
        self,
        routers: Collection[str],
        transport: str,
        of: Collection[int | str],
        now: float,
        among: Collection[str] = (),
    ) -> Found | None:
        """What is known of packets at ports or from networks; of several streams the largest."""
        end = int(now // 60) - LAG
        if end != self._minute:
            self._found, self._states, self._minute = {}, {}, end
        streams = [s for s in self.streams.known() if s.transport == transport and s.of in of]
        streams = [s for s in streams if s.router in routers] or streams
        if not streams:
            return None
        days = {stream: self.streams.minutes(stream, end) for stream in streams}
        stream = max(streams, key=lambda stream: sum(days[stream]))
        if sum(days[stream]) < WORTH:
            return None
        key = (stream, tuple(sorted(among)))
        if key not in self._found:
            self._found[key] = self._judge(stream, days[stream], end, among)
        return self._found[key]

    def _judge(self, stream: Stream, packets: list[int], end: int, among: Collection[str]) -> Found:
        devices = self._devices(stream.router, end)
        judged = judge(packets, self.streams.listened(end), devices)
        if among:
            leads = [lead for lead in judged.leads if lead.device in among]
            trials = [trial for trial in judged.trials if trial.device in among]
            judged = msgspec.structs.replace(judged, leads=leads, trials=trials)
        present = [lead for lead in judged.leads if devices[lead.device][-1] == PRESENT]
        raining = sum(packets[-max(OFF, judged.window) :]) >= LEAST
        step, chosen = next_step(judged, present, raining=raining)
        if step == "switch_off" and len(self.streams.routers()) > 1 and self._on_wifi(chosen[0]):
            step = "move"
        return Found(
            suspects=tuple(lead for lead in judged.leads if lead.is_suspect),
            trials=tuple(judged.trials[:MOST_TRIALS]),
            step=step,
            devices=chosen,
            minutes=-(-(judged.window + LAG + 1) // OFF) * OFF,
        )

    def _devices(self, router: str, end: int) -> dict[str, bytes]:
        """The states of each device that may be behind packets at a router: no router itself."""
        if router in self._states:
            return self._states[router]
        elsewhere = self.streams.routers() - {router}
        routers = {name.casefold() for name in self._routers(end * 60.0)}
        found: dict[str, tuple[str, bytes]] = {}
        for known in self.attendance.known(end * 60.0):
            name = self._name(known)
            states = self.attendance.minutes(known, end, elsewhere)
            key = name.casefold()
            if key in found:
                name = found[key][0]
                states = bytes(map(max, states, found[key][1]))
            if key not in routers and any(states):
                found[key] = (name, states)
        told = {name: states.translate(_AS_ABSENT) for name, states in found.values()}
        self._states[router] = told
        return told

    def _routers(self, now: float) -> set[str]:
        """The devices that others send through."""
        inventory = self._hosts.inventory
        found: set[str] = set()
        for device in self._hosts.live(now):
            for gateway in device.report.gateways:
                holders = (
                    inventory.whose(gateway.ip, now).device,
                    inventory.of_station(gateway.mac or ""),
                )
                found.update(holder for holder in holders if holder is not None)
                found.add(gateway.mac or "")
        return found

    def _name(self, known: str) -> str:
        """The device of a station; what reports has its name, and some stations have none."""
        return self._hosts.inventory.of_station(known) or known

    def _on_wifi(self, device: str) -> bool:
        known = self.attendance.known(self._minute * 60.0)
        return any(last.place and self._name(name) == device for name, last in known.items())


def concerns(device: str, direction: str, cause: str) -> bool:
    """Whether packets are such that a device of ours may be found behind them."""
    return not device and direction == "inbound" and cause in CAUSES


def _of(packets: Rejection) -> tuple[int | str, ...]:
    """What a packet may be one of many of: at its port, or from its network."""
    network = () if packets.remote.asn in NO_NETWORK else (packets.remote.asn,)
    return network if packets.our_port is None else (packets.our_port, *network)
