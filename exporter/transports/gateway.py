"""Our own gateway: the sender that a container network puts in place of the real one.

/proc/net/route, whose addresses are little-endian hex:

Iface   Destination  Gateway   Flags  RefCnt  Use  Metric  Mask      MTU  Window  IRTT
eth0    00000000     010012AC  0003   0       0    0       00000000  0    0       0
"""

import socket
from pathlib import Path

_ROOT = Path("/")


def read(table: str) -> list[tuple[str, str]]:
    """The IPv4 default gateways in the text of /proc/net/route, each with its interface."""
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
                found.append((socket.inet_ntop(socket.AF_INET, gateway), columns[0]))
    return found


def ours(root: Path = _ROOT) -> list[str]:
    """The gateways of this machine or container; none where the system does not tell."""
    return [gateway for gateway, _ in _routes(root)]


def masks(root: Path = _ROOT) -> list[str]:
    """Those of `ours` that a container's network may put in place of the real senders.

    A container in the host's own network has the home's real router as its gateway, which hides
    nobody: there the interface is the machine's own, not one end of a pair (veth).
    """
    if not in_container(root):
        return []
    return [gateway for gateway, interface in _routes(root) if _paired(root, interface)]


def in_container(root: Path = _ROOT) -> bool:
    """Whether a container's network may stand between us and the senders."""
    return (root / ".dockerenv").exists() or (root / "run/.containerenv").exists()


def _routes(root: Path) -> list[tuple[str, str]]:
    try:
        return read((root / "proc/net/route").read_text("ascii", "replace"))
    except OSError:
        return []


def _paired(root: Path, interface: str) -> bool:
    """Whether an interface ends in another network; where the system does not tell, it may."""
    about = root / "sys/class/net" / interface
    try:
        return (about / "ifindex").read_bytes() != (about / "iflink").read_bytes()
    except OSError:
        return True
