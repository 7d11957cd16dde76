"""Play all episodes in one laboratory, and gather what is needed to judge them.

In: a kind of NAT; out: an `Outcome`. All episodes play at once, on ports and addresses of their
own: the waiting is done once for all of them. Epilogues play when all others are decided.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.lab.delays import delays
from tests.lab.episodes import Script
from tests.lab.episodes.table import playing
from tests.lab.laboratory import INTERVAL, Laboratory, Stage, asn, laboratory, wait
from tests.lab.score import Judged, judge
from tests.lab.truth import Packet
from tests.lab.watch import ATTRIBUTED, decisions
from tests.lab.world import ANSWERED, Nat, refused
from tests.system.parts.process import until

SETTLE = INTERVAL + 3.0  # seconds until every socket is older than an interval
FORGOTTEN = ANSWERED + 1.0  # seconds until the router forgets a conversation
DECIDED = 60.0  # seconds; more than the longest a decision may wait
REJECTED = "knockwatch_rejected_packets_total"


class Outcome(NamedTuple):
    """All that was found out with one kind of NAT."""

    nat: Nat
    refusals: list[str]  # of what was pasted
    judged: list[Judged]
    crowded: list[Judged]  # sent to ports that several programs had; they are no episode's
    lost: list[Packet]  # sent, and no decision is about them
    sent: int
    refused: int  # by the router, as it counts itself
    rejected: int  # as knockwatch counts
    attributed: int
    decoys: dict[str, int]  # by evidence
    delays: dict[str, list[float]]  # by episode, of named packets: sent until shown


def play(nat: Nat, folder: Path, only: Collection[str] = ()) -> Outcome:
    """Build a laboratory, let every episode play, or only those, and take it down."""
    names = [episode.name for episode in playing(nat)]
    with laboratory(nat, folder, names) as running:
        watch = running.watch
        scripts = [
            (e.epilogue, e.script(Stage(running, e.name, n)))
            for n, e in enumerate(playing(nat))
            if not only or e.name in only
        ]
        act([script for epilogue, script in scripts if not epilogue], (SETTLE, FORGOTTEN))
        settle(running)
        act([script for epilogue, script in scripts if epilogue], (FORGOTTEN,))
        sent = settle(running)
        counted = refused(running.lab)
        watch.ended.set()
        running.server.process.stop()  # it writes down what it has decided
    judged, lost = judge(running.internet.packets, decisions(folder / "state"))
    moved = [one for one in judged if nat != "preserving" and running.internet.crowded(one.packet)]
    return Outcome(
        nat=nat,
        refusals=running.refusals,
        judged=[one for one in judged if one not in moved],
        crowded=moved,
        lost=lost,
        sent=sent,
        refused=counted,
        rejected=watch.total(REJECTED),
        attributed=watch.total(ATTRIBUTED),
        decoys=watch.decoys(),
        delays={name: delays(watch.looks, asn(n), judged, name) for n, name in enumerate(names)},
    )


def act(scripts: Sequence[Script], pauses: Sequence[float]) -> None:
    """Play scripts, stop by stop."""
    for pause in pauses if scripts else ():
        for script in scripts:
            next(script)
        wait(pause)
    for script in scripts:
        # Over a whole interval: how long a decision waits depends on when the agents report next.
        wait(INTERVAL / len(scripts) if len(pauses) > 1 else 0)
        if next(script, "ended") != "ended":
            raise RuntimeError("an episode stops more often than it may")


def settle(running: Laboratory) -> int:
    """Wait until all that was sent is logged and decided; return how much that is."""
    sent, watch = len(running.internet.packets), running.watch
    until(lambda: watch.total(REJECTED) >= sent, "line for every packet")
    until(lambda: watch.total(ATTRIBUTED) >= sent, "decision on all", seconds=DECIDED)
    return sent
