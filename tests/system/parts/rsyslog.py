"""Debian's rsyslogd, as a router or a relay runs it: lines from files, sent on as syslog."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.system.parts.process import Process, found, started

# ulogd puts its own date and host in front of what the kernel says; a router does not.
TEMPLATES = """
template(name="kernel" type="string"
         string="<%PRI%>%TIMESTAMP:::date-rfc3164% %HOSTNAME% kernel: %$!part%")
template(name="program" type="string"
         string="<%PRI%>%TIMESTAMP:::date-rfc3164% %HOSTNAME% %$!part%")
"""


class Forward(NamedTuple):
    """One file whose lines go to one collector."""

    file: Path
    host: str
    port: int
    protocol: str = "udp"
    framing: str = "traditional"  # or "octet-counted": RFC 6587's two ways over TCP
    template: str = "RSYSLOG_TraditionalForwardFormat"  # RFC 3164
    tag: str = "FIREWALL:"
    part: str = (
        "(connection rejected .*)"  # what of a line the templates "kernel" and "program" take
    )


@contextmanager
def rsyslogd(
    folder: Path, forwards: Sequence[Forward], *, namespace: str | None = None
) -> Iterator[Process]:
    """Run rsyslogd with exactly these forwards; it reads neither the machine's log nor its own."""
    rules = "".join(rule(number, forward) for number, forward in enumerate(forwards))
    config = folder / "rsyslog.conf"
    config.write_text(
        f'global(workDirectory="{folder}" localHostname="home-router")\n'
        f'module(load="imfile" mode="inotify")\n{TEMPLATES}{rules}'
    )
    for forward in forwards:
        forward.file.touch()
    argv = [found("rsyslogd") or "rsyslogd", "-n", "-f", config, "-i", folder / "rsyslogd.pid"]
    with started(argv, folder / "rsyslogd.log", namespace=namespace) as process:
        yield process


def rule(number: int, forward: Forward) -> str:
    """Return the configuration of one forward."""
    # A program writes more than it logs: lines that are not of this form stay at home.
    only = 'if $!part == "" then stop' if forward.template == "program" else ""
    return f"""
ruleset(name="forward{number}") {{
  set $!part = re_extract($msg, "{forward.part}", 0, 1, "");
  {only}
  action(type="omfwd" target="{forward.host}" port="{forward.port}" protocol="{forward.protocol}"
         TCP_Framing="{forward.framing}" template="{forward.template}"
         action.resumeRetryCount="-1" action.resumeInterval="1")
}}
input(type="imfile" file="{forward.file}" tag="{forward.tag}" facility="kern" severity="notice"
      freshStartTail="off" ruleset="forward{number}")
"""


def write(file: Path, lines: Sequence[str]) -> None:
    """Append whole lines in one write, as a logging program does."""
    with file.open("a") as out:
        out.write("".join(f"{line}\n" for line in lines))
