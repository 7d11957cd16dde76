import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.attribution import Attributor
from exporter.attribution.candidates import MIN_CONFIDENCE
from tests.world import NOW, STRANGER, attribute, flow, home, port_kind, rejection, report, socket

NETSESSION = report("ANNA-PC", socket())
OTHER = report("BEN-PC", socket(6881, "torrent"))


def codes(attribution):
    return [reason.code for reason in attribution.reasons]


def test_the_only_device_with_the_port_is_named_with_its_program():
    found, settled = attribute(home(NETSESSION, OTHER), rejection())
    assert (found.device, found.process, found.evidence) == (
        "ANNA-PC",
        "netsession_win.exe",
        "socket",
    )
    assert found.confidence >= 0.95
    assert settled
    assert codes(found) == ["port_open"]


def test_a_port_that_was_closed_nine_minutes_ago_still_names():
    hosts = home(NETSESSION, at=NOW - 555)
    hosts.report(report("ANNA-PC"), NOW - 540)
    found, _ = attribute(hosts, rejection())
    assert (found.device, found.evidence) == ("ANNA-PC", "socket")
    assert found.reasons[0].values["closed_for"] == 555


def test_a_port_that_was_open_once_and_closed_eleven_minutes_ago_names_nobody():
    hosts = home(report("ANNA-PC", socket(age_seconds=0.0)), at=NOW - 660)
    hosts.report(report("ANNA-PC"), NOW - 645)
    found, _ = attribute(hosts, rejection())
    assert (found.device, found.evidence) == ("", "none")


def test_two_devices_with_the_port_name_nobody():
    hosts = home(NETSESSION, report("BEN-PC", socket(51413, "torrent")))
    found, settled = attribute(hosts, rejection())
    assert (found.device, found.process, found.evidence) == ("", "", "ambiguous")
    assert {candidate.device for candidate in found.candidates} == {"ANNA-PC", "BEN-PC"}
    assert found.confidence < MIN_CONFIDENCE
    assert not settled


def test_of_two_devices_with_the_port_the_one_that_talked_to_the_address_is_named():
    hosts = home(
        report("ANNA-PC", socket(), socket(50000, "netsession_win.exe", remote_ip=STRANGER)),
        report("BEN-PC", socket(51413, "torrent")),
    )
    found, _ = attribute(hosts, rejection())
    assert (found.device, found.evidence) == ("ANNA-PC", "remote")
    assert {candidate.device for candidate in found.candidates} == {"ANNA-PC", "BEN-PC"}


def test_a_flow_to_the_address_from_the_port_outranks_an_open_port_elsewhere():
    hosts = home(report("ANNA-PC", flows=(flow(),)), report("BEN-PC", socket(51413, "torrent")))
    found, settled = attribute(hosts, rejection())
    assert (found.device, found.evidence, settled) == ("ANNA-PC", "flow", True)


def test_a_connected_socket_is_a_flow_with_a_program():
    hosts = home(report("ANNA-PC", socket(50123, "firefox", remote_ip=STRANGER)))
    found, _ = attribute(hosts, rejection(50123))
    assert (found.device, found.process, found.evidence) == ("ANNA-PC", "firefox", "flow")


def test_the_port_after_nat_is_what_a_flow_is_matched_by():
    hosts = home(report("ANNA-PC", flows=(flow(50123, nat_port=29279),)))
    assert attribute(hosts, rejection(29279)).attribution.evidence == "flow"
    assert attribute(hosts, rejection(50123)).attribution.evidence == "remote"


def test_a_flow_has_the_program_of_its_socket():
    hosts = home(report("A", socket(50123, "firefox"), flows=(flow(50123, nat_port=29279),)))
    found, _ = attribute(hosts, rejection(29279))
    assert (found.device, found.process, found.evidence) == ("A", "firefox", "flow")


def test_talk_from_another_port_names_by_remote():
    hosts = home(report("ANNA-PC", socket(50123, "firefox", remote_ip=STRANGER)), OTHER)
    found, _ = attribute(hosts, rejection(33333))
    assert (found.device, found.process, found.evidence) == ("ANNA-PC", "firefox", "remote")


def test_two_devices_that_talked_to_the_address_name_nobody():
    talk = socket(50123, "firefox", remote_ip=STRANGER)
    found, _ = attribute(home(report("A", talk), report("B", talk)), rejection(33333))
    assert (found.device, found.evidence) == ("", "ambiguous")


def test_talk_more_than_ten_minutes_ago_is_no_evidence():
    hosts = home(report("A", flows=(flow(50123, age_seconds=601.0),)), at=NOW)
    assert attribute(hosts, rejection(33333)).attribution.evidence == "none"


def test_several_programs_on_the_port_name_the_device_alone():
    hosts = home(report("A", socket(process="one"), socket(local_ip="192.168.1.2", process="two")))
    found, _ = attribute(hosts, rejection())
    assert (found.device, found.process, found.evidence) == ("A", "", "socket")


