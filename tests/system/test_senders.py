"""Senders that exist, in each of their ways, and what exactly is counted of what they send.

The relays get the same lines from each router, some of them awkward, and hand them on in one of
their ways. Each line is about a port of its own, so that it is known which one was counted.
"""

import re
import socket
import ssl
import subprocess
from collections import Counter
from typing import NamedTuple

import pytest

from tests.system.parts import knockwatch, relays
from tests.system.parts.exposition import samples, total
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.relays import RSYSLOG, SYSLOG_NG, Collector
from tests.transports.authority import Authority

SENTENCE = "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:{}"
PACKET = (
    "IN=eth0 OUT= MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 SRC=198.51.100.7 DST=203.0.113.9"
    " LEN=40 TTL=245 ID=37308{} PROTO=TCP SPT=8080 DPT={} WINDOW=1024 RES=0x00 SYN URGP=0"
)
LONG = PACKET.format(" OPT=0101" * 890, 1005)  # 8 KiB, and its port behind all of that
SHIFT_JIS = "表示ソ"  # of its bytes, two are backslashes
DATA = r'[zone@32473 name="a \"quoted\" \] bracket"][other@32473 list="[1\]"]'

# What follows the header, in RFC 3164 and in RFC 5424.
CLASSIC = (
    b"FIREWALL: " + SENTENCE.format(1001).encode(),
    b"kernel: [50028442.088484] DROP " + PACKET.format("", 1002).encode(),
    f"FIREWALL: 拒否 {SENTENCE.format(1003)}".encode(),
    b"kernel: DROP " + SHIFT_JIS.encode("cp932") + b" " + PACKET.format("", 1004).encode(),
    b"kernel: DROP " + LONG.encode(),
    b"kernel: DROP\t" + PACKET.format("", 1009).encode(),
    "FIREWALL: 拒否しました".encode(),
    "FIREWALL: 拒否しました".encode("cp932"),
    b"FIREWALL:",
)
STRUCTURED = (
    b"FIREWALL - - - " + SENTENCE.format(1006).encode(),
    f"FIREWALL 7 ID7 {DATA} \ufeff{SENTENCE.format(1007)}".encode(),
    f"kernel - - {DATA} DROP {PACKET.format('', 1008)}".encode(),
)
PORTS = {str(port): 1 for port in range(1001, 1010)}
OUTCOMES = {
    ("connection", "event"): 4,
    ("netfilter", "event"): 5,
    ("", "unrecognised"): 3,
}


needs_syslog_ng = pytest.mark.skipif(
    relays.syslog_ng() is None,
    reason="not on this machine: syslog-ng (as root on Debian, make test unpacks it)",
)


class Counted(NamedTuple):
    """What was counted of one router: messages by dialect and outcome, rejected packets by port."""

    messages: Counter[tuple[str, str]]
    ports: Counter[str]


