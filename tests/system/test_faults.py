"""What goes wrong around a running exporter, made on purpose: what is lost, and what is said."""

import contextlib
import resource
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from tests.system.parts import web
from tests.system.parts.exposition import counters, total
from tests.system.parts.founding import DEVICE, NETSTAT, flood, line
from tests.system.parts.kernel import small_disk
from tests.system.parts.knockwatch import Server, run, serve
from tests.system.parts.needs import needs
from tests.system.parts.process import until

MESSAGES = "knockwatch_messages_total"
REJECTED = "knockwatch_rejected_packets_total"
DECIDED = "knockwatch_attributed_packets_total"
UNDECIDED = "knockwatch_undecided_packets"
RELOADED = "knockwatch_config_last_reload_successful"


def open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def bound(server: Server, what: int, limit: int) -> None:
    """Set a limit of the running process; resource.RLIM_INFINITY takes it away again."""
    most = resource.prlimit(server.process.pid, what)[1]
    resource.prlimit(server.process.pid, what, (limit, most))


def counted(server: Server, messages: int) -> str:
    """Wait until so many messages are counted; return that scrape."""

    def scrape() -> str:
        body = server.metrics()
        return body if total(body, MESSAGES) == messages else ""

    return until(scrape, f"{messages} messages")


def test_without_descriptors_it_goes_on_with_those_that_it_has(tmp_path):
    with serve(tmp_path) as server, contextlib.ExitStack() as opened:
        server.send(*flood(3))
        counted(server, 3)
        used = open_files(server)
        limit = used + 4
        bound(server, resource.RLIMIT_NOFILE, limit)
        for port in (server.syslog_port, int(server.url.rpartition(":")[2])) * 10:
            place = ("127.0.0.1", port)
            opened.enter_context(socket.create_connection(place, timeout=5))
        time.sleep(2.5)  # in which it tries to take them, each second
        server.send(*flood(4))  # by the socket that is open
        assert open_files(server) == limit
        opened.close()
        counted(server, 7)
        assert server.process.stop() == 0
        told = server.process.output()
        lines = [line for line in told.splitlines() if "too many open files" in line.lower()]
        minutes = {line[: len("2026-11-25 12:00")] for line in lines}
        assert len(lines) == len(minutes) >= 1  # a new one may have begun meanwhile
        assert "Traceback" not in told


def test_a_bad_configuration_at_sighup_changes_nothing_and_says_so(tmp_path):
    with serve(tmp_path) as server:
        server.send(*flood(5))
        before = counters(counted(server, 5))
        config = tmp_path / "knockwatch.toml"
        good = config.read_text()
        config.write_text(good.replace("[listen]", "[listn]"))
        server.process.popen.send_signal(signal.SIGHUP)
        until(lambda: total(server.metrics(), RELOADED) == 0, "the failure")
        assert "the configuration in force stays" in server.process.output()
        assert "did you mean `listen`" in server.process.output()
        config.write_text(f'{good}[[router]]\nname = "gate"\nhosts = ["home-router"]\n')
        server.process.popen.send_signal(signal.SIGHUP)
        until(lambda: total(server.metrics(), RELOADED) == 1, "the reload")
        server.send(*flood(6))
        after = counted(server, 11)
        assert total(after, MESSAGES, router="gate") == 6
        assert all(counters(after)[key] >= value for key, value in before.items())
        assert total(after, MESSAGES) == total(after, REJECTED) == 11
        assert server.process.stop() == 0


def test_sigterm_in_the_middle_of_everything_loses_nothing_that_was_shown(tmp_path):
    shown: list[str] = []
    ended = threading.Event()

    def keep(work) -> threading.Thread:
        def again() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError, RuntimeError):
                    work()

        thread = threading.Thread(target=again)
        thread.start()
        return thread

    with serve(tmp_path) as server:
        paste = f"{server.url}/api/v1/sockets/{DEVICE}"
        busy = [
            keep(lambda: shown.append(server.metrics())),
            keep(lambda: web.post(paste, NETSTAT.encode())),
            keep(lambda: server.send(*flood(200))),
        ]
        try:
            until(lambda: len(shown) > 3 and total(shown[-1], MESSAGES) > 2000, "a flood")
            begun = time.monotonic()
            assert server.process.stop() == 0
            assert time.monotonic() - begun < 10
        finally:
            ended.set()
            for thread in busy:
                thread.join()
        assert "Traceback" not in server.process.output()
        assert "everything that waited is decided and stored" in server.process.output()
    with serve(tmp_path) as server:
        after = server.metrics()
        last = counters(shown[-1])
        assert all(counters(after)[key] >= value for key, value in last.items())
        assert total(after, REJECTED) == total(after, DECIDED)
        assert total(after, UNDECIDED) == 0


@needs("namespaces")
def test_a_start_in_a_read_only_folder_is_refused_by_its_name(tmp_path):
    with small_disk(tmp_path / "state", "3m") as disk:
        remount(disk, "ro")
        done = run("serve", "--state-dir", disk)
        remount(disk, "rw")
    assert done.returncode == 1
    assert str(disk) in done.stderr
    assert "Traceback" not in done.stderr


def remount(disk, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def test_a_resolver_and_tables_that_are_dead_keep_nothing_from_being_counted(tmp_path):
    with socket.socket(type=socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        broken = tmp_path / "broken.mmdb"
        broken.write_bytes(b"no table at all" * 99)
        more = f'[network]\nresolver = "192.0.2.1"\ntables = ["{broken}", "http://127.0.0.1:9/x"]\n'
        with serve(tmp_path, more=more) as server:
            server.send(*flood(30), line("192.168.1.77:5", 9))
            body = counted(server, 31)
            assert total(body, REJECTED, source_asn="AS20940") == 30  # by the table that was there
            until(lambda: "those in use stay" in server.process.output(), "the complaint")
            assert str(broken) in server.process.output()
            assert server.process.stop() == 0
            assert "Traceback" not in server.process.output()


def test_without_memory_it_ends_and_the_next_one_has_all_that_was_shown(tmp_path):
    with serve(tmp_path) as server:
        server.send(*flood(50))
        before = counters(counted(server, 50))
        pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + 1_000_000
        bound(server, resource.RLIMIT_AS, limit)
        one = b'{"transport":"udp","local_ip":"0.0.0.0","local_port":5},'
        body = b'{"version":1,"device":"PC","sockets":[' + one * 100_000
        statuses = set()
        for _ in range(5):
            with contextlib.suppress(OSError):
                statuses.add(web.post(f"{server.url}/api/v1/reports", body).status)
        assert statuses <= {400, 413, 500, 503}
        bound(server, resource.RLIMIT_AS, resource.RLIM_INFINITY)
        if server.process.running():
            server.send(*flood(5))
            counted(server, 55)
        server.process.kill()
    with serve(tmp_path) as server:
        after = counters(server.metrics())
        assert all(after[key] >= value for key, value in before.items())
