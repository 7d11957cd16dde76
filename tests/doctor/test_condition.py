"""What the doctor looks at is what the pipeline saw since the start."""

from exporter import build
from exporter.doctor import Condition, condition
from exporter.host_report import Gateway, Neighbour
from exporter.pipeline import Pipeline
from exporter.settings import Config
from tests.test_pipeline import FOUNDING, pipeline, send
from tests.world import NOW, report, socket

NO_VERDICT = b"kernel: IN-NEW IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=TCP DPT=23"
NEARLY = b"kernel: DROP INN=eth0 OUT= MAC= SOURCE=198.51.100.7 DEST=203.0.113.9 LEN=40 TTL=245"


def look(
    line_pipe: Pipeline, now: float = NOW, before: float = 0.0, expected: tuple[str, ...] = ()
) -> Condition:
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
        expected=expected,
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


CRON = b"<78>Nov 18 10:00:00 nas CRON[815]: (root) CMD (run-parts /etc/cron.hourly)"
PACKET = b"<4>Nov 18 10:00:00 acme fw: NO 198.51.100.7/53 -> 203.0.113.9/4000"
ACCEPTED = b"kernel: ACCEPT IN=eth0 OUT=br0 SRC=192.0.2.7 DST=192.0.2.9 PROTO=TCP SPT=1 DPT=23"


def test_a_computer_that_logs_here_too_is_told_from_a_router_that_nobody_knows():
    line_pipe = pipeline()
    send(line_pipe, FOUNDING)
    send(line_pipe, *[CRON] * 5, sender="192.168.1.2")
    send(line_pipe, *[PACKET] * 5, sender="192.168.1.3")
    found = {one.name: one for one in look(line_pipe).routers}
    assert not found["192.168.1.1"].is_stranger
    assert found["192.168.1.2"].is_stranger
    assert found["192.168.1.3"].packetlike
    assert not found["192.168.1.3"].is_stranger


def test_the_dialects_that_recognised_its_lines_are_told_most_lines_first():
    line_pipe = pipeline()
    send(line_pipe, FOUNDING, NO_VERDICT, NO_VERDICT, CRON)
    [router] = look(line_pipe).routers
    assert router.read_as == ("netfilter", "connection")


def test_a_sender_behind_a_gateway_that_hides_it_is_masked():
    stages = build.stages(Config(), gateways=["172.18.0.1"], masks=["172.18.0.1"])
    line_pipe = Pipeline(stages)
    send(line_pipe, FOUNDING, sender="172.18.0.1")
    assert look(line_pipe).routers[0].masked


def test_what_only_a_router_tells_makes_it_one():
    line_pipe = pipeline()
    send(line_pipe, ACCEPTED)
    [router] = look(line_pipe).routers
    assert router.routes
    assert not look(line_pipe, before=1.0).routers[0].routes  # before the start


def test_a_router_of_the_configuration_is_one_and_is_read_as_it_says():
    rules = '[[router]]\nname = "gate"\naddresses = ["192.168.1.1"]\ndialect = "mikrotik"'
    line_pipe = pipeline(config=rules)
    send(line_pipe, FOUNDING)
    [gate] = look(line_pipe).routers
    assert (gate.configured, gate.dialects, gate.not_understood) == (True, ("mikrotik",), 1)


def test_packets_of_nobody_are_those_for_which_a_device_might_have_been_found():
    line_pipe = pipeline()
    send(line_pipe, FOUNDING)
    line_pipe.finish(NOW + 200)
    found = look(line_pipe)
    assert (found.decided, found.nobodys) == (1, 1)
    scan = b"kernel: DROP IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=TCP SPT=5 DPT=23"
    send(line_pipe, scan)
    line_pipe.finish(NOW + 400)
    found = look(line_pipe)
    assert (found.decided, found.nobodys) == (2, 1)


def near(ip: str, last: int, interface: str | None = "eth0") -> Neighbour:
    return Neighbour(ip=ip, mac=f"00:00:5e:00:53:{last:02x}", interface=interface)


GATE = Gateway(ip="192.168.1.1", mac="00:00:5e:00:53:01", interface="eth0")


def test_devices_without_an_agent_are_those_beside_the_ones_that_report():
    line_pipe = pipeline(
        config='[[device]]\nname = "TV"\naddresses = ["192.168.1.40"]\n'
        '[[router]]\nname = "attic"\naddresses = ["192.168.1.2"]'
    )
    neighbours = (
        near("192.168.1.1", 1),  # the gateway
        near("192.168.1.2", 2),  # a router of the configuration
        near("192.168.1.20", 20),  # reports itself
        near("192.168.1.40", 40),  # nothing can run there, says the configuration
        near("192.168.1.50", 50),
        near("fe80::50", 50),  # the same once more
        near("192.168.1.51", 0x51),
        near("172.17.0.2", 60, "docker0"),  # a container
        Neighbour(ip="192.168.1.52", mac="00:00:00:00:00:00", interface="eth0"),
    )
    line_pipe.report(report("ANNA-PC", addresses=["192.168.1.10"], gateways=[GATE]), NOW)
    seen = report("BEN", addresses=["192.168.1.20"], neighbours=neighbours, gateways=[GATE])
    line_pipe.report(seen, NOW)
    assert look(line_pipe, expected=("TV",)).silent_devices == ("192.168.1.50", "192.168.1.51")
    assert look(line_pipe, NOW + 3600).silent_devices == ()  # nobody reports any more


def test_an_agent_that_knows_no_gateway_tells_all_its_neighbours():
    line_pipe = pipeline()
    seen = report("BEN", addresses=["192.168.1.20"], neighbours=[near("192.168.1.50", 50, None)])
    line_pipe.report(seen, NOW)
    assert look(line_pipe).silent_devices == ("192.168.1.50",)


def test_reports_that_were_refused_are_counted():
    line_pipe = pipeline()
    line_pipe.stages.metrics.report("refused", NOW)
    line_pipe.stages.metrics.report("invalid", NOW)
    line_pipe.stages.metrics.report("accepted", NOW)
    assert look(line_pipe).refused_reports == 2
