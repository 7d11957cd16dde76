"""A home in which all is well, and changes of it."""

import msgspec

from exporter.doctor import Condition, Listener, RouterCondition

WELL = RouterCondition(
    name="gw", seconds=2.0, offset=1.0, messages=1000, rejected=900, read_as=("netfilter",)
)
FINE = Condition(
    version="1.2",
    up_seconds=7200.0,
    ready=True,
    syslog_port=5514,
    listeners=(Listener(name="udp", messages=1000, seconds=2.0),),
    routers=(WELL,),
    agents=("ANNA-PC",),
    scraped=12.0,
)


def sick(**changes) -> Condition:
    """Return it with something changed."""
    return msgspec.structs.replace(FINE, **changes)


def router(**changes) -> Condition:
    """Return it with something changed of its router."""
    return sick(routers=(msgspec.structs.replace(WELL, **changes),))


def beside(**facts) -> Condition:
    """Return it with another sender of lines."""
    other = RouterCondition(name="other", seconds=2.0, messages=100, **facts)
    return sick(routers=(WELL, other))
