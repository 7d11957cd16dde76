"""The cases that homes are made of, from a router's event to a name: what stands between is NAT."""

import pytest

from exporter.attribution import Attributor
from exporter.attribution.candidates import MIN_CONFIDENCE
from exporter.enrichment.asn import build
from exporter.enrichment.direction import Home, rejection
from exporter.enrichment.networks import Networks
from exporter.events import Event
from exporter.knowledge import load
from tests.world import NOW, STRANGER, WAN, flow, home, port_kind, report, socket
from tests.world import rejection as refused

CARRIERS, UPSTREAM = "100.72.0.10", "10.0.0.2"  # outside addresses that are not the home's alone
PHONE, PC, ROUTER = "192.168.1.30", "192.168.1.10", "192.168.1.1"
NETWORKS = Networks(load().networks, build([], []))


def ask(hosts, source=STRANGER, to=WAN, source_port=3478, port=51413, **facts):
    """Return direction and finding for a refused UDP packet."""
    event = Event(
        kind="rejected",
        transport="udp",
        source_ip=source,
        source_port=source_port,
        destination_ip=to,
        destination_port=port,
        **facts,
    )
    packet = rejection(event, router="gw", received=NOW, home=Home(), networks=NETWORKS)
    return packet.direction, Attributor(hosts, port_kind).attribute(packet)


def named(hosts, *args, **facts):
    """Return who is named, and how it is known."""
    found = ask(hosts, *args, **facts)[1].attribution
    return found.device, found.process, found.evidence


def phone(*sockets, **facts):
    return report("PHONE", *sockets, addresses=(PHONE,), **facts)


# --- behind another NAT ---------------------------------------------------------------------------


@pytest.mark.parametrize("outside", [CARRIERS, UPSTREAM])
def test_behind_a_carrier_or_a_second_router_the_port_is_still_our_own_routers(outside):
    hosts = home(phone(socket()))
    assert ask(hosts, to=outside)[0] == "inbound"
    assert named(hosts, to=outside) == ("PHONE", "netsession_win.exe", "socket")


@pytest.mark.parametrize("outside", [CARRIERS, UPSTREAM])
def test_the_routers_table_holds_behind_a_carrier_as_well(outside):
    talk = flow(51413, local_ip=PHONE, nat_port=29279)
    table = report("ROUTER", flows=(talk,), addresses=(ROUTER, outside))
    hosts = home(phone(socket(process="call")), table)
    assert named(hosts, to=outside, port=29279) == ("PHONE", "call", "mapping")


def test_what_the_carrier_itself_sends_names_nobody_by_its_address():
    hosts = home(report("ROUTER", addresses=(ROUTER, CARRIERS)), phone())
    assert named(hosts, source="100.64.0.1", to=CARRIERS) == ("", "", "none")


# --- hairpin -------------------------------------------------------------------------------------


def test_who_calls_the_homes_own_outside_address_is_the_caller_not_who_is_called():
    server = report("PC", socket(25565, "minecraft_server"), addresses=(PC,))
    hosts = home(phone(socket(40000, "minecraft")), server)
    direction, finding = ask(hosts, source=PHONE, source_port=40000, port=25565)
    assert direction == "outbound"
    assert (finding.attribution.device, finding.attribution.process) == ("PHONE", "minecraft")


def test_a_caller_that_nobody_watches_is_not_taken_for_who_is_called():
    hosts = home(report("PC", socket(25565, "minecraft_server"), addresses=(PC,)))
    assert named(hosts, source=PHONE, source_port=40000, port=25565) == ("", "", "none")


def test_a_caller_behind_the_routers_own_address_is_known_by_its_conversation():
    server = report("PC", socket(25565, "minecraft_server"), addresses=(PC,))
    caller = phone(socket(40000, "minecraft", remote_ip=WAN, remote_port=25565))
    router = report("ROUTER", addresses=(ROUTER, WAN))
    ends = {"source": WAN, "source_port": 40000, "port": 25565}
    assert ask(home(caller, server, router), **ends)[0] == "local"
    assert named(home(caller, server, router), **ends) == ("PHONE", "minecraft", "flow")
    assert named(home(server, router), **ends) == ("", "", "none")


def test_a_packet_forged_from_our_own_address_accuses_no_service():
    nas = report("NAS", socket(123, "ntpd"), socket(5060, "asterisk"))
    for port in (123, 5060):
        assert named(home(nas), source=WAN, source_port=port, port=port) == ("", "", "none")


# --- the router itself ---------------------------------------------------------------------------


def test_a_late_reply_to_the_router_itself_is_nobodys_at_home():
    assert named(home(phone(socket(50000, "other"))), port=40123) == ("", "", "none")


def test_a_router_with_an_agent_is_named_for_its_own_conversation_alone():
    talk = flow(40123, local_ip=WAN)
    router = report("ROUTER", socket(40123, "ntpd"), flows=(talk,), addresses=(ROUTER, WAN))
    assert named(home(router, phone()), port=40123) == ("ROUTER", "ntpd", "flow")
    assert named(home(router, phone()), source="192.0.2.99", port=40124) == ("", "", "none")


