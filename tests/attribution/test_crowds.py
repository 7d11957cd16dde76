from exporter.attribution.crowds import Crowd, Groups, Touched
from exporter.attribution.waiting import Group, Waiting
from exporter.syslog.columns import Column
from tests.rejections import AKAMAI, NOW, rejection

PLACES = [("23.45.67.1", "1"), ("23.45.67.2", "1"), ("23.45.67.1", "1"), ("23.45.67.1", "2")]


def crowd(*places, begin=NOW, **facts):
    sources, ports = zip(*places, strict=True)
    like = rejection(
        received=begin, remote_ip=sources[0], our_port=int(ports[0]), line="x", **facts
    )
    count = len(places)
    return Crowd(
        *(like, dict.fromkeys(sources, AKAMAI), [begin + n for n in range(count)]),
        *(Column(sources), [str(5000 + n) for n in range(count)], Column(ports)),
        [b"line %d" % n for n in range(count)],
    )


def spelled(packets):
    return Group(rejection=packets, packets=packets.count, last=packets.received)


def one_by_one(*crowds):
    waiting = Waiting()
    for some in crowds:
        for at in range(len(some.ports)):
            waiting.add(spelled(some.packet(at)))
    return waiting.groups()


def groups(touched):
    """What does not wait yet, by place."""
    return [
        list(found.grouped().all()) if isinstance(found, Crowd) else found
        for found in touched.others()
    ]


def test_a_crowd_comes_to_the_groups_that_its_packets_would():
    touched = Touched(Waiting())
    touched.gather(crowd(*PLACES))
    [found] = groups(touched)
    assert found == one_by_one(crowd(*PLACES))
    assert [(g.rejection.remote_port, g.packets, g.last) for g in found] == [
        *((5000, 2, NOW + 2), (5001, 1, NOW + 1), (5003, 1, NOW + 3))
    ]


def test_each_packet_keeps_its_own_line():
    assert crowd(*PLACES).packet(2).line == "line 2"


def test_crowds_of_one_place_and_what_comes_between_them_are_one():
    between = rejection(remote_ip="23.45.67.2", our_port=1, destination_port=1, line="Zürich")
    touched = Touched(Waiting())
    touched.gather(crowd(*PLACES))
    touched.add(between)
    touched.gather(crowd(*PLACES, transport="tcp"))
    touched.gather(crowd(("23.45.67.7", "1")))
    [found, apart] = touched.others()
    assert isinstance(found, Crowd)
    firsts, packets, *_ = found.grouped()
    assert [(ip, n) for ip, n in zip(firsts.sources, packets, strict=True)] == [
        *(("23.45.67.1", 2), ("23.45.67.2", 2), ("23.45.67.1", 1), ("23.45.67.7", 1)),
    ]
    assert apart.like.transport == "tcp"
    assert Crowd.of([between, crowd(*PLACES)]).packet(0) == between


def test_what_has_no_columns_spells_out_all_of_its_place():
    for odd in (rejection(count=3), rejection(our_port=None), rejection(remote_port=None)):
        touched = Touched(Waiting())
        touched.gather(crowd(*PLACES))
        touched.add(odd)
        assert groups(touched) == [[*one_by_one(crowd(*PLACES)), spelled(odd)]]


def test_packets_join_those_that_wait_already():
    waiting = Waiting()
    waiting.add(spelled(crowd(*PLACES).packet(1)))
    touched = Touched(waiting)
    touched.gather(crowd(*PLACES))
    touched.add(rejection(received=NOW + 9, remote_ip="23.45.67.2", our_port=1))
    [group] = waiting.groups()
    assert (group.packets, group.last) == (3, NOW + 9)
    assert list(touched.joined()) == [[group]]
    [found] = groups(touched)
    assert sum(other.packets for other in found) == len(PLACES) - 1
    assert found[0].rejection == crowd(*PLACES).packet(0)


def test_groups_by_columns_are_those_that_they_were_made_of():
    some = one_by_one(crowd(*PLACES))
    columns = Groups.of(some)
    assert list(columns.all()) == some
    assert list(columns.without([1]).all()) == [some[0], some[2]]
    assert [columns.firsts.packet(at) for at in range(3)] == [group.rejection for group in some]
    apart = crowd(*PLACES).grouped().without([0, 2])
    assert list(apart.all()) == [some[1]]
    assert apart.firsts.like == some[1].rejection
    assert crowd(*PLACES).grouped().without(range(3)).packets == []


def test_what_waits_together_with_packets_from_a_port():
    assert list(crowd(*PLACES).mates({"5000"})) == [0, 2]
    assert list(crowd(*PLACES).mates({"5001", "5003"})) == [1, 3]
    assert not list(crowd(*PLACES).mates({"1"}))
    assert list(crowd(*PLACES).those([0, 2]).sources) == ["23.45.67.1"] * 2
