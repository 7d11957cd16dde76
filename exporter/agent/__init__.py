"""The agent: tells the exporter which program of this host has which port.

`push` is the loop; `linux` and `portable` look at the system, `watch` remembers since when, `post`
speaks HTTP. A plain synchronous program: it must not run inside an event loop.
"""

from exporter.agent.push import run

__all__ = ["run"]
