"""rsyslogd and syslog-ng as relays: what routers say to them over UDP goes on to a collector, the
lines of each router in another way: those of `rsyslog-udp-3164` over UDP and as RFC 3164.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.system.parts.knockwatch import free_port
from tests.system.parts.process import found, started, until
from tests.system.parts.prometheus import parts
from tests.transports.authority import HOST, Authority

RFC3164, RFC5424 = "RSYSLOG_TraditionalForwardFormat", "RSYSLOG_SyslogProtocol23Format"
_TLS = f'StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="{HOST}"'
_OCTETS = 'TCP_Framing="octet-counted"'

RSYSLOG = {
    "udp-3164": f'protocol="udp" template="{RFC3164}"',
    "udp-5424": f'protocol="udp" template="{RFC5424}"',
    "lines-3164": f'protocol="tcp" template="{RFC3164}"',
    "lines-5424": f'protocol="tcp" template="{RFC5424}"',
    "octets-3164": f'protocol="tcp" {_OCTETS} template="{RFC3164}"',
    "octets-5424": f'protocol="tcp" {_OCTETS} template="{RFC5424}"',
    "gnutls-5424": f'protocol="tcp" StreamDriver="gtls" {_TLS} {_OCTETS} template="{RFC5424}"',
    "gnutls-3164": f'protocol="tcp" StreamDriver="gtls" {_TLS} template="{RFC3164}"',
    "openssl-5424": f'protocol="tcp" StreamDriver="ossl" {_TLS} {_OCTETS} template="{RFC5424}"',
    "openssl-3164": f'protocol="tcp" StreamDriver="ossl" {_TLS} template="{RFC3164}"',
}
_DRIVERS = {"gnutls": "lmnsd_gtls.so", "openssl": "lmnsd_ossl.so"}

# network() writes RFC 3164 and lines, syslog() RFC 5424 and, over TCP, counted octets.
SYSLOG_NG = {
    "udp-3164": 'network({to} transport("udp"))',
    "udp-5424": 'syslog({to} transport("udp"))',
    "lines-3164": 'network({to} transport("tcp"))',
    "lines-5424": 'network({to} transport("tcp") flags(syslog-protocol))',
    "octets-5424": 'syslog({to} transport("tcp"))',
    "tls-3164": 'network({to} transport("tls") {tls})',
    "tls-5424": 'syslog({to} transport("tls") {tls})',
}


class Inlets(NamedTuple):
    """The UDP ports on which a relay hears routers, by the format that they write."""

    rfc3164: int
    rfc5424: int


class Collector(NamedTuple):
    """Where the relays send to, and by which certificate they are heard over TLS."""

    port: int
    tls_port: int
    ca: Authority


def rsyslog_can(way: str) -> bool:
    """Tell whether rsyslogd is here, with the driver that this way needs."""
    driver = _DRIVERS.get(way.partition("-")[0])
    module = driver is None or any(Path("/usr/lib").glob(f"*/rsyslog/{driver}"))
    return module and found("rsyslogd") is not None


@contextmanager
def rsyslogd(folder: Path, to: Collector) -> Iterator[Inlets]:
    """Run rsyslogd, which tells the formats apart by itself."""
    inlet, relay = free_port(), to.ca.issue("rsyslog")
    config = folder / "rsyslog.conf"
    config.write_text(
        f'global(workDirectory="{folder}" maxMessageSize="64k"\n'
        f'       defaultNetstreamDriverCAFile="{to.ca.file}"\n'
        f'       defaultNetstreamDriverCertFile="{relay.certificate}"\n'
        f'       defaultNetstreamDriverKeyFile="{relay.key}")\n'
        f'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{inlet}")\n'
        + "".join(
            f'if $hostname == "rsyslog-{way}" then action(type="omfwd" target="127.0.0.1" {action}'
            f' port="{to.tls_port if _TLS in action else to.port}" action.resumeInterval="1")\n'
            for way, action in RSYSLOG.items()
            if rsyslog_can(way)
        )
    )
    argv = [found("rsyslogd") or "rsyslogd", "-n", "-f", config, "-i", folder / "rsyslogd.pid"]
    with running(argv, folder / "rsyslogd.log", Inlets(inlet, inlet)) as inlets:
        yield inlets


def syslog_ng() -> Path | None:
    """Return the root below which `install.sh` unpacked it, or where it is installed."""
    roots = (parts() / "syslog-ng", Path("/"))
    return next((root for root in roots if (root / "usr/sbin/syslog-ng").exists()), None)


@contextmanager
def syslog_ngd(folder: Path, to: Collector) -> Iterator[Inlets]:
    """Run syslog-ng, with a source for each format."""
    inlets, relay = Inlets(free_port(), free_port()), to.ca.issue("syslog-ng")
    root = syslog_ng() or Path("/")
    config = folder / "syslog-ng.conf"
    tls = f'tls(ca-file("{to.ca.file}") cert-file("{relay.certificate}") key-file("{relay.key}"))'
    config.write_text(
        "@version: 3.35\noptions { keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0);\n"
        "  log-msg-size(65536); time-reopen(1); };\n"
        f'source router {{ network(ip("127.0.0.1") port({inlets.rfc3164}) transport("udp"));\n'
        f'                 syslog(ip("127.0.0.1") port({inlets.rfc5424}) transport("udp")); }};\n'
        + "".join(
            f'log {{ source(router); filter {{ host("syslog-ng-{way}" type(string)); }};\n'
            f"  destination {{ {driver.format(to=_target(way, driver, to), tls=tls)}; }}; }};\n"
            for way, driver in SYSLOG_NG.items()
        )
    )
    own = [option for name in "Rcp" for option in (f"-{name}", folder / f"syslog-ng.{name}")]
    argv = [root / "usr/sbin/syslog-ng", "-F", "--no-caps", "--stderr", "-f", config, *own]
    libraries = [root / "usr/lib/syslog-ng", *root.glob("usr/lib/*-*-*"), *root.glob("lib/*-*-*")]
    unpacked = {
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "SYSLOGNG_PREFIX": str(root / "usr"),
    }
    env = {**os.environ, **(unpacked if root != Path("/") else {})}
    with running(argv, folder / "syslog-ng.log", inlets, env=env):
        yield inlets


def _target(way: str, driver: str, to: Collector) -> str:
    port = to.tls_port if "{tls}" in driver else to.port
    return f'"{HOST}" port({port}) persist-name("{way}")'


@contextmanager
def running(
    argv: Sequence[object], log: Path, inlets: Inlets, *, env: dict[str, str] | None = None
) -> Iterator[Inlets]:
    """Run a relay; wait until its ports are open."""
    with started(argv, log, env=env) as process:

        def opened() -> bool:
            if not process.running():
                raise RuntimeError(f"{argv[0]} ended while starting")
            rows = Path("/proc/net/udp").read_text("ascii").splitlines()[1:]
            return {f"{port:04X}" for port in inlets} <= {row.split()[1][-4:] for row in rows}

        until(opened, f"open ports of {argv[0]}")
        yield inlets
