"""What the doctor looks at is what the pipeline saw since the start."""

from exporter import condition
from exporter.doctor import Condition
from exporter.pipeline import Pipeline
from tests.test_pipeline import FOUNDING, pipeline, send
from tests.world import NOW, report, socket

NO_VERDICT = b"kernel: IN-NEW IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=TCP DPT=23"
NEARLY = b"kernel: DROP INN=eth0 OUT= MAC= SOURCE=198.51.100.7 DEST=203.0.113.9 LEN=40 TTL=245"


def look(line_pipe: Pipeline, now: float = NOW, before: float = 0.0) -> Condition:
    def grown(metric):
        series = line_pipe.stages.metrics.store.series[metric.name]
        return {labels: one.value - before for labels, one in series.items()}

    return condition.of(
        line_pipe,
        grown,
        now,
        version="1",
        started=NOW - 60,
        ready=True,
        scraped=NOW - 5,
        syslog_port=5514,
    )


def test_an_idle_exporter_has_heard_nothing():
    found = look(pipeline(config='[[router]]\nname = "gate"\naddresses = ["192.0.2.1"]'))
    assert (found.up_seconds, found.scraped, found.syslog_port) == (60.0, 5.0, 5514)
    assert (found.listeners, found.routers, found.dropped) == ((), (), ())
    assert found.unheard == ("gate",)


def test_lines_are_counted_by_router_and_what_became_of_them():
    line_pipe = pipeline()
    send(line_pipe, FOUNDING, NO_VERDICT, NEARLY, b"hello")
    send(line_pipe, FOUNDING, at=NOW + 1, sender="192.168.1.2")
    found = look(line_pipe, NOW + 10)
    [listener] = found.listeners
    assert (listener.name, listener.messages, listener.seconds) == ("udp", 5, 9.0)
    newest, other = found.routers
    assert (newest.name, newest.messages, newest.rejected) == ("192.168.1.2", 1, 1)
    assert (other.messages, other.not_understood, other.rejected) == (4, 2, 1)
    assert other.no_verdict == 1
    assert other.unjudged is not None
    assert other.unjudged.startswith("kernel: IN-NEW IN=eth0")
    assert other.sample is not None
    assert (other.sample.text, other.sample.near) == ("hello", None)


def test_the_newest_line_tells_which_dialect_it_resembles():
    line_pipe = pipeline()
    send(line_pipe, NEARLY)
    [router] = look(line_pipe).routers
    assert router.sample is not None
    assert "198.51.100.7" not in router.sample.text
    assert router.sample.near is not None
    assert router.sample.near.startswith("Linux iptables")


def test_a_malformed_line_has_its_error_and_no_resemblance():
    line_pipe = pipeline()
    send(line_pipe, b"last message repeated 5000000 times")
    [router] = look(line_pipe).routers
    assert router.sample is not None
    assert router.sample.error
    assert router.sample.near is None


def test_what_was_lost_is_told_by_listener_and_reason():
    line_pipe = pipeline()
    line_pipe.stages.metrics.dropped("udp", "denied_sender", 3, NOW)
    [lost] = look(line_pipe).dropped
    assert (lost.listener, lost.reason, lost.messages) == ("udp", "denied_sender", 3)
    assert look(line_pipe, before=3.0).dropped == ()


def test_agents_are_current_or_old_and_a_paste_is_neither():
    line_pipe = pipeline()
    line_pipe.report(report("ANNA-PC", socket()), NOW)
    line_pipe.report(report("LAPTOP", socket(), agent="paste"), NOW)
    assert (look(line_pipe).agents, look(line_pipe).old_agents) == (("ANNA-PC",), ())
    later = look(line_pipe, NOW + 3600)
    assert (later.agents, later.old_agents) == ((), ("ANNA-PC",))


def test_lines_of_a_replayed_file_are_not_looked_at_again():
    line_pipe = pipeline(line_clock=0.0)
    send(line_pipe, b"hello")
    assert list(line_pipe.unread.known()) == []