def test_while_another_device_has_the_port_the_routers_next_word_is_waited_for():
    talk = flow(51413, local_ip=PHONE, age_seconds=60.0)
    table = report("ROUTER", flows=(talk,), addresses=(ROUTER, WAN))
    caller, rival = phone(socket(process="game")), report("PC", socket(process="game"))
    assert ask(home(caller, table), source="192.0.2.99")[1].settled
    finding = ask(home(caller, rival, table), source="192.0.2.99")[1]
    assert (finding.attribution.device, finding.settled) == ("PHONE", False)


def test_a_stranger_at_one_of_the_few_ports_of_a_shared_address_may_have_met_it_by_chance():
    port = 4096 | 0x78 << 4
    talk = flow(51413, local_ip=PHONE, nat_port=port)
    hosts = home(phone(socket()), report("ROUTER", flows=(talk,), addresses=(ROUTER,)))
    attributor, packet = Attributor(hosts, port_kind), refused(port, remote_ip="192.0.2.99")
    sure = attributor.attribute(packet).attribution
    for block in range(1, 16):
        attributor.nats.add(refused(block << 12 | 0x78 << 4))
    found = attributor.attribute(packet).attribution
    assert (found.device, found.evidence) == ("PHONE", "socket")
    assert MIN_CONFIDENCE < found.confidence < sure.confidence


# --- one port, several programs ------------------------------------------------------------------


def test_a_port_that_one_program_left_to_another_names_the_device_alone():
    hosts = home(phone(socket(process="updater")), at=NOW - 60)
    hosts.report(phone(socket(process="player", age_seconds=20.0)), NOW - 1)
    assert named(hosts) == ("PHONE", "", "socket")


def test_a_program_that_took_the_port_after_the_conversation_is_not_named_for_it():
    talk = flow(local_ip=PHONE, age_seconds=40.0)
    hosts = home(phone(socket(process="player", age_seconds=20.0), flows=(talk,)))
    assert named(hosts) == ("PHONE", "", "flow")


@pytest.mark.parametrize(("later", "process"), [("updater", "updater"), ("player", "")])
def test_of_programs_that_had_a_port_of_the_routers_table_one_is_named_if_it_is_one(later, process):
    """The first conversation was the updater's; when the second ended, both had had the port."""
    ends = (("192.0.2.50", 50.0), ("192.0.2.51", 5.0))
    talks = tuple(flow(51413, ip, local_ip=PHONE, age_seconds=age) for ip, age in ends)
    hosts = home(phone(socket(process="updater")), at=NOW - 70)
    hosts.report(phone(socket(process=later, age_seconds=45.0)), NOW - 2)
    hosts.report(report("ROUTER", flows=talks, addresses=(ROUTER, WAN)), NOW - 1)
    assert named(hosts) == ("PHONE", process, "socket")


def test_who_took_the_port_after_the_conversation_is_not_named_for_the_routers_word():
    talk = flow(local_ip=PHONE, age_seconds=50.0)
    hosts = home(phone(), at=NOW - 70)
    hosts.report(phone(socket(process="player", age_seconds=40.0)), NOW - 2)
    hosts.report(report("ROUTER", flows=(talk,), addresses=(ROUTER, WAN)), NOW - 1)
    assert named(hosts) == ("PHONE", "", "mapping")


def test_a_published_port_of_which_only_the_proxy_is_seen_is_said_to_be_a_containers():
    assert named(home(phone(socket(process="docker-proxy")))) == ("PHONE", "docker-proxy", "socket")
    application = load().application("docker-proxy", "udp", 51413)
    assert application is not None
    assert "container" in application.name


# --- a stranger who knocks ------------------------------------------------------------------------


def test_who_asks_for_a_new_connection_answers_nobody_that_talked_to_it():
    visited = socket(50123, "firefox", transport="tcp", remote_ip=STRANGER)
    listening = socket(6881, "torrent", transport="tcp", state="listen")
    hosts = home(report("PC", visited, listening), phone())

    def asked(port, signal, **facts):
        packet = refused(port, transport="tcp", signal=signal, **facts)
        return Attributor(hosts, port_kind).attribute(packet).attribution.device

    assert asked(3389, "S") == ""
    assert asked(3389, "SA") == asked(3389, "A") == asked(3389, "") == "PC"
    assert asked(6881, "S") == "PC"
    assert asked(40000, "S", direction="outbound") == "PC"


def test_who_asks_for_a_new_connection_answers_nobody_that_asked_for_its_name():
    attributor = Attributor(home(phone()), port_kind)
    lookup = Event(kind="dns", hostname="a.example", source_ip=PHONE, ip=STRANGER)
    attributor.lookups.add("gw", lookup, NOW - 5)
    for signal, device in (("S", ""), ("SA", "PHONE")):
        packet = refused(3389, transport="tcp", signal=signal)
        assert attributor.attribute(packet).attribution.device == device
