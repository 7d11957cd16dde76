import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.events import Candidate, Cause, Network, Reason
from exporter.evidence import Suspect
from exporter.evidence import store as module
from tests.evidence.stores import ALWAYS, nobody, store, stored, suspects, who
from tests.rejections import NOW, decision, named, rejection

DECISIONS = st.lists(
    st.builds(
        lambda device, cause, **facts: decision(
            rejection(**facts),
            attribution=named(device=device, process="p" * bool(device)),
            cause=Cause(name=cause, verdict="watch", confidence=0.5),
        ),
        device=st.sampled_from(["", "ANNA-PC", "BEN"]),
        cause=st.sampled_from(["scan", "p2p", "unknown"]),
        received=st.floats(NOW, NOW + 300),
        remote_ip=st.sampled_from(["", "198.51.100.7", "198.51.100.8", "2001:db8::7"]),
        our_port=st.sampled_from([None, 0, 23, 51413]),
        transport=st.sampled_from(["", "udp", "tcp"]),
        source=st.sampled_from([Network("AS1"), Network("AS2", "Two"), Network("unknown")]),
        count=st.integers(1, 1_000_000),
    ),
    max_size=40,
)


@given(DECISIONS, st.lists(st.integers(0, 40), max_size=3), st.sampled_from([2, 20_000]))
def test_every_packet_is_in_one_suspect(decisions, writes, gathered):
    kept = store()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_GATHERED", gathered)
        for number, one in enumerate(decisions):
            kept.record(one)
            if number in writes:
                kept.write(kept.take(), NOW)
    kept.write(kept.take(), NOW)
    found = suspects(kept)
    assert sum(s.packets for s in found) == sum(one.rejection.count for one in decisions)
    for suspect in found:
        assert suspect.packets > 0
        assert NOW <= suspect.first <= suspect.last <= NOW + 300
        assert suspect.total == sum(s.packets for s in found)
    keys = [
        (s.device, s.process, s.cause, s.transport, s.network.asn * (not s.device)) for s in found
    ]
    assert len(set(keys)) == len(keys)


def test_a_program_is_one_suspect_for_each_cause_whatever_the_networks():
    kept = stored(
        who("ANNA-PC", source=Network("AS1", "One"), remote_ip="198.51.100.1", count=3),
        who("ANNA-PC", source=Network("AS2", "Two"), remote_ip="198.51.100.2", count=5),
        who("ANNA-PC", "q", source=Network("AS2", "Two")),
    )
    first, second = suspects(kept)
    assert (first.process, first.packets, first.networks, first.sources) == ("p", 8, 2, 2)
    assert first.network == Network("AS2", "Two")
    assert (second.process, second.packets) == ("q", 1)


def test_nobody_is_one_suspect_for_each_network():
    kept = stored(nobody(source=Network("AS1")), nobody(source=Network("AS2"), count=9))
    assert [(s.network.asn, s.packets) for s in suspects(kept)] == [("AS2", 9), ("AS1", 1)]


def test_a_suspect_says_what_the_decision_said():
    reasons, why = (Reason("port_open", {"port": 51413}),), (Reason("program_listens"),)
    candidates = (Candidate(device="ANNA-PC", process="p", evidence="socket", confidence=0.99),)
    one = decision(
        rejection(received=NOW, count=4),
        attribution=named(reasons=reasons, candidates=candidates),
        cause=Cause(name="p2p", verdict="act", confidence=0.85, reasons=why),
    )
    [suspect] = suspects(stored(one))
    assert suspect == Suspect(
        number=suspect.number,
        device="ANNA-PC",
        process="netsession_win.exe",
        evidence="socket",
        confidence=0.99,
        cause="p2p",
        verdict="act",
        direction="inbound",
        transport="udp",
        network=one.rejection.remote,
        networks=1,
        sources=1,
        ports=(51413,),
        routers=("gate",),
        packets=4,
        total=4,
        first=NOW,
        last=NOW,
        reasons=reasons,
        cause_reasons=why,
        candidates=("ANNA-PC",),
    )


def test_a_port_is_shown_with_its_own_transport_and_direction():
    scan = {"remote_ip": "198.51.100.7", "count": 1}
    kept = stored(
        nobody(our_port=23, transport="tcp", **scan | {"count": 9}),
        nobody(our_port=5060, transport="udp", **scan),
        nobody(our_port=23, transport="tcp", direction="outbound", **scan),
    )
    assert [(s.direction, s.transport, s.ports, s.packets) for s in suspects(kept)] == [
        ("inbound", "tcp", (23,), 9),
        ("inbound", "udp", (5060,), 1),
        ("outbound", "tcp", (23,), 1),
    ]


def test_packets_that_waited_were_seen_last_when_the_newest_came():
    one = decision(rejection(received=NOW, count=7), last=NOW + 90)
    [suspect] = suspects(stored(one, now=NOW + 100))
    assert (suspect.first, suspect.last) == (NOW, NOW + 90)


def test_a_network_whose_name_is_learnt_later_is_one_network():
    kept = stored(
        nobody(source=Network("AS1"), remote_ip="198.51.100.1"),
        nobody(source=Network("AS1", "One"), remote_ip="198.51.100.2", received=NOW + 60),
    )
    [suspect] = suspects(kept)
    assert (suspect.networks, suspect.network) == (1, Network("AS1", "One"))


def test_what_must_be_acted_on_is_never_cut_off():
    act = Cause(name="scan", verdict="act", confidence=1.0)
    many = [nobody(source=Network(f"AS{n}"), count=100 + n) for n in range(20)]
    kept = stored(*many, decision(cause=act), who("ANNA-PC", count=2))
    found = kept.suspects(*ALWAYS, most=3)
    assert [s.packets for s in found] == [119, 2, 1]
    assert {s.total for s in found} == {sum(range(100, 120)) + 3}


def test_ports_are_the_five_with_the_most_packets():
    kept = stored(*(who("ANNA-PC", our_port=port, count=port) for port in range(1, 9)))
    assert suspects(kept)[0].ports == (8, 7, 6, 5, 4)


def test_a_port_zero_is_a_port_and_none_is_not():
    assert suspects(stored(who("ANNA-PC", our_port=0)))[0].ports == (0,)
    assert suspects(stored(who("ANNA-PC", our_port=None)))[0].ports == ()


def test_only_what_overlaps_the_period_counts():
    kept = stored(*(nobody(received=NOW + hour * 3600, count=hour + 1) for hour in range(5)))
    [suspect] = kept.suspects(NOW + 3600, NOW + 3 * 3600)
    assert (suspect.packets, suspect.first, suspect.last) == (9, NOW + 3600, NOW + 3 * 3600)
    assert kept.suspects(NOW + 6 * 3600, NOW + 9 * 3600) == []
    assert kept.suspects(NOW - 9, NOW - 1) == []


def test_the_most_are_those_with_the_most_packets():
    kept = stored(*(nobody(source=Network(f"AS{n}"), count=n) for n in range(1, 100)))
    assert [s.packets for s in kept.suspects(*ALWAYS, most=3)] == [99, 98, 97]


def test_addresses_that_were_not_kept_apart_are_not_one_address(monkeypatch):
    monkeypatch.setattr(module, "MAX_GATHERED", 1)
    kept = stored(*(nobody(remote_ip=f"198.51.100.{n}") for n in range(1, 9)))
    found = {suspect.network.asn: suspect.sources for suspect in suspects(kept)}
    assert found == {"AS20940": 1, "other": 0}
