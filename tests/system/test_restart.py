"""What was exposed once is never taken back: not by a restart, not by a crash."""

from tests.system.parts.exposition import counters, total
from tests.system.parts.founding import DEVICE, NETSTAT, PROCESS, flood, message
from tests.system.parts.knockwatch import Server, serve
from tests.system.parts.process import until
from tests.system.parts.web import post

DECIDED = "knockwatch_attributed_packets_total"


def play(server: Server, packets: int) -> str:
    """Send the founding case and return the scrape that shows all of it decided."""
    answer = post(f"{server.url}/api/v1/sockets/{DEVICE}", NETSTAT.encode())
    assert answer.status < 300, answer
    before = total(server.metrics(), DECIDED)
    server.send(*flood(packets))
    until(lambda: total(server.metrics(), DECIDED) - before == packets, "decisions")
    return server.metrics()


def test_counters_and_their_beginnings_go_on_after_a_clean_restart(tmp_path):
    with serve(tmp_path) as server:
        before = counters(play(server, 20))
        assert server.process.stop() == 0
    with serve(tmp_path) as server:
        assert counters(server.metrics()).items() >= before.items()
        after = play(server, 5)
        assert total(after, "knockwatch_rejected_packets_total") == 25
        assert total(after, DECIDED, device=DEVICE, process=PROCESS) == 25


def test_a_crash_takes_back_nothing_that_a_scrape_has_shown(tmp_path):
    with serve(tmp_path) as server:
        before = counters(play(server, 20))
        server.process.kill()
    with serve(tmp_path) as server:
        assert counters(server.metrics()).items() >= before.items()


def test_sigterm_decides_what_is_still_pending(tmp_path):
    with serve(tmp_path) as server:
        report = b'{"version": 1, "device": "other", "interval_seconds": 60, "sockets": []}'
        answer = post(f"{server.url}/api/v1/reports", report, kind="application/json")
        assert answer.status < 300, answer
        server.send(*(message(f"192.0.2.{n}:4000", 50000) for n in range(1, 8)))
        shown = "knockwatch_rejected_packets_total"
        until(lambda: total(server.metrics(), shown) == 7, "seven packets")
        assert total(server.metrics(), DECIDED) == 0
        assert server.process.stop() == 0
    with serve(tmp_path) as server:
        assert total(server.metrics(), DECIDED) == 7
