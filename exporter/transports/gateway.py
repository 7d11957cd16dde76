"""Our own gateway: the sender that a container network puts in place of the real one.

/proc/net/route, whose addresses are little-endian hex:

Iface   Destination  Gateway   Flags  RefCnt  Use  Metric  Mask      MTU  Window  IRTT
eth0    00000000     010012AC  0003   0       0    0       00000000  0    0       0
"""

import socket
from pathlib import Path


def read(table: str) -> list[str]:
    """The IPv4 default gateways in the text of /proc/net/route."""
    found = []
    for row in table.splitlines()[1:]:
        columns = row.split()
        # A mask that is not 0 is half of the Internet, which a VPN takes that way.
        if len(columns) > 7 and columns[1] == columns[7] == "00000000" and len(columns[2]) == 8:
            try:
                gateway = bytes.fromhex(columns[2])[::-1]
            except ValueError:
                continue
            if any(gateway):
                found.append(socket.inet_ntop(socket.AF_INET, gateway))
    return found


def ours(root: Path = Path("/")) -> list[str]:
    """The gateways of this machine or container; none where the system does not tell."""
    try:
        return read((root / "proc/net/route").read_text("ascii", "replace"))
    except OSError:
        return []


def in_container(root: Path = Path("/")) -> bool:
    """Whether a container's network may stand between us and the senders."""
    return (root / ".dockerenv").exists() or (root / "run/.containerenv").exists()
