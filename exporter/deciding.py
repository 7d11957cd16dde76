"""Whose packets were, and why they came: each group for itself, or many strangers' by columns.

Groups of one place go in; what is decided is counted, and told to whoever keeps decisions. Most
packets are strangers', of which nothing is known at home: these are nobody's, and what would be
done for one after the other is done once for all that are equal in what it depends on. Both ways
come to the same.
"""

from collections.abc import Callable, Sequence
from itertools import compress

import msgspec

from exporter import causes
from exporter.attribution import Finding
from exporter.attribution.crowds import Crowd, Groups, has_columns
from exporter.attribution.waiting import Group
from exporter.bisection import Bisection
from exporter.causes.spread import LATE, Seen, Spread, knock
from exporter.defects import Defects
from exporter.events import Attribution, CauseName, Decision
from exporter.knowledge import Application
from exporter.nobodys import Nobodys
from exporter.stages import Stages

FEW = 8  # groups; so few cost less one by one

# Whose packets are if a defect keeps from more: none may be missing in the sums.
_NOT_FOUND = Finding(Attribution(), True)

Told = Callable[[Decision], None]
ToldEach = Callable[[Groups, Sequence[CauseName], Callable[[int], Decision]], None]


class Deciding:
    """Decides about packets with the parts of the pipeline."""

    def __init__(
        self,
        stages: Stages,
        spread: Spread,
        bisection: Bisection,
        defects: Defects,
        *,
        decided: Told | None,
        decided_each: ToldEach | None,
    ) -> None:
        """`decided` gets every decision once, but for those that `decided_each` gets by columns.

        Columns are groups of nobody's packets and their causes; what it gets last tells the whole
        decision about the group in a place, which costs what it costs for one.
        """
        self._stages = stages
        self._spread = spread
        self._late = Spread()  # the same for what came late, by its own time
        self._bisection = bisection
        self._defects = defects
        self._decided = decided
        self._decided_each = decided_each
        self._nobodys = Nobodys(stages, spread, bisection, self._alone)

    def use(self, stages: Stages) -> None:
        """Decide with other parts."""
        self._stages = stages
        self._nobodys = Nobodys(stages, self._spread, self._bisection, self._alone)

    def spread(self, happened: float, now: float) -> tuple[Spread, float]:
        """What was seen around a packet, and its clock: what comes late is no flood of today."""
        if now - happened <= LATE:
            return self._spread, now
        return self._late, happened

    def decide(
        self, packets: Crowd | list[Group], ripe: Callable[[float], bool], now: float, room: int
    ) -> list[Group]:
        """Decide about packets of one place; return those that wait for the hosts, at most `room`.

        `ripe` says whether waiting is over for what came at a moment.
        """
        if isinstance(packets, Crowd) and self._need_no_telling_apart(packets, ripe, now):
            self._nobodys.conclude_crowd(packets, now)
            return []
        columns, alone = _apart(packets)
        if columns is not None:
            known = self._known(columns, now)
            alone += map(columns.group, known)
            columns = columns.without(known)
        waiting: list[Group] = []
        for group in alone:
            seen = self._seen(group, now)
            finding = self._finding(group, seen)
            over = finding.settled or ripe(group.rejection.received)
            if over or len(waiting) >= room:
                self._conclude(group, seen, finding, now)
            else:
                waiting.append(group)
        if columns is not None and columns.packets:
            waiting += self._strangers(columns, ripe, now, room - len(waiting))
        return waiting

    # --- one by one ------------------------------------------------------------------------------

    def _seen(self, group: Group, now: float) -> Seen:
        spread, clock = self.spread(group.last, now)
        return spread.seen(*knock(group.rejection), clock)

    def _finding(self, group: Group, seen: Seen) -> Finding:
        try:
            return self._stages.attributor.attribute(group.rejection, seen.ports_of_source)
        except Exception as error:  # noqa: BLE001 - it must not keep others from being decided
            self._defects.note(error)
            return _NOT_FOUND

    def _conclude(self, group: Group, seen: Seen, finding: Finding, now: float) -> None:
        """Say why packets came, of which it is found whose they were, and count them."""
        stages = self._stages
        decision, application = self._decision(group, seen, finding)
        packets = decision.rejection
        if finding.attribution.evidence == "flow":
            stages.attributor.nats.kept(packets)
        stages.metrics.attributed(decision, application, now)
        decoy = stages.attributor.decoy(packets)
        if decoy is not None:
            stages.metrics.decoy(decoy, group.packets, now)
        self._bisection.decided(decision, now)
        if self._decided is not None:
            self._decided(decision)

    def _alone(self, group: Group, now: float) -> Decision:
        """What is decided about a group now; nothing is counted."""
        seen = self._seen(group, now)
        return self._decision(group, seen, self._finding(group, seen))[0]

    def _decision(
        self, group: Group, seen: Seen, finding: Finding
    ) -> tuple[Decision, Application | None]:
        stages, packets, attribution = self._stages, group.rejection, finding.attribution
        if packets.count != group.packets:
            packets = msgspec.structs.replace(packets, count=group.packets)
        cause, application = causes.UNDECIDED, None
        if finding is not _NOT_FOUND:
            try:
                signs = stages.signs(packets, attribution, seen)
                cause, application = causes.decide(signs), signs.application
            except Exception as error:  # noqa: BLE001 - as above
                self._defects.note(error)
        decision = Decision(
            rejection=packets, attribution=attribution, cause=cause, last=group.last
        )
        return decision, application

    # --- by columns ------------------------------------------------------------------------------

    def _need_no_telling_apart(
        self, crowd: Crowd, ripe: Callable[[float], bool], now: float
    ) -> bool:
        moments = set(crowd.moments)
        return (
            self._decided is None
            and not crowd.like.inside  # the address may name a device
            and self._stages.attributor.silence.is_complete
            and all(map(ripe, moments))
            and now - min(moments) <= LATE
            and self._nobodys.all_alike(crowd.like, moments)
        )

    def _known(self, groups: Groups, now: float) -> Sequence[int]:
        """The places of those that must be decided one by one."""
        crowd, like = groups.firsts, groups.firsts.like
        if (
            like.inside  # the address may name a device
            or len(crowd.ports) < FEW
            or now - min(groups.last) > LATE
            or not self._nobodys.all_alike(like, crowd.moments)
        ):
            return range(len(crowd.ports))
        silence = self._stages.attributor.silence
        return silence.broken(like.router, like.transport, crowd.sources, crowd.numbers())

    def _strangers(
        self, groups: Groups, ripe: Callable[[float], bool], now: float, room: int
    ) -> Sequence[Group]:
        """Decide about those of which nothing is known; return those that wait."""
        moments = groups.firsts.moments
        over = {moment: ripe(moment) for moment in set(moments)}
        waiting: list[int] = []
        if room and not all(over.values()):
            waiting = [at for at, moment in enumerate(moments) if not over[moment]][:room]
        rest = groups.without(waiting)
        if rest.packets:
            self._conclude_each(rest, now)
        return [groups.group(at) for at in waiting]

    def _conclude_each(self, groups: Groups, now: float) -> None:
        """Say why packets came that are nobody's, and count them."""
        names = self._nobodys.conclude(groups, now)
        if self._decided_each is not None:
            self._decided_each(groups, names, lambda at: self._alone(groups.group(at), now))
        elif self._decided is not None:
            for group in groups.all():
                self._decided(self._alone(group, now))


def _apart(packets: Crowd | list[Group]) -> tuple[Groups | None, list[Group]]:
    """Groups by columns, if there are many, and those that have none."""
    if isinstance(packets, Crowd):
        return packets.grouped(), []
    fitting = [has_columns(group.rejection) for group in packets]
    if sum(fitting) < FEW:
        return None, packets
    alone = [group for group, fits in zip(packets, fitting, strict=True) if not fits]
    return Groups.of(list(compress(packets, fitting))), alone