@pytest.mark.parametrize(
    ("transport", "port", "reason"),
    [
        ("tcp", 22, "untellable_low_port"),
        ("udp", 500, "untellable_low_port"),
        ("tcp", 51413, "untellable_tcp"),
        ("udp", 5060, "untellable_scan_port"),
        ("udp", 51900, "untellable_scan_port"),
        ("udp", 5353, "untellable_everyone_port"),
        ("udp", 1900, "untellable_everyone_port"),
    ],
)
def test_an_open_port_that_anybody_tries_accuses_nobody(transport, port, reason):
    hosts = home(report("NAS", socket(port, "sshd", transport=transport, state="listen")))
    for day in range(4):
        hosts.report(report("NAS", socket(port, "sshd", transport=transport)), NOW + day * 600)
    found, _ = attribute(hosts, rejection(port, transport=transport, received=NOW + 1800))
    assert (found.device, found.process, found.evidence) == ("", "", "none")
    assert codes(found)[0] == reason
    assert [candidate.device for candidate in found.candidates] == ["NAS"]


def test_tcp_is_named_by_a_flow():
    tail = socket(50123, "firefox", transport="tcp", state="time_wait", remote_ip=STRANGER)
    found, _ = attribute(home(report("A", tail)), rejection(50123, transport="tcp"))
    assert (found.device, found.evidence) == ("A", "flow")


@pytest.mark.parametrize("local_ip", ["127.0.0.1", "127.0.0.53", "::1", "fe80::1"])
def test_a_socket_that_the_packet_cannot_reach_is_no_evidence(local_ip):
    hosts = home(report("A", socket(local_ip=local_ip)))
    assert attribute(hosts, rejection()).attribution.evidence == "none"


def test_a_dual_stack_socket_is_reached_by_ipv4():
    hosts = home(report("A", socket(local_ip="::")))
    assert attribute(hosts, rejection()).attribution.evidence == "socket"


def used_three_times(device="A", process="game", spacing=1200.0, last=NOW - 700):
    hosts = home()
    for number in (2, 1, 0):
        at = last - number * spacing
        hosts.report(report(device, socket(40000, process, age_seconds=0)), at)
        hosts.report(report(device), at + 15)
    return hosts


def test_a_port_seen_at_three_separate_times_names_by_history():
    found, settled = attribute(used_three_times(), rejection(40000))
    assert (found.device, found.process, found.evidence) == ("A", "game", "history")
    assert not settled


def test_history_fades_until_it_is_too_weak_to_name():
    found, _ = attribute(used_three_times(last=NOW - 6 * 3600), rejection(40000))
    assert (found.device, found.evidence) == ("", "none")
    assert codes(found)[0] == "too_weak"
    assert [candidate.device for candidate in found.candidates] == ["A"]


def test_history_of_two_devices_names_nobody():
    hosts = used_three_times()
    for number in (2, 1, 0):
        at = NOW - 700 - number * 1200.0
        hosts.report(report("B", socket(40000, "game", age_seconds=0)), at)
        hosts.report(report("B"), at + 15)
    assert attribute(hosts, rejection(40000)).attribution.evidence == "ambiguous"


def test_an_hour_of_one_socket_is_many_separate_times():
    hosts = home(report("A", socket(40000, "game", age_seconds=3600)), at=NOW - 700)
    hosts.report(report("A"), NOW - 690)
    assert attribute(hosts, rejection(40000)).attribution.evidence == "history"


def test_an_absurd_age_costs_nothing():
    old = report("A", socket(40000, "game", age_seconds=1e12))
    hosts = home(old, at=NOW - 700)
    hosts.report(report("A"), NOW - 690)
    found, _ = attribute(hosts, rejection(40000))
    assert found.evidence == "history"
    assert found.reasons[0].values["times"] <= 145


def test_two_sightings_are_not_history():
    hosts = home()
    for at in (NOW - 3000, NOW - 1500):
        hosts.report(report("A", socket(40000, "game", age_seconds=0)), at)
        hosts.report(report("A"), at + 15)
    assert attribute(hosts, rejection(40000)).attribution.evidence == "none"


def test_an_inside_address_names_its_device_and_no_program_by_itself():
    hosts = home(report("NAS", addresses=("2001:db8::5",)), NETSESSION)
    packet = rejection(22, transport="tcp", our_ip="2001:db8::5", inside=True)
    found, settled = attribute(hosts, packet)
    assert (found.device, found.process, found.evidence) == ("NAS", "", "mapping")
    assert settled
    assert codes(found) == ["inside_address"]


def test_an_inside_address_looks_for_the_program_on_its_device_only():
    hosts = home(
        report("NAS", socket(51413, "nas", local_ip="::"), addresses=("2001:db8::5",)), NETSESSION
    )
    packet = rejection(our_ip="2001:db8::5", inside=True, remote_ip="2001:db8:ffff::1")
    found, _ = attribute(hosts, packet)
    assert (found.device, found.process, found.evidence) == ("NAS", "nas", "socket")


