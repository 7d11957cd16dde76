"""What the kernel does to a running exporter, made on purpose: what is lost, and what is said."""

import signal
from contextlib import suppress
from itertools import count

from tests.system.parts import web
from tests.system.parts.exposition import counters, total
from tests.system.parts.founding import flood
from tests.system.parts.kernel import failing_disk, little_memory
from tests.system.parts.knockwatch import run, serve
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.test_faults import MESSAGES, counted

ERRORS = "knockwatch_state_errors_total"


@needs("namespaces", "failing disks")
def test_a_disk_that_turns_read_only_is_told_of_and_nothing_ends(tmp_path):
    with failing_disk(tmp_path / "state") as fail, serve(tmp_path) as server:
        server.send(*flood(5))
        before = counters(counted(server, 5))
        fail()
        server.send(*flood(20))
        until(lambda: total(server.metrics(), ERRORS, database="state") > 0, "failed writes")
        after = server.metrics()
        assert total(after, MESSAGES) == 5  # what is not stored is not shown
        assert all(counters(after).get(key, -1) >= value for key, value in before.items())
        assert web.get(f"{server.url}/").status == 200
        doctor = run("doctor", "--url", server.url)
        assert doctor.returncode == 1
        assert "see to its rights" in doctor.stdout.splitlines()[0]
        assert server.process.stop() == 0
        told = server.process.output()
        assert told.count("counters are not stored in") == 1
        assert "what came last is not stored" in told
        assert "Traceback" not in told


@needs("namespaces", "memory limits")
def test_killed_for_want_of_memory_it_starts_again_with_all_that_was_shown(tmp_path):
    with serve(tmp_path) as server:
        server.send(*flood(50))
        before = counters(counted(server, 50))
        one = b'{"transport":"udp","local_ip":"0.0.0.0","local_port":5,"process":"%d"},'
        sockets = b"".join(one % number for number in range(19_999))
        body = b'{"version":1,"device":"PC-%d","sockets":[' + sockets.rstrip(b",") + b"]}"

        devices = count()

        def ended() -> bool:
            with suppress(OSError):
                web.post(f"{server.url}/api/v1/reports", body.replace(b"%d", b"%d" % next(devices)))
            return not server.process.running()

        with little_memory(server.process.pid, 4_000_000):
            until(ended, "the end", seconds=60)
        assert server.process.popen.returncode == -signal.SIGKILL
    with serve(tmp_path) as server:
        after = counters(server.metrics())
        assert all(after[key] >= value for key, value in before.items())
        server.send(*flood(5))
        counted(server, 55)
