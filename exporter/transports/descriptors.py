"""How many files and connections a process may have open: as many as its configuration needs.

Most systems begin with 1,024, and let a process have far more that asks for it (setrlimit(2)).
"""

import sys

from loguru import logger

_OTHERS = 256  # besides connections: HTTP clients, files, the brokers'


def allow(connections: int) -> None:
    """Ask for so many; what the system does not give is said."""
    if sys.platform == "win32":
        return  # it has no such limit
    import resource  # noqa: PLC0415 - Unix alone has it

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHERS
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    given = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard))
    if given < wanted:
        logger.warning(
            "only {} files may be open, {} connections may need {}: raise the limit (ulimit -n)",
            given,
            connections,
            wanted,
        )
