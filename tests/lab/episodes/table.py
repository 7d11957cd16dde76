"""The episodes, and what each must show whatever the averages say."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from tests.lab.episodes import Script, home, pairs, programs, strangers, translated
from tests.lab.laboratory import Stage
from tests.lab.world import NAT_KINDS, Nat


class Episode(NamedTuple):
    """A script, and how its results count.

    `must` is "all" where each packet with evidence must get its right name, "none" where nobody may
    be named. `beside` is why an episode is shown but not averaged: nobody could do better there, or
    it is not promised. An epilogue plays when all else is decided.
    """

    name: str
    script: Callable[[Stage], Script]
    must: Literal["all", "none", ""] = ""
    beside: str = ""
    nats: tuple[Nat, ...] = NAT_KINDS
    epilogue: bool = False


# In `agentless` the tv's sockets are pasted: what is opened behind it in the same act is not seen.
EPISODES = (
    Episode("founding", programs.founding, must="all"),
    Episode("late_quic", programs.late_quic, must="all"),
    Episode("late_tcp", programs.late_tcp),
    Episode("late_dns", programs.late_dns),
    Episode("gone", programs.gone),
    Episode("scan", strangers.scan, must="none"),
    Episode("sweep", strangers.sweep),
    Episode("reflection", strangers.reflection, must="none"),
    Episode("inherited", strangers.inherited, must="none"),
    Episode("connected", strangers.connected),
    Episode("router_itself", strangers.router_itself, must="none"),
    Episode("same_port", pairs.same_port),
    Episode("handed_over", pairs.handed_over),
    Episode("not_preserved", pairs.not_preserved),
    Episode("roaming", home.roaming, must="all"),
    Episode("heir", home.heir),  # behind it: then the laptop has given its address up
    Episode("upnp", home.upnp, must="all"),
    Episode("upnp_moved", home.upnp_moved),
    Episode("router_table", home.router_table, must="all"),
    Episode("agentless", home.agentless, must="all"),
    Episode("punch", programs.punch, must="all"),
    Episode("asked", home.asked, must="all"),
    Episode("ipv6", home.ipv6, must="all"),
    # Elsewhere the lab cannot see which port the home's own router gave.
    Episode("carrier", translated.carrier, must="all", nats=("preserving",)),
    Episode("hairpin", translated.hairpin, must="all"),
    Episode("container", translated.container, must="all"),
    Episode("history", translated.history, must="all"),
    Episode("fresh", programs.fresh),
    Episode("reuse", programs.reuse),
    Episode("brief", programs.brief, beside="agents look every 1.5 s; these live 0.2 s"),
    Episode("unwatched", pairs.unwatched),
    Episode("shared_server", pairs.shared_server, nats=("preserving",)),
    Episode("other_transport", pairs.other_transport),
    Episode("collision", pairs.collision, beside="all that can be seen names the wrong one"),
    Episode(
        "shared_server",
        pairs.shared_server,
        beside="where ports change, all that can be seen names the wrong one",
        nats=("random", "map_e"),
    ),
    Episode(
        "coincidence",
        pairs.coincidence,
        beside="one chance in thousands, made to happen",
        nats=("random", "map_e"),
    ),
    Episode("router_agent", translated.router_agent, must="all", epilogue=True),
)

# Where few ports are shared, one may be given to several programs, each for its own peer; what
# comes to it is taken out of its episode.
CROWDED = Episode(
    "crowded",
    lambda _: iter(()),
    beside="the router gave one port to several programs, each for its own peer",
)


def playing(nat: Nat) -> list[Episode]:
    """Return the episodes that play with a kind of NAT."""
    return [episode for episode in EPISODES if nat in episode.nats]
