import pytest

from exporter.causes import strangers
from exporter.causes.signs import MANY_SOURCES
from exporter.causes.spread import Seen
from exporter.causes.strangers import FEW_PACKETS, MANY_ANSWERS, MANY_PORTS, SEVERAL_SOURCES
from tests.causes.cases import CONTENT, HOSTING, ISP, TCP, Case, signs

QUIC = {"our_port": 50123, "remote_port": 443, "source": CONTENT}
PEER = {"our_port": 50123, "remote_port": 40000, "source": ISP}


def late(packet, seen):
    cause = strangers.service_port(signs(Case("", "", "", packet, seen=seen)))
    assert cause is not None
    return cause.confidence


def test_a_stream_is_less_like_a_late_reply_than_a_few_packets():
    few, stream = Seen(1, 1, 1.0, FEW_PACKETS), Seen(1, 1, 1.0, FEW_PACKETS + 1)
    assert late(QUIC, stream) < late(QUIC, few)
    assert late(QUIC, Seen(1, MANY_SOURCES, 1.0)) < late(QUIC, few)
    assert late(QUIC | {"source": ISP}, few) == late(QUIC, stream)


def test_flags_make_a_tail_surer():
    flagged = strangers.tail(signs(Case("", "", "", TCP | {"remote_port": 443, "signal": "FA"})))
    assert flagged is not None
    assert late(TCP | {"remote_port": 443}, Seen(1, 1, 1.0)) < flagged.confidence


@pytest.mark.parametrize(
    ("sources", "port", "is_echo"),
    [(SEVERAL_SOURCES - 1, 50123, False), (SEVERAL_SOURCES, 50123, True), (1, 6881, True),
     (SEVERAL_SOURCES, 80, False)],
)  # fmt: skip
def test_a_new_address_explains_what_peers_send_and_nothing_else(sources, port, is_echo):
    case = Case(
        "", "", "", PEER | {"our_port": port}, seen=Seen(1, sources, 1.0), was="203.0.113.8"
    )
    assert (strangers.inherited(signs(case)) is not None) is is_echo


def test_a_known_change_is_surer_than_a_possible_one():
    seen = Seen(1, SEVERAL_SOURCES, 1.0)
    known, possible = (
        strangers.inherited(signs(Case("", "", "", PEER, seen=seen, was=was)))
        for was in ("203.0.113.8", "?")
    )
    assert known is not None
    assert possible is not None
    assert possible.confidence < known.confidence
    assert known.reasons[0].values == {"ago": 3600}


def test_a_server_that_opens_connections_to_many_ports_answers_nothing():
    packet = TCP | {"remote_port": 443, "source": CONTENT}
    seen = Seen(MANY_PORTS, 1, 5.0)
    opening = strangers.scan(signs(Case("", "", "", packet | {"signal": "S"}, seen=seen)))
    assert opening is not None
    assert opening.reasons[0].code == "ports_of_source"
    assert strangers.scan(signs(Case("", "", "", packet, seen=seen))) is None  # it may be answers


@pytest.mark.parametrize(
    ("network", "ports", "is_scan"),
    [(ISP, MANY_ANSWERS - 1, False), (ISP, MANY_ANSWERS, True), (HOSTING, MANY_PORTS, True),
     (CONTENT, MANY_ANSWERS, False)],
)  # fmt: skip
def test_a_providers_own_server_may_answer_some_ports(network, ports, is_scan):
    packet = {"our_port": 50123, "remote_port": 53, "source": network}
    seen = Seen(ports, 1, 5.0)
    assert (strangers.scan(signs(Case("", "", "", packet, seen=seen))) is not None) is is_scan


def test_a_file_sharing_port_is_no_clearer_a_late_reply_for_its_network():
    few = Seen(1, 1, 1.0)
    assert late(QUIC | {"our_port": 51413}, few) < late(QUIC, few)
