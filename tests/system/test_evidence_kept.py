"""Last Tuesday's question over a restart; and a disk that is full, or a file damaged, in use."""

import os
from pathlib import Path
from typing import Any

from tests.system.parts import web
from tests.system.parts.exposition import total
from tests.system.parts.founding import DEVICE, NETSTAT, PORT, PROCESS, line
from tests.system.parts.kernel import fill, small_disk
from tests.system.parts.knockwatch import Server, run, serve
from tests.system.parts.needs import needs
from tests.system.parts.process import until

REJECTED = "knockwatch_rejected_packets_total"
MANY = 8000
ERRORS = "knockwatch_state_errors_total"


def happened(server: Server, **query: str) -> Any:
    return web.get_json(f"{server.url}/api/v1/decisions", **query)


def send(server: Server, count: int, shown: int | None = None) -> None:
    """Send so many packets; wait until so many are counted in all, or as many more as before."""
    expected = total(server.metrics(), REJECTED) + count if shown is None else shown
    server.send(*(line(f"23.45.67.{1 + number % 200}:3478") for number in range(count)))
    until(lambda: total(server.metrics(), REJECTED) == expected, "packets")


def test_what_happened_then_and_who_had_the_port_outlives_a_restart(tmp_path):
    with serve(tmp_path) as server:
        web.post(f"{server.url}/api/v1/sockets/{DEVICE}", NETSTAT.encode())
        send(server, 5)
        told = until(lambda: (found := happened(server))["packets"] == 5 and found, "decisions")
        server.process.kill()
    at = told["decisions"][0]["first"]
    with serve(tmp_path) as server:
        again = happened(server, at=at, around="1m", device=DEVICE, port=str(PORT))
        assert again["packets"] == 5
        assert {one["process"] for one in again["decisions"]} == {PROCESS}
        assert any("23.45.67.1:3478" in one["line"] for one in again["decisions"])
        [socket] = again["sockets"]
        assert (socket["device"], socket["process"], socket["port"]) == (DEVICE, PROCESS, PORT)
        assert run("forget", DEVICE, "--url", server.url).returncode == 0
        assert happened(server, at=at, around="1m")["sockets"] == []
        assert PROCESS.encode() not in (tmp_path / "state" / "evidence.sqlite").read_bytes()


@needs("namespaces")
def test_a_full_disk_is_told_of_and_counting_goes_on(tmp_path):
    with small_disk(tmp_path / "state", "3m") as disk, serve(tmp_path) as server:
        send(server, 5)
        fill(disk / "filler")
        assert os.statvfs(disk).f_bavail == 0
        send(server, 400, shown=5)  # what is not stored is not shown
        server.send(*(line(f"198.51.100.{number}:53", number) for number in range(1, 255)))
        until(lambda: _all_fail(server), "failed writes of both databases")
        assert total(server.metrics(), REJECTED) == 5
        assert web.get(f"{server.url}/").status == 200
        doctor = run("doctor", "--url", server.url)
        assert doctor.returncode == 1
        assert "Make room on the disk" in doctor.stdout.splitlines()[0]
        (disk / "filler").unlink()
        send(server, 7, shown=666)
        found = until(lambda: (kept := happened(server))["packets"] and kept, "evidence again")
        assert found["packets"] >= 5
        assert "Make room" not in run("doctor", "--url", server.url).stdout
        server.process.kill()
        assert "disk is full" in server.process.output()
        assert server.process.output().count("counters are not stored") == 1
        assert "Traceback" not in server.process.output()


@needs("namespaces")
def test_a_start_on_a_full_disk_counts_says_so_and_has_the_old_evidence_again(tmp_path):
    with small_disk(tmp_path / "state", "3m") as disk:
        with serve(tmp_path) as server:
            send(server, 5)
            until(lambda: happened(server)["packets"] == 5, "evidence")
            assert server.process.stop() == 0
        fill(disk / "filler")
        with serve(tmp_path) as server:
            send(server, 4, shown=5)
            until(lambda: "the disk is full" in run("doctor", "--url", server.url).stdout, "doctor")
            (disk / "filler").unlink()
            send(server, 2, shown=11)
            until(lambda: happened(server)["packets"] >= 7, "evidence again")
            assert "Make room" not in run("doctor", "--url", server.url).stdout
            assert "Traceback" not in server.process.output()
        assert not list(disk.glob("*.broken*"))


@needs("namespaces")
def test_a_first_start_on_a_full_disk_says_so(tmp_path):
    with small_disk(tmp_path / "state", "3m") as disk:
        fill(disk / "filler")
        done = run("serve", "--state-dir", disk)
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr


def _all_fail(server: Server) -> bool:
    web.get(f"{server.url}/api/v1/decisions")
    metrics = server.metrics()
    failed = [name for name in ("evidence", "state") if f'{ERRORS}{{database="{name}"}}' in metrics]
    return len(failed) == 2


def test_a_file_damaged_in_use_is_set_aside_and_what_comes_after_is_kept(tmp_path):
    with serve(tmp_path) as server:
        # More than the caches hold: what they hold is not read again, and no damage is seen.
        server.send(*(line(f"198.51.100.{n % 250}:53", 1 + n // 250) for n in range(MANY)))
        until(lambda: happened(server)["packets"] == MANY, "decisions")
        for name in ("evidence.sqlite", "evidence.sqlite-wal"):
            file = tmp_path / "state" / name
            file.write_bytes(b"\xa5" * max(8192, file.stat().st_size))
        answer = until(lambda: _answered(server), "an answer of a new file")
        assert answer == 200
        send(server, 9)
        until(lambda: happened(server)["packets"] == 9, "new decisions")
        assert total(server.metrics(), REJECTED) == MANY + 9
        assert (tmp_path / "state" / "evidence.sqlite.broken-1").exists()
        assert "is damaged: set aside as evidence.sqlite.broken-1" in server.process.output()
        assert "Traceback" not in server.process.output()
        assert server.process.stop() == 0


def _answered(server: Server) -> int:
    status = web.get(f"{server.url}/api/v1/decisions").status
    assert status in (200, 503)
    broken = any(Path(server.process.log.parent / "state").glob("*.broken-*"))
    return status if broken and status == 200 else 0
