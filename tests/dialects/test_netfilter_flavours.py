import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects.netfilter_flavours import Prefix, read


@pytest.mark.parametrize(
    ("prefix", "meaning"),
    [
        ("", Prefix("other")),
        ("DROP INVALID ", Prefix("rejected", "drop")),
        ("IPTABLES-DROP: ", Prefix("rejected", "drop")),
        ("iptables denied: ", Prefix("rejected", "denied")),
        ("FINAL_REJECT: ", Prefix("rejected", "reject")),
        ("[ BLOCK ] ", Prefix("rejected", "block")),
        ("permit-lan ", Prefix("accepted", "permit")),
        ("backdrop, dropbox and unblocked ", Prefix("other")),
        ("OUT_CONN ", Prefix("other")),
        ("Intrusion -> ", Prefix("rejected")),
        ("[UFW LIMIT BLOCK] ", Prefix("rejected", "block")),
        ("[UFW AUDIT INVALID] ", Prefix("other")),
        ("Shorewall:net2fw:REJECT:", Prefix("rejected", "reject", "net2fw")),
        ("Shorewall6:drop-net:LOG:", Prefix("other", None, "drop-net")),
        ("Shorewall:net2loc:DNAT:", Prefix("accepted", "dnat", "net2loc")),
        ("net-fw DROP ", Prefix("rejected", "drop", "net-fw")),
        ("net-fw INVALID ", Prefix("other", None, "net-fw")),
        ("filter_IN_block_ACCEPT: ", Prefix("accepted", "accept")),
        ("drop wan invalid ct state: ", Prefix("rejected", "drop", "drop wan invalid ct state")),
        ("[NAT-1-DNAT]", Prefix("accepted", "dnat", "NAT-1-DNAT")),
        ("[NAT-5000-MASQ]", Prefix("other", None, "NAT-5000-MASQ")),
        ("[DST-NAT-10] ", Prefix("accepted", "dnat", "DST-NAT-10")),
        ("[STATE-POLICY-EST-A]", Prefix("accepted", None, "STATE-POLICY-EST-A")),
        ("[IDS-B]", Prefix("other")),
        (
            "7 1 tap7i0-IN 10/Nov/2026:23:04:06 +0900 policy DROP: ",
            Prefix("rejected", "drop", "tap7i0-IN"),
        ),
        ("7 1 tap7i0-IN 10/Nov/2026:23:04:06 -0500 ", Prefix("other", None, "tap7i0-IN")),
        ("[WAN_LOCAL-default-D]", Prefix("rejected", None, "WAN_LOCAL-default-D")),
        ("[ipv4-NAM-WAN-10-A]", Prefix("accepted", None, "ipv4-NAM-WAN-10-A")),
        ("[WAN_IN-B-4000000003-D]", Prefix("rejected", None, "WAN_IN-B-4000000003-D")),
        ('[LAN-A-9] DESCR="Block all" ', Prefix("accepted", None, "LAN-A-9")),
        ('[LAN-9] DESCR="[LAN] Allow x" ', Prefix("accepted", "allow", "LAN-9")),
        ('[LAN-9] DESCR="no verdict" ', Prefix("other", None, "LAN-9")),
        ("[PREROUTING-DNAT-5] ", Prefix("accepted", "dnat", "PREROUTING-DNAT-5")),
        ("reject wan in: ", Prefix("rejected", "reject", "reject wan in")),
        ("ACCEPT lan forward: ", Prefix("accepted", "accept", "ACCEPT lan forward")),
        ("REJECT(dest wan)", Prefix("rejected", "reject", "REJECT(dest wan)")),
        ("Allow-DHCP-Renew: ", Prefix("accepted", "allow", "Allow-DHCP-Renew")),
        ("My game server: ", Prefix("other", None, "My game server")),
        ("iptables: ", Prefix("other")),
        ("INPUT: ", Prefix("other")),
        ("banIP/inp-wan/drp/feed: ", Prefix("rejected", "drp", "banIP/inp-wan/drp/feed")),
    ],
)
def test_a_prefix_says(prefix, meaning):
    assert read(prefix) == meaning


@given(st.text())
def test_any_prefix_can_be_read_and_a_rule_is_part_of_it(prefix):
    for text in (prefix, f"[{prefix}]", f"{prefix}: ", f"Shorewall:{prefix}:DROP:"):
        rule = read(text).rule
        assert rule is None or rule in text
