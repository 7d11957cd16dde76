"""What a relay counts, and how a scrape shows it."""

from exporter.fleet import relay_metrics as rm
from exporter.fleet.relay_metrics import RelayMetrics
from exporter.metrics.formats import encode
from tests.fleet.outgoing import row
from tests.system.parts.exposition import total

NOW = 1_700_000_000.0


def exposition(metrics, *state):
    return encode(metrics.families(state))[0].decode()


def test_messages_and_reports_are_counted_apart():
    metrics = RelayMetrics(lambda: NOW)
    report = row(3)._replace(kind="report", listener="http", messages=0)
    for one in (row(1), row(2)._replace(listener="tcp"), report):
        metrics.relayed(one)
        metrics.oversize(one)
    metrics.dropped("udp", "spool_full", 5)
    metrics.report("accepted")
    metrics.disk_failed()
    metrics.failed("lines", ValueError())
    text = exposition(metrics)
    assert total(text, "knockwatch_relayed_messages_total", listener="udp") == 2
    assert total(text, "knockwatch_relayed_messages_total", listener="tcp") == 2
    assert total(text, "knockwatch_relayed_reports_total") == 1
    assert total(text, "knockwatch_dropped_messages_total", reason="oversize") == 4
    assert total(text, "knockwatch_dropped_messages_total", listener="udp") == 7
    assert total(text, "knockwatch_reports_total", outcome="accepted") == 1
    assert total(text, "knockwatch_state_errors_total", database="spool") == 1
    assert total(text, "knockwatch_internal_errors_total", task="lines") == 1


def test_a_gauge_without_a_value_is_left_out():
    text = exposition(RelayMetrics(lambda: NOW), (rm.OLDEST, None), (rm.WAITING, 0.0))
    assert "\nknockwatch_relay_oldest_timestamp_seconds" not in text
    assert "\nknockwatch_relay_waiting_messages 0.0\n" in text
    assert "\nknockwatch_build_info{" in text
