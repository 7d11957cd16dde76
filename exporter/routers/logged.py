"""Which router's log told of each device's packets: the bisection over access points, by counts.

A connection to the evidence and a period go in, packets by device and router come out.
"""

import sqlite3

MOST = 2000  # pairs of device and router
_SUMS = """
SELECT device, router, sum(packets) AS told FROM decisions
WHERE last >= :since AND first <= :until AND device <> ''
GROUP BY device, router ORDER BY told DESC, device, router LIMIT :most
"""


def by_router(
    connection: sqlite3.Connection, since: float, until: float
) -> dict[str, dict[str, int]]:
    """Return the packets of each device by router, most first.

    Raises sqlite3.Error.
    """
    found: dict[str, dict[str, int]] = {}
    asked = {"since": since, "until": until, "most": MOST}
    for device, router, packets in connection.execute(_SUMS, asked):
        found.setdefault(device, {})[router] = packets
    return found
