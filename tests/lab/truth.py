"""What really happened: the packets that were sent to us, and who was behind each.

The laboratory writes this down itself; nothing here comes from the program under test.
"""

from typing import NamedTuple

SEEN_SECONDS = 2.0  # agents promise to show a change within that; what is shorter may be unseen


class Truth(NamedTuple):
    """Who is behind a packet, and whether anybody at home could have known.

    Evidence is there when something that can be watched tells this device from all others: a
    socket that was open for long enough on a host that is watched and has the port that the outside
    sees, a conversation with that very address, a mapping of the router, a question to its DNS.
    """

    device: str = ""  # "" is nobody at home
    program: str = ""
    evidence: bool = False


NOBODY = Truth()


class Packet(NamedTuple):
    """One packet that the router refused."""

    episode: str
    transport: str
    remote_ip: str
    port: int  # ours, as the outside sees it
    sent: float  # Unix seconds
    truth: Truth

    @property
    def key(self) -> tuple[str, str, int]:
        """What a decision can be found by; the laboratory never gives one key two truths."""
        return self.transport, self.remote_ip, self.port
