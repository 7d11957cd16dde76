"""How long it takes from a packet to its name on /metrics. Pure.

In: the scrapes and the judged packets; out: seconds for each named packet of an episode. Counters
have no memory of packets, so the first that was sent is taken for the first that was shown: that
changes nothing in their sum.
"""

from collections.abc import Sequence

from tests.lab.score import Judged
from tests.lab.watch import Look


def delays(looks: Sequence[Look], asn: str, judged: Sequence[Judged], episode: str) -> list[float]:
    """Return the delays of an episode's named packets; its network is `asn`."""
    sent = sorted(one.packet.sent for one in judged if one.named and one.packet.episode == episode)
    found: list[float] = []
    for look in looks:
        shown = look.attributed.get((asn, True), 0)
        found += [look.when - moment for moment in sent[len(found) : shown]]
    return found
