import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.causes import spread as spreads
from exporter.causes.signs import MANY_SOURCES
from exporter.causes.spread import MAX_KEYS, MAX_VALUES, WINDOW, Seen, Spread, knock
from exporter.causes.strangers import MANY_ANSWERS, MANY_PORTS, SEVERAL_SOURCES
from exporter.syslog.columns import Column
from tests.rejections import NOW, rejection

PACKETS = st.lists(
    st.tuples(
        st.floats(0, 400),  # seconds since the packet before
        st.integers(0, 5).map("198.51.100.{}".format),
        st.sampled_from(["udp", "tcp"]),
        st.none() | st.integers(0, 5),
        st.integers(1, 100),
    ),
    min_size=1,
    max_size=60,
)


@given(PACKETS)
def test_few_are_never_under_counted_nor_remembered_for_longer_than_the_window(packets):
    spread, now, history = Spread(), NOW, []
    for pause, source, transport, port, count in packets:
        now += pause
        history.append((now, source, transport, port, count))
        spread.add(source, transport, port, count, now)
        seen = spread.seen(source, transport, port, now)
        half = [packet for packet in history if packet[0] > now - WINDOW / 2]
        whole = [packet for packet in history if packet[0] >= now - WINDOW]
        least, most = (
            (
                len({p for _, s, _, p, _ in known if s == source}),
                len({s for _, s, t, p, _ in known if (t, p) == (transport, port)}),
                sum(c for _, _, t, p, c in known if (t, p) == (transport, port)),
            )
            for known in (half, whole)
        )
        assert least[0] <= seen.ports_of_source <= most[0]
        assert least[1] <= seen.sources_of_port <= most[1]
        assert least[2] / (WINDOW / 60) <= seen.packets_per_minute <= most[2]


def test_what_nobody_did_is_itself_alone():
    assert Spread().seen("198.51.100.7", "udp", 5, NOW) == Seen(1, 1, 0.0)


def test_a_scan_is_seen_as_ports_of_one_source():
    spread = Spread()
    for port in range(20):
        spread.add("198.51.100.7", "tcp", port, 1, NOW + port)
    seen = spread.seen("198.51.100.7", "tcp", 3, NOW + 20)
    assert (seen.ports_of_source, seen.sources_of_port) == (20, 1)


def test_what_a_device_sends_out_is_counted_by_the_addresses_it_tried_and_apart():
    spread = Spread()
    for n in range(20):
        out = rejection(
            direction="outbound", remote_ip=f"198.51.100.{n}", our_port=40000 + n, remote_port=23
        )
        spread.add(*knock(out), 1, NOW + n)
    seen = spread.seen(*knock(out), NOW + 20)
    assert (seen.ports_of_source, seen.sources_of_port) == (1, 20)
    answer = rejection(remote_ip="198.51.100.3", remote_port=23, our_port=40003)
    assert spread.seen(*knock(answer), NOW + 20) == Seen(1, 1, 0.0)


def test_peers_are_seen_as_sources_of_one_port():
    spread = Spread()
    for peer in range(20):
        spread.add(f"198.51.100.{peer}", "udp", 51413, 1, NOW + peer)
    seen = spread.seen("198.51.100.3", "udp", 51413, NOW + 20)
    assert (seen.ports_of_source, seen.sources_of_port) == (1, 20)
    assert spread.seen("198.51.100.3", "tcp", 51413, NOW + 20).sources_of_port == 1


def test_both_halves_of_the_window_are_joined():
    spread = Spread()
    for port in (1, 2, 3):
        spread.add("198.51.100.7", "udp", port, 1, NOW)
    for port in (3, 4):
        spread.add("198.51.100.7", "udp", port, 1, NOW + WINDOW / 2 + 1)
    seen = spread.seen("198.51.100.7", "udp", 4, NOW + WINDOW / 2 + 1)
    assert seen.ports_of_source == 4


def test_after_ten_minutes_nothing_is_remembered_even_if_nothing_came_since():
    spread = Spread()
    for port in range(20):
        spread.add("198.51.100.7", "udp", port, 50, NOW)
    assert spread.seen("198.51.100.7", "udp", 3, NOW + WINDOW + 1) == Seen(1, 1, 0.0)


def test_a_quiet_time_does_not_stretch_the_window():
    spread = Spread()
    for port in range(20):
        spread.add("198.51.100.7", "udp", port, 50, NOW)
    spread.add("203.0.113.9", "udp", 1, 1, NOW + WINDOW - 1)
    spread.add("203.0.113.9", "udp", 1, 1, NOW + WINDOW + 60)
    seen = spread.seen("198.51.100.7", "udp", 3, NOW + WINDOW + 60)
    assert (seen.ports_of_source, seen.packets_per_minute) == (1, 0.0)


