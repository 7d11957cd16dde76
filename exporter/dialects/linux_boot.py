"""The Linux kernel's first line after a start: `Linux version …`.

    kernel: [    0.000000] Linux version 5.15.134 (builder@buildhost) (…) #0 SMP …

Source: init/version.c, linux_banner.
"""

import re

from exporter.dialects import Dialect
from exporter.events import Event, SyslogMessage

_BANNER = re.compile(r"(?:\[[ 0-9.]{1,20}\] *+)?(?:<[0-9]>)?Linux version [0-9]++\.[0-9]")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the kernel says which it is."""
    return "Linux version " in message.content and _BANNER.match(message.content) is not None


def parse(message: SyslogMessage) -> Event:  # noqa: ARG001 - the contract's argument
    """Return the start."""
    return Event(kind="boot")


DIALECT = Dialect(
    "linux_boot",
    "Linux kernel: start-up",
    claims,
    parse,
    examples=(
        (
            "kernel: [    0.000000] Linux version 5.15.134 (builder@buildhost) "
            "(mips-openwrt-linux-musl-gcc 12.3.0) #0 SMP"
        ),
    ),
)
