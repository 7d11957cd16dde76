import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.transports import gateway

HEADING = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
LINK = "eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"


@pytest.mark.parametrize(
    ("table", "gateways"),
    [
        ("", []),
        (HEADING, []),
        (HEADING + LINK, []),
        (HEADING + DEFAULT + LINK, ["172.18.0.1"]),
        (HEADING + DEFAULT + DEFAULT.replace("010012AC", "0101A8C0"),
         ["172.18.0.1", "192.168.1.1"]),
        (HEADING + DEFAULT.replace("010012AC", "00000000"), []),  # a point-to-point link
        # half of the Internet through a VPN is no default route
        (HEADING + DEFAULT.replace("0\t00000000\t0\t0\t0\n", "0\t00000080\t0\t0\t0\n"), []),
        (HEADING + DEFAULT.replace("00000000", "0001A8C0", 1), []),
        (HEADING + "eth0\t00000000\t01001\n", []),
        (HEADING + "eth0\t00000000\tXX0012AC\t0003\t0\t0\t0\t00000000\n", []),
        (HEADING + "\n \n" + DEFAULT, ["172.18.0.1"]),
    ],
    ids=range(11),
)  # fmt: skip
def test_gateways_are_those_of_the_default_routes(table, gateways):
    assert [address for address, _ in gateway.read(table)] == gateways


@given(
    st.text() | st.lists(st.sampled_from([HEADING, DEFAULT, LINK, "\n", "0", "eth0"])).map("".join)
)
def test_any_table_is_read(table):
    for found, _ in gateway.read(table):
        assert found.count(".") == 3


def test_a_machine_that_does_not_tell_has_no_gateways(tmp_path):
    assert gateway.ours(tmp_path) == []
    (tmp_path / "proc" / "net" / "route").mkdir(parents=True)
    assert gateway.ours(tmp_path) == []


def test_our_gateways_are_read_from_the_system(tmp_path):
    (tmp_path / "proc" / "net").mkdir(parents=True)
    (tmp_path / "proc" / "net" / "route").write_bytes((HEADING + DEFAULT).encode() + b"\xff\n")
    assert gateway.ours(tmp_path) == ["172.18.0.1"]


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_a_container_is_known_by_its_mark(tmp_path, mark):
    assert not gateway.in_container(tmp_path)
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).touch()
    assert gateway.in_container(tmp_path)


def machine(root, *, container, ifindex, iflink):
    """Write what a machine or container tells of its network."""
    about = root / "sys/class/net/eth0"
    for folder in (root / "proc/net", about):
        folder.mkdir(parents=True)
    (root / "proc/net/route").write_text(HEADING + DEFAULT)
    (about / "ifindex").write_text(f"{ifindex}\n")
    (about / "iflink").write_text(f"{iflink}\n")
    if container:
        (root / ".dockerenv").touch()
    return root


def test_the_gateway_of_a_containers_own_network_may_hide_who_sends(tmp_path):
    root = machine(tmp_path, container=True, ifindex=7, iflink=8)
    assert gateway.masks(root) == ["172.18.0.1"]


def test_in_the_hosts_network_the_gateway_is_the_homes_router_and_hides_nobody(tmp_path):
    root = machine(tmp_path, container=True, ifindex=2, iflink=2)
    assert gateway.ours(root) == ["172.18.0.1"]
    assert gateway.masks(root) == []


def test_outside_a_container_nobody_is_hidden(tmp_path):
    assert gateway.masks(machine(tmp_path, container=False, ifindex=7, iflink=8)) == []


def test_a_container_that_does_not_tell_its_links_may_hide_senders(tmp_path):
    root = machine(tmp_path, container=True, ifindex=7, iflink=8)
    (root / "sys/class/net/eth0/iflink").unlink()
    assert gateway.masks(root) == ["172.18.0.1"]