def test_the_rate_of_a_steady_stream_is_its_rate():
    spread = Spread()
    for second in range(3600):
        spread.add("198.51.100.7", "udp", 51413, 2, NOW + second)
        if second > 60:
            rate = spread.seen("198.51.100.7", "udp", 51413, NOW + second).packets_per_minute
            assert 110 < rate < 130


def test_a_burst_within_seconds_is_no_rate_of_a_minute():
    spread = Spread()
    spread.add("198.51.100.7", "udp", 51413, 100, NOW)
    assert spread.seen("198.51.100.7", "udp", 51413, NOW + 1).packets_per_minute == 100


@pytest.mark.thorough
def test_made_up_sources_and_ports_cost_a_fixed_amount_of_memory():
    spread = Spread()
    for number in range(50_000):
        spread.add(f"source-{number}", "udp", number, 1, NOW)
        spread.add("one source", "udp", number, 1, NOW)
        spread.add(f"source-{number}", "udp", 51413, 1, NOW)
    for kept in (spread._ports, spread._sources):
        new = kept._new
        assert max(len(new.packets), len(new.values), len(new.full)) <= MAX_KEYS
        assert max(map(len, new.values.values())) <= MAX_VALUES


def state(spread):
    return [
        (list(half.packets.items()), [(key, [*v]) for key, v in half.values.items()], half.full)
        for kept in (spread._ports, spread._sources)
        for half in (kept._new, kept._old)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_many_at_once_come_to_what_they_come_to_one_by_one(seed, monkeypatch):
    chance = random.Random(seed)
    monkeypatch.setattr(spreads, "MAX_KEYS", chance.choice((10, 100)))
    spread, each, now = Spread(), Spread(), NOW
    for _ in range(8):
        number = chance.randrange(1, 600)
        sources = [f"198.51.100.{chance.randrange(chance.choice((2, 60)))}" for _ in range(number)]
        ports = [str(chance.randrange(chance.choice((2, 200)))) for _ in range(number)]
        each.add_each(Column(sources), "udp", Column(ports), now)
        for source, port in zip(sources, ports, strict=True):
            spread.add(source, "udp", int(port), 1, now)
        assert state(spread) == state(each)
        assert max(map(len, each._ports._new.values.values())) <= MAX_VALUES
        now += chance.choice((1.0, 200.0, 400.0))


def test_what_does_not_fit_is_counted_as_at_least_one():
    spread = Spread()
    for number in range(MAX_KEYS + 1):
        spread.add(f"source-{number}", "udp", number, 1, NOW)
    late = spread.seen(f"source-{MAX_KEYS}", "udp", MAX_KEYS, NOW)
    assert (late.ports_of_source, late.sources_of_port) == (1, 1)


def test_lines_without_any_time_are_counted_too():
    spread = Spread()
    for port in range(6):
        spread.add("198.51.100.7", "tcp", port, 1, 0.0)
    assert spread.seen("198.51.100.7", "tcp", 5, 0.0).ports_of_source == 6


@pytest.mark.parametrize(("live", "rate"), [(True, 5000.0), (False, 0.0)])
def test_what_a_file_has_all_at_one_moment_has_no_rate(live, rate):
    spread = Spread(live=live)
    for number in range(5000):
        spread.add(f"198.51.100.{number % 200}", "udp", 51413, 1, NOW)
    seen = spread.seen("198.51.100.7", "udp", 51413, NOW)
    assert (seen.sources_of_port, seen.packets_per_minute) == (MAX_VALUES, rate)
    assert spread.seen("198.51.100.7", "udp", 51413, NOW + 1).packets_per_minute == 5000.0


def test_the_rules_ask_for_no_more_than_is_counted():
    assert max(MANY_ANSWERS, MANY_PORTS, MANY_SOURCES, SEVERAL_SOURCES) <= MAX_VALUES


def test_packets_of_a_source_count_to_whatever_port():
    spread = Spread()
    for port in (5, 6, 6):
        spread.add("198.51.100.7", "udp", port, 2, NOW)
    assert spread.seen("198.51.100.7", "udp", 5, NOW).packets_of_source == 6
    assert spread.seen("198.51.100.8", "udp", 5, NOW).packets_of_source == 1  # itself
