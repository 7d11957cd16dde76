from exporter.attribution.crowds import Crowd, Touched
from exporter.attribution.waiting import Waiting
from tests.rejections import AKAMAI, NOW, rejection

PLACES = [("23.45.67.1", "1"), ("23.45.67.2", "1"), ("23.45.67.1", "1"), ("23.45.67.1", "2")]


def crowd(*places, begin=NOW, **facts):
    sources, ports = zip(*places, strict=True)
    like = rejection(
        received=begin, remote_ip=sources[0], our_port=int(ports[0]), line="x", **facts
    )
    count = len(places)
    return Crowd(
        *(like, [begin + n for n in range(count)], sources, [AKAMAI] * count),
        *([str(5000 + n) for n in range(count)], ports, [b"line %d" % n for n in range(count)]),
    )


def waits(waiting):
    return [
        (g.rejection.remote_ip, g.rejection.our_port, g.rejection.remote_port, g.packets, g.last)
        for g in waiting.groups()
    ]


def test_a_crowd_waits_as_its_packets_would():
    one_by_one, together = Waiting(), Waiting()
    for at in range(len(PLACES)):
        one_by_one.add(crowd(*PLACES).packet(at))
    touched = Touched(together, spelled=True)
    touched.gather(crowd(*PLACES))
    assert together.groups() == one_by_one.groups()
    assert [id(group) for group in together.groups()] == list(touched.groups)
    assert waits(together)[0] == ("23.45.67.1", 1, 5000, 2, NOW + 2)


def test_each_packet_keeps_its_own_line():
    assert crowd(*PLACES).packet(2).line == "line 2"


def test_of_packets_of_one_source_and_port_the_first_stands_for_all():
    firsts, packets = crowd(*PLACES).grouped()
    assert (firsts.source_ports, packets) == (["5000", "5001", "5003"], [2, 1, 1])


def test_alone_a_crowd_need_not_be_spelled_out_and_grows():
    waiting = Waiting()
    touched = Touched(waiting, spelled=False)
    touched.gather(crowd(*PLACES))
    touched.gather(crowd(*PLACES))
    assert (len(waiting), len(touched.crowds), len(touched.crowds[0].lines)) == (0, 1, 8)
    assert touched.room == waiting.room - 8


def test_what_comes_in_between_spells_it_out_in_order():
    waiting = Waiting()
    touched = Touched(waiting, spelled=False)
    touched.gather(crowd(*PLACES))
    assert touched.add(rejection(remote_ip="23.45.67.9"))
    touched.gather(crowd(("23.45.67.2", "1"), ("23.45.67.7", "1")))
    assert [(ip, n) for ip, _, _, n, _ in waits(waiting)] == [
        ("23.45.67.1", 2),
        *(("23.45.67.2", 2), ("23.45.67.1", 1), ("23.45.67.9", 1), ("23.45.67.7", 1)),
    ]
    assert touched.crowds == []


def test_crowds_that_take_turns_are_spelled_out():
    touched = Touched(Waiting(), spelled=False)
    touched.gather(crowd(*PLACES))
    touched.gather(crowd(*PLACES, transport="tcp"))
    assert len(touched.crowds) == 2
    touched.gather(crowd(*PLACES))
    assert (touched.crowds, len(touched.groups)) == ([], 6)


def test_what_waits_together_with_packets_from_a_port():
    assert list(crowd(*PLACES).mates({"5000"})) == [0, 2]
    assert list(crowd(*PLACES).mates({"5001", "5003"})) == [1, 3]
    assert not list(crowd(*PLACES).mates({"1"}))
    assert list(crowd(*PLACES).at([0, 2]).sources) == ["23.45.67.1"] * 2