def counted(server: knockwatch.Server, router: str) -> Counted:
    """Scrape once."""
    found = Counted(Counter(), Counter())
    for (name, carried), value in samples(server.metrics()).items():
        labels = dict(carried)
        if labels.get("router") != router:
            continue
        if name == "knockwatch_messages_total":
            found.messages[labels["dialect"], labels["outcome"]] += int(value)
        if name == "knockwatch_rejected_packets_total":
            found.ports[labels["destination_port"]] += int(value)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a running exporter, and how to send to it over TLS."""
    folder = tmp_path_factory.mktemp("collector")
    ca, tls = Authority(folder), knockwatch.free_port()
    own = f'tls_certificate = "{ca.issue().both}"\ntls_client_ca = "{ca.file}"\n'
    with knockwatch.serve(folder, more=f"tls_port = {tls}\n{own}") as server:
        yield server, Collector(server.syslog_port, tls, ca)


@pytest.fixture(scope="module")
def rsyslog(home, tmp_path_factory):
    with relays.rsyslogd(tmp_path_factory.mktemp("rsyslog"), home[1]) as inlets:
        yield inlets


@pytest.fixture(scope="module")
def syslog_ng(home, tmp_path_factory):
    with relays.syslog_ngd(tmp_path_factory.mktemp("syslog-ng"), home[1]) as inlets:
        yield inlets


def relayed(server: knockwatch.Server, inlets: relays.Inlets, router: str) -> Counted:
    """Speak to a relay as that router; return what arrived of it."""
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        for text in CLASSIC:
            line = b"<5>Nov 23 01:14:21 %s " % router.encode() + text
            out.sendto(line, ("127.0.0.1", inlets.rfc3164))
        for text in STRUCTURED:
            line = b"<5>1 2026-11-23T01:14:21.003Z %s " % router.encode() + text
            out.sendto(line, ("127.0.0.1", inlets.rfc5424))
    sent = len(CLASSIC) + len(STRUCTURED)
    until(lambda: counted(server, router).messages.total() >= sent, f"lines of {router}")
    return counted(server, router)


@needs("rsyslogd")
@pytest.mark.parametrize("way", RSYSLOG)
def test_all_that_rsyslogd_relays_is_counted_exactly(home, rsyslog, way):
    if not relays.rsyslog_can(way):
        pytest.skip("not on this machine: rsyslog-gnutls or rsyslog-openssl")
    assert relayed(home[0], rsyslog, f"rsyslog-{way}") == Counted(OUTCOMES, PORTS)


@needs_syslog_ng
@pytest.mark.parametrize("way", SYSLOG_NG)
def test_all_that_syslog_ng_relays_is_counted_exactly(home, syslog_ng, way):
    assert relayed(home[0], syslog_ng, f"syslog-ng-{way}") == Counted(OUTCOMES, PORTS)


def altered(relay, folder, router: str) -> list[bytes]:
    """Return what a relay really sends for two lines; a stamp that has a year is STAMP."""
    folder.mkdir()
    bells = b"kernel: a\tb\x1bc " + SHIFT_JIS.encode("cp932")
    structured = f"FIREWALL 7 ID7 {DATA} \ufeffd".encode()
    with (
        socket.socket(type=socket.SOCK_DGRAM) as into,
        socket.socket(type=socket.SOCK_DGRAM) as out,
    ):
        into.bind(("127.0.0.1", 0))
        into.settimeout(20)
        to = Collector(into.getsockname()[1], into.getsockname()[1], Authority(folder))
        with relay(folder, to) as inlets:
            head = b"<5>Nov 23 01:14:21 %s " % router.encode()
            out.sendto(head + bells, ("127.0.0.1", inlets.rfc3164))
            first = into.recv(9999)
            head = b"<5>1 2026-11-23T01:14:21.003Z %s " % router.encode()
            out.sendto(head + structured, ("127.0.0.1", inlets.rfc5424))
            arrived = (first, into.recv(9999))
    return [re.sub(rb" 2\d{3}-\S+", b" STAMP", line) for line in arrived]


# Neither touches Shift_JIS, nor what is escaped in structured data.
@needs("rsyslogd")
def test_rsyslogd_escapes_control_characters_and_keeps_the_mark_of_utf8(tmp_path):
    old, new = "rsyslog-udp-3164", "rsyslog-udp-5424"
    assert altered(relays.rsyslogd, tmp_path / "old", old) == [
        b"<5>Nov 23 01:14:21 rsyslog-udp-3164 kernel: a#011b#033c \x95\\\x8e\xa6\x83\\",
        b"<5>Nov 23 01:14:21 rsyslog-udp-3164 FIREWALL[7] \xef\xbb\xbfd",  # no colon
    ]
    assert altered(relays.rsyslogd, tmp_path / "new", new) == [
        # two blanks before the text
        b"<5>1 STAMP rsyslog-udp-5424 kernel - - -  a#011b#033c \x95\\\x8e\xa6\x83\\\n",
        f"<5>1 STAMP {new} FIREWALL 7 ID7 {DATA} \ufeffd\n".encode(),
    ]


@needs_syslog_ng
def test_syslog_ng_ends_datagrams_with_a_line_feed_and_keeps_the_rest(tmp_path):
    old, new = "syslog-ng-udp-3164", "syslog-ng-udp-5424"
    assert altered(relays.syslog_ngd, tmp_path / "old", old) == [
        b"<5>Nov 23 01:14:21 syslog-ng-udp-3164 kernel: a\tb\x1bc \x95\\\x8e\xa6\x83\\\n",
        b"<5>Nov 23 01:14:21 syslog-ng-udp-3164 FIREWALL[7]: d\n",  # without the mark of UTF-8
    ]
    assert altered(relays.syslog_ngd, tmp_path / "new", new) == [
        b"<5>1 STAMP syslog-ng-udp-5424 kernel - - - a\tb\x1bc \x95\\\x8e\xa6\x83\\\n",
        f"<5>1 STAMP {new} FIREWALL 7 ID7 {DATA} \ufeffd\n".encode(),
    ]


LOGGER = {
    2001: ("--udp",),  # RFC 5424 is what logger writes unless told otherwise
    2002: ("--udp", "--rfc3164"),
    2003: ("--udp", "--rfc5424=notime"),
    2004: ("--udp", "--rfc5424=notq"),
    2005: ("--udp", "--rfc5424=nohost"),
    2006: ("--udp", "--rfc5424=notime,nohost"),
    2007: ("--udp", "--sd-id=zone@32473", r'--sd-param=name="a \"quoted\" \] bracket"'),
    2008: ("--tcp",),
    2009: ("--tcp", "--rfc3164"),
    2010: ("--tcp", "--rfc5424=notime,notq,nohost"),
    2011: ("--tcp", "--octet-count"),
    2012: ("--tcp", "--octet-count", "--rfc3164"),
    2013: ("--tcp", "--octet-count", "--rfc5424=notq", "--msgid=ID7", "--id=42"),
    2014: ("--tcp", "--octet-count", "--sd-id=zone@32473", r'--sd-param=list="[1\]"'),
}


@needs("logger")
@pytest.mark.parametrize(("port", "options"), LOGGER.items())
def test_all_that_logger_sends_is_counted_exactly(home, port, options):
    server = home[0]
    router = "127.0.0.1" if "nohost" in options[-1] else socket.gethostname()
    before = counted(server, router).messages
    lines = (
        SENTENCE.format(port).encode(),
        b"DROP " + PACKET.format("", port).encode(),
        b"DROP " + SHIFT_JIS.encode("cp932") + b" " + PACKET.format("", port).encode(),
        b"DROP " + PACKET.format(" OPT=0101" * 890, port).encode(),
        "拒否しました".encode(),
    )
    to = ("--server=127.0.0.1", f"--port={server.syslog_port}", "--tag=kernel", "--size=9KiB")
    subprocess.run(["logger", *to, *options], input=b"\n".join(lines), timeout=30, check=True)

    def arrived():
        return counted(server, router).messages - before

    until(lambda: arrived().total() >= len(lines), "lines of logger")
    assert arrived() == {
        ("connection", "event"): 1,
        ("netfilter", "event"): 3,
        ("", "unrecognised"): 1,
    }
    assert counted(server, router).ports[str(port)] == 4


@needs("openssl")
def test_openssl_is_heard_with_a_certificate_and_refused_without(home):
    server, to = home
    shown = to.ca.issue("sender")

    def say(port: int, *options: object) -> None:
        argv = ["openssl", "s_client", "-connect", f"127.0.0.1:{to.tls_port}", *options]
        line = f"<5>Nov 23 01:14:21 openssl FIREWALL: {SENTENCE.format(port)}\n"
        subprocess.run(
            list(map(str, argv)), input=line.encode(), capture_output=True, timeout=30, check=False
        )

    def refused() -> float:
        name = "knockwatch_dropped_messages_total"
        return total(server.metrics(), name, listener="tls", reason="denied_sender")

    say(3001, "-CAfile", to.ca.file)
    until(lambda: refused() == 1, "refusal")
    say(3002, "-CAfile", to.ca.file, "-cert", shown.certificate, "-key", shown.key)
    until(lambda: counted(server, "openssl").ports, "line")
    assert counted(server, "openssl").ports == {"3002": 1}
    assert refused() == 1
    assert "it shows no certificate" in server.process.output()


@needs("openssl")
def test_the_documented_commands_make_certificates_that_are_heard(tmp_path):
    text = (knockwatch.ROOT / "docs" / "inputs.md").read_text("utf-8").partition("\n## TLS\n")[2]
    commands = text.partition("```sh\n")[2].partition("```")[0]
    subprocess.run(["sh", "-e", "-c", commands], cwd=tmp_path, capture_output=True, check=True)
    tls = knockwatch.free_port()
    own = f'tls_certificate = "{tmp_path}/homeserver.pem"\ntls_key = "{tmp_path}/homeserver.key"\n'
    more = f'tls_port = {tls}\n{own}tls_client_ca = "{tmp_path}/ca.pem"\n'
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    context.load_cert_chain(tmp_path / "router.pem", tmp_path / "router.key")
    with (
        knockwatch.serve(tmp_path, more=more) as server,
        socket.create_connection(("127.0.0.1", tls), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="homeserver.lan") as sender,
    ):
        sender.sendall(f"<5>Nov 23 01:14:21 router FIREWALL: {SENTENCE.format(4001)}\n".encode())
        until(lambda: counted(server, "router").ports, "line over TLS")
