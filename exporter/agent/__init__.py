"""The agent: tells the exporter which program of this host has which port.

`command` starts it, `push` is the loop; `linux` and `portable` look at the system, `watch`
remembers since when, `heartbeat` leaves out what is known, `outbox` and `spool` keep what must
wait, `post` speaks HTTP.
`port_table` and `igd` ask the router where its ports lead, if that is wanted.
Of Linux `sockdiag` and `conntrack` ask by `netlink`, `network` by pyroute2; `flows` remembers
conversations, and `ownership` whose sockets are whose, as `processes` and `containers` found it. A
plain synchronous program: it must not run inside an event loop.
"""

from exporter.agent.command import run

__all__ = ["run"]
