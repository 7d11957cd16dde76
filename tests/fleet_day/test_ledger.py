from tests.fleet_day.internet import GAME, TORRENT, judged
from tests.fleet_day.ledger import Ledger, balance, names, shown_of

OWNERS = {"AS1": TORRENT, "AS2": None, "AS3": GAME}


def series(name, value=1.0, **labels):
    return {(f"knockwatch_{name}", frozenset(labels.items())): value}


def attributed(asn, device, process, value):
    labels = {"source_asn": asn, "device": device, "process": process, "site": "a"}
    return series("attributed_packets_total", value, **labels)


def test_what_is_neither_counted_nor_dropped_is_missing():
    ledger = Ledger()
    ledger.sent("a", 10, 8)
    ledger.sent("b", 5, 5)
    worker = series("messages_total", 9, site="a") | series("messages_total", 5, site="b")
    worker |= series("dropped_messages_total", 0, reason="forged")
    relay = series("dropped_messages_total", 1, listener="udp", reason="kernel_buffer")
    assert balance(ledger, [worker], [relay]).missing == 0
    found = balance(ledger, [worker], [])
    assert (found.missing, found.dropped) == (1, {})
    assert found.wrong == {"a": (10, 9)}


def test_what_was_counted_twice_is_less_than_nothing_missing():
    ledger = Ledger()
    ledger.sent("a", 10, 8)
    shown = series("messages_total", 11, site="a") | series("rejected_packets_total", 9, site="a")
    found = balance(ledger, [shown], [])
    assert (found.missing, found.packets) == (-1, (8, 9))


def test_what_a_relay_dropped_is_known_after_its_end():
    ledger = Ledger()
    ledger.sent("a", 10, 8)
    ledger.ended(series("dropped_messages_total", 10, listener="udp", reason="queue_full"))
    assert balance(ledger, [], []).missing == 0


def test_packets_are_undecided_or_decided():
    shown = series("undecided_packets", 3, site="a") | attributed("AS1", "", "", 4)
    found = balance(Ledger(), [shown], [])
    assert (found.undecided, found.decided) == (3, 4)


def test_a_name_is_right_when_it_is_of_the_program_and_the_kind_of_device():
    assert judged(OWNERS, "AS1", "PC-00017", TORRENT.program) == "right"
    assert judged(OWNERS, "AS1", "NAS-00017", TORRENT.program) == "wrong"
    assert judged(OWNERS, "AS1", "PC-00017", GAME.program) == "wrong"
    assert judged(OWNERS, "AS1", "other", TORRENT.program) == "right"
    assert judged(OWNERS, "AS1", "", "") == "none"


def test_any_name_for_a_strangers_packet_is_wrong():
    assert judged(OWNERS, "AS2", "PC-00017", TORRENT.program) == "wrong"
    assert judged(OWNERS, "AS2", "", "") == "none"


def test_a_network_without_a_series_tells_nothing_of_a_name():
    assert judged(OWNERS, "other", "PC-00017", TORRENT.program) is None


def test_packets_are_added_up_by_whose_they_are_and_how_they_are_named():
    first = attributed("AS1", "PC-1", TORRENT.program, 5) | attributed("AS2", "", "", 7)
    second = attributed("AS1", "", "", 2) | attributed("other", "", "", 1)
    assert names(OWNERS, [first, second]) == {
        (TORRENT.program, "right"): 5,
        (TORRENT.program, "none"): 2,
        ("", "none"): 7,
        ("?", "none"): 1,
    }


def test_series_of_a_region_are_counted_in_each_shard_and_its_routers_apart():
    shown = {
        **series("a_total", site="own", shard="0"),
        **series("b_total", site="own", shard="0"),
        **series("b_created", site="own", shard="0"),
        **series("a_total", site="tokyo", shard="0"),
        **series("b_total", site="tokyo", shard="0"),
        **series("a_total", site="tokyo", shard="1"),
        **series("b_total", site="tokyo", shard="1"),
        **series("clock", site="tokyo", shard="1", router="s1"),
        **series("late", site="tokyo", shard="1", router="s1"),
        **series("build_info"),
    }
    found = shown_of([shown], {"own"}, {"tokyo"})
    assert found == (2, 2, 2, 9)
