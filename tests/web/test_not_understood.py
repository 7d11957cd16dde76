"""The rows of the panel: every router that sent something that nobody understood, and no other."""

from exporter.web import not_understood

NO_VERDICT = "<4>kernel: IN-NEW IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=TCP DPT=23"


def rows(home):
    pipeline = home.service.pipeline
    return not_understood.rows(pipeline.stages.metrics, pipeline.unread, home.now)


def understood(home):
    return not_understood.is_anything_understood(home.service.pipeline.stages.metrics)


def test_a_router_has_its_numbers_and_newest_forms(home):
    home.hears("<5>odd line 1", "<5>odd line 2", NO_VERDICT, "last message repeated 5000000 times")
    home.hears("<5>TCP connection accepted from 198.51.100.7:1 to 192.168.1.5:443", router="quiet")
    [row] = rows(home)
    assert row.router == "192.168.1.1"
    assert (row.unrecognised, row.malformed, row.no_verdict, row.last_hour) == (2, 1, 1, 4)
    assert [form.kind for form in row.forms] == ["malformed", "no_verdict", "unrecognised"]
    assert row.forms[2].text == "odd line <number>"
    assert row.forms[2].count == 2


def test_what_was_counted_before_the_start_is_shown_without_forms(home):
    home.service.pipeline.stages.metrics.message("old", None, "unrecognised", home.now)
    [row] = rows(home)
    assert (row.router, row.unrecognised, row.last_hour, row.forms) == ("old", 1, 0, ())


def test_where_all_is_understood_there_is_no_row(home):
    home.hears("<5>UDP connection rejected from 198.51.100.7:1 to 203.0.113.9:5")
    assert rows(home) == ()


def test_packets_without_a_verdict_are_not_yet_anything_understood(home):
    home.hears("<5>odd line", NO_VERDICT)
    assert not understood(home)
    home.hears("<5>NAT TX-ERROR List Create Error")
    assert understood(home)
