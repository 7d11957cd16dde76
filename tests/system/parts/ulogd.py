"""Debian's ulogd2: what a router's kernel refused, as the lines that netfilter would log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.parts.process import Process, found, started

PLUGINS = (
    "inppkt_NFLOG",
    "raw2packet_BASE",
    "filter_IFINDEX",
    "filter_IP2STR",
    "filter_PRINTPKT",
    "output_LOGEMU",
)
STACK = "log5:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU"


@contextmanager
def ulogd(folder: Path, lines: Path, *, group: int, namespace: str) -> Iterator[Process]:
    """Write a line to `lines` for each packet that the namespace's firewall sends to `group`."""
    plugins = "".join(f'plugin="{found_plugin(name)}"\n' for name in PLUGINS)
    config = folder / "ulogd.conf"
    config.write_text(
        f'[global]\nlogfile="stdout"\nloglevel=3\n{plugins}stack={STACK}\n'
        f'[log5]\ngroup={group}\n[emu1]\nfile="{lines}"\nsync=1\n'
    )
    argv = [found("ulogd") or "ulogd", "-c", config]
    with started(argv, folder / "ulogd.log", namespace=namespace) as process:
        yield process


def found_plugin(name: str) -> Path:
    """Return where the architecture's library folder has a plugin."""
    return next(Path("/usr/lib").glob(f"*/ulogd/ulogd_{name}.so"))