def test_an_inside_address_of_nobody_names_nobody_whoever_has_the_port():
    packet = rejection(our_ip="192.168.1.99", inside=True)
    found, _ = attribute(home(NETSESSION), packet)
    assert (found.device, found.evidence) == ("", "none")
    assert codes(found)[0] == "inside_address_unknown"


def test_an_outbound_packet_of_a_low_port_may_be_named_by_its_socket():
    hosts = home(report("A", socket(123, "ntpd"), addresses=("192.168.1.5",)))
    packet = rejection(123, our_ip="192.168.1.5", inside=True, direction="outbound")
    found, _ = attribute(hosts, packet)
    assert (found.device, found.process, found.evidence) == ("A", "ntpd", "socket")


def test_nobody_is_an_answer_that_says_whether_anybody_could_have_been_found():
    assert codes(attribute(home(), rejection()).attribution) == ["no_agents"]
    found = attribute(home(OTHER), rejection()).attribution
    assert [(reason.code, reason.values) for reason in found.reasons] == [
        ("no_match", {"agents": 1})
    ]


@pytest.mark.parametrize("packet", [rejection(None), rejection(remote_ip="")])
def test_what_the_line_does_not_say_names_nobody_by_that(packet):
    hosts = home(report("A", socket(50123, "x", remote_ip=STRANGER)))
    expected = "remote" if packet.remote_ip else "none"
    assert attribute(hosts, packet).attribution.evidence == expected


def test_a_young_socket_is_not_settled():
    hosts = home(report("A", socket(age_seconds=10.0)), at=NOW)
    found, settled = attribute(hosts, rejection())
    assert (found.evidence, settled) == ("socket", False)


def test_a_rival_that_appears_within_the_grace_makes_it_ambiguous():
    hosts = home(report("A", socket(age_seconds=10.0)), at=NOW)
    hosts.report(report("B", socket(process="rival", age_seconds=20.0)), NOW + 10)
    assert attribute(hosts, rejection()).attribution.evidence == "ambiguous"


# --- decoys --------------------------------------------------------------------------------------


def test_a_home_where_every_port_is_open_shows_false_names():
    every = tuple(socket(port, "greedy", age_seconds=9999) for port in range(49152, 50176))
    attributor = Attributor(home(report("A", *every)), port_kind)
    found = [attributor.decoy(rejection(49152 + n)) for n in range(1000)]
    assert found.count("socket") > 0
    assert set(found) <= {"socket", "none"}


@pytest.mark.parametrize("packet", [rejection(None), rejection(our_ip="2001:db8::5", inside=True)])
def test_where_no_port_decides_there_is_no_decoy(packet):
    hosts = home(report("NAS", addresses=("2001:db8::5",)))
    assert Attributor(hosts, port_kind).decoy(packet) is None


# --- laws ----------------------------------------------------------------------------------------

SOCKETS = st.builds(
    socket,
    st.sampled_from([22, 5353, 40000, 51413, 51900]),
    st.sampled_from(["a", "b", None]),
    local_ip=st.sampled_from(["0.0.0.0", "::", "127.0.0.1", "192.168.1.2"]),
    remote_ip=st.sampled_from([None, STRANGER]),
    transport=st.sampled_from(["udp", "tcp"]),
)


@given(
    devices=st.lists(st.lists(SOCKETS, max_size=4), max_size=4),
    port=st.sampled_from([22, 5353, 40000, 51413, 51900, None]),
    transport=st.sampled_from(["udp", "tcp", "icmp"]),
)
def test_a_name_has_enough_confidence_and_one_device_at_its_level(devices, port, transport):
    hosts = home(*(report(f"d{n}", *sockets) for n, sockets in enumerate(devices)))
    found, settled = attribute(hosts, rejection(port, transport=transport))
    if found.device:
        assert found.confidence >= MIN_CONFIDENCE
        assert found.evidence not in ("none", "ambiguous")
        level = [c for c in found.candidates if c.evidence == found.evidence]
        assert [c.device for c in level] == [found.device]
    else:
        assert found.process == ""
        assert found.evidence in ("none", "ambiguous")
        assert not settled
    assert msgspec.json.encode(found)


def test_who_tries_one_port_after_the_other_meets_an_open_one_by_chance():
    hosts = home(NETSESSION, OTHER)
    attributor = Attributor(hosts, port_kind)
    assert attributor.attribute(rejection(), tried=4).attribution.device == "ANNA-PC"
    found = attributor.attribute(rejection(), tried=5).attribution
    assert (found.device, codes(found)[0]) == ("", "untellable_sweep")
    assert [candidate.device for candidate in found.candidates] == ["ANNA-PC"]
