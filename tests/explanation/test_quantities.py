import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.explanation.quantities import confidence, duration, packets, period, ports, share
from tests.explanation.scenarios import FOUNDING, but


@pytest.mark.parametrize(
    ("seconds", "en", "ja"),
    [
        (0, "less than a second", "1秒足らず"),
        (1, "1 second", "1秒"),
        (59.9, "59 seconds", "59秒"),
        (60, "1 minute", "1分"),
        (90, "90 seconds", "90秒"),
        (5400, "90 minutes", "90分"),
        (3600, "1 hour", "1時間"),
        (86400, "24 hours", "24時間"),
        (7 * 86400, "7 days", "7日"),
    ],
)
def test_a_duration_has_the_unit_that_says_it_best(seconds, en, ja):
    assert (duration(seconds, "en"), duration(seconds, "ja")) == (en, ja)


@pytest.mark.parametrize(
    ("seconds", "en", "ja"),
    [
        (60, "in the last minute", "この1分間"),
        (900, "in the last 15 minutes", "この15分間"),
        (3600, "in the last hour", "この1時間"),
        (86400, "in the last 24 hours", "この24時間"),
        (7 * 86400, "in the last 7 days", "この7日間"),
    ],
)
def test_a_period_ends_now(seconds, en, ja):
    assert (period(seconds, "en"), period(seconds, "ja")) == (en, ja)


@given(total=st.integers(2, 10**9), data=st.data())
def test_a_share_is_neither_nothing_nor_all(total, data):
    part = data.draw(st.integers(1, total - 1))
    assert not share(part, total, "en").startswith(("0 ", "100 "))


@pytest.mark.parametrize(
    ("part", "total", "en", "ja"),
    [
        (4127, 4211, "98 %", "98%"),
        (1, 4211, "Under 1 %", "1%未満"),
        (4210, 4211, "Over 99 %", "99%以上"),
    ],
)
def test_a_share_is_in_percent_without_decimals(part, total, en, ja):
    assert (share(part, total, "en"), share(part, total, "ja")) == (en, ja)


@pytest.mark.parametrize(
    ("count", "total", "seconds", "en", "ja"),
    [
        (1, 1, None, "This packet", "このパケット"),
        (1200, 1200, None, "These 1,200 packets", "この1,200個のパケット"),
        (1, 1, 3600, "The only rejected packet in the last hour", "この1時間に拒否された唯一"),
        (4211, 4211, 3600, "All 4,211 rejected packets in the last hour", "全4,211パケット"),
        (2, 4, 3600, "50 % of 4 rejected packets in the last hour", "4パケットの50%"),
        (7, 0, 3600, "All 7 rejected packets in the last hour", "全7パケット"),
    ],
)
def test_packets_are_counted_in_words(count, total, seconds, en, ja):
    subject = but(FOUNDING, packets=count, total=total, period_seconds=seconds)
    assert packets(subject, "en") == en
    assert ja in packets(subject, "ja")


def test_a_log_at_its_limit_tells_of_some_and_not_of_all():
    least = but(FOUNDING, packets=40, total=50, period_seconds=3600, at_least=True)
    assert packets(least, "en") == "80 % of at least 50 rejected packets in the last hour"
    assert packets(least, "ja") == "この1時間に拒否された少なくとも50パケットの80%"
    whole = but(least, packets=50)
    assert packets(whole, "en") == "All of at least 50 rejected packets in the last hour"
    assert packets(whole, "ja") == "この1時間に拒否されたパケット（少なくとも50個）のすべて"


@pytest.mark.parametrize(
    ("transport", "numbers", "en", "ja"),
    [
        ("udp", (51413,), "UDP port 51413", "UDPポート51413"),
        ("tcp", (22, 80), "TCP ports 22, 80", "TCPポート22、80"),
        ("tcp", (22, 80, 443, 1), "TCP ports 22, 80, 443 and others", "TCPポート22、80、443など"),
        ("", (9,), "port 9", "ポート9"),
        ("icmp", (), "your address", "お使いのIPアドレス"),
    ],
)
def test_ports_have_no_thousands_separator(transport, numbers, en, ja):
    assert (ports(transport, numbers, "en"), ports(transport, numbers, "ja")) == (en, ja)


@pytest.mark.parametrize(
    ("value", "en"), [(0.95, "0.95"), (0.9901, "0.99"), (0.9999, "over 0.99"), (1.0, "over 0.99")]
)
def test_nothing_is_quite_certain(value, en):
    assert confidence(value, "en") == en
