import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import (
    cisco_asa,
    draytek,
    filterlog,
    ipfilter,
    mikrotik,
    netfilter,
    sophos,
    yamaha_rtx,
)
from exporter.dialects.signals import flags, icmp_type
from exporter.syslog import header


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        *(("SYN", "S"), ("SYN ACK", "SA"), ("ACK SYN", "SA"), ("SYN,ACK", "SA"), ("FIN ACK", "FA")),
        *(("ACK PSH FIN", "FAP"), ("RST", "R"), ("CWR ECE SYN", "S"), ("URG", "U")),
        *(("S", "S"), ("SA", "SA"), ("AS", "SA"), ("S.", "SA"), ("R", "R"), ("SEW", "S")),
        *(
            ("", None),
            ("ECE", None),
            ("SYNACK", None),
            ("SYN FOO", None),
            ("DF", None),
            ("-", None),
        ),
    ],
)
def test_flags_have_one_form_however_they_are_printed(text, signal):
    assert flags(text) == signal


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        *(("8", "8"), ("type 8, code 0", "8"), ("request", "8"), ("unreachport", "3")),
        *(("echo request", "8"), ("Time Exceeded", "11"), ("destination unreachable", "3")),
        *(("timexceed", "11"), ("", None), ("1234", None), ("redirect", None), ("٣", None)),
    ],
)
def test_a_type_is_a_number(text, signal):
    assert icmp_type(text) == signal


def test_words_mean_other_numbers_in_icmpv6():
    assert icmp_type("echo request", "icmpv6") == "128"
    assert icmp_type("unreachport", "icmpv6") == "1"
    assert icmp_type("3", "icmpv6") == "3"


@given(st.text(max_size=40))
def test_any_text_is_a_signal_or_none(text):
    assert set(flags(text) or "") <= set("SFRAPU")
    kind = icmp_type(text)
    assert kind is None or kind.isdecimal()


ENDS = "SRC=198.51.100.7 DST=203.0.113.9 LEN=40"
LOG = "filterlog[1]: 8,,,1000000103,igb0,match,block,in"
FROM = "firewall,info drop input: in:ether1 out:(unknown 0)"
TO = "198.51.100.7:80->203.0.113.9:50123, len 40"


ACROSS = "198.51.100.7,203.0.113.9"
NAT = "198.51.100.7/80 to 203.0.113.9/50123"
MON = "ipmon[1]: 23:04:05 ce0 @0:1 b 198.51.100.7,80 -> 203.0.113.9,50123 PR"
VIGOR = "[FILTER][Block][WAN1->LAN, 0:5:3 ][@S:R=6:1, 198.51.100.7:80 -> 203.0.113.9:50123]"
UTM = (
    'ulogd[9]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="Packet dropped" '
    'action="drop" fwrule="60001" initf="eth1" srcip="198.51.100.7" dstip="203.0.113.9"'
)
YAMAHA = "LAN2 Rejected at IN(1012) filter"
KERNEL = f"DROP IN=eth0 OUT= {ENDS} PROTO"
ICMP = "%ASA-3-106014: Deny inbound icmp"
PORTS = "SPT=80 DPT=50123"


@pytest.mark.parametrize(
    ("dialect", "line", "signal"),
    [
        (netfilter, f"{KERNEL}=TCP {PORTS} WINDOW=0 RES=0x00 ACK RST URGP=0", "RA"),
        (netfilter, f"{KERNEL}=TCP {PORTS} WINDOW=0 RES=0x00 AC", None),
        (netfilter, f"{KERNEL}=UDP {PORTS} LEN=20", None),
        (netfilter, f"{KERNEL}=ICMP TYPE=3 CODE=1 [{ENDS} PROTO=ICMP TYPE=8 CODE=0 ]", "3"),
        (filterlog, f"{LOG},4,0x0,,47,1,0,none,6,tcp,52,{ACROSS},80,50123,0,SA,1,,65535,,", "SA"),
        (filterlog, f"{LOG},6,0,0,64,TCP,6,40,2001:db8::7,2001:db8::9,80,50123,0,S,1,,1,,", "S"),
        (filterlog, f"{LOG},4,0x0,,47,1,0,none,1,icmp,52,{ACROSS},request,1,2", "8"),
        (filterlog, f"{LOG},4,0x0,,47,1,0,none,17,udp,52,{ACROSS},80,50123,0", None),
        (mikrotik, f"{FROM}, proto TCP (SYN,ACK), {TO}", "SA"),
        (mikrotik, f"{FROM}, proto TCP, {TO}", None),
        (mikrotik, f"{FROM}, proto ICMP (type 8, code 0), 198.51.100.7->203.0.113.9, len 84", "8"),
        (yamaha_rtx, f"{YAMAHA}: ICMP 198.51.100.7 > 203.0.113.9 : echo request", "8"),
        (yamaha_rtx, f"{YAMAHA}: ICMPv6 2001:db8:7::1 > 2001:db8:9::5 : time exceeded", "3"),
        (draytek.DIALECT, f"{VIGOR}[TCP][HLen=20, TLen=44, Flag=SA, Seq=1, Ack=2, Win=9]", "SA"),
        (sophos.UTM, f'{UTM} proto="6" srcport="80" dstport="50123" tcpflags="ACK SYN"', "SA"),
        (yamaha_rtx, f"{YAMAHA}: TCP 198.51.100.7:80 > 203.0.113.9:50123", None),
        (ipfilter, f"{MON} tcp len 20 40 -AF IN", "FA"),
        (ipfilter, f"{MON} udp len 20 40 IN", None),
        (cisco_asa, f"%ASA-6-106015: Deny TCP (no connection) from {NAT} flags FIN ACK on x", "FA"),
        (cisco_asa, f"{ICMP} src a:198.51.100.7 dst b:203.0.113.9 (type 8, code 0)", "8"),
    ],
)  # fmt: skip
def test_a_dialect_that_prints_them_reads_them(dialect, line, signal):
    message = header.read(line.encode(), 0.0)
    assert dialect.claims(message)
    assert dialect.parse(message).signal == signal
