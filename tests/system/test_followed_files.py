"""A followed file, written by rsyslogd and rotated by logrotate: each line counts exactly once."""

import random
import subprocess
from itertools import count

import pytest

from tests.system.parts.exposition import total
from tests.system.parts.knockwatch import (
    COMMAND,
    ROOT,
    Server,
    configuration,
    free_port,
    serve,
)
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.rotated_log import MODES, RotatedLog, rotated_log
from tests.system.parts.web import get

ROUNDS = 4
MESSAGES = "knockwatch_messages_total"
REJECTED = "knockwatch_rejected_packets_total"
NUMBERS = count(1)


def lines(number: int) -> list[str]:
    """So many messages of a router, no two alike."""
    return [
        f"<4>Nov 26 10:00:{n % 60:02} gate kernel: UDP connection rejected from"
        f" 203.0.113.9:{n % 65536} to 192.0.2.7:51413"
        for n, _ in zip(NUMBERS, range(number), strict=False)
    ]


def counted(server: Server, number: float) -> bool:
    """Whether a scrape, which commits what it shows, shows so many lines."""
    shown = total(server.metrics(), MESSAGES)
    assert shown <= number
    return shown == number


def lived(server: Server, seconds: float) -> None:
    """Let it run for so long, then kill it."""
    with pytest.raises(subprocess.TimeoutExpired):
        server.process.popen.wait(seconds)
    server.process.kill()


def some(log: RotatedLog, dice: random.Random, most: int) -> int:
    written = dice.randint(1, most)
    log.send(lines(written))
    return written


@needs("rsyslogd", "logrotate")
@pytest.mark.parametrize("mode", MODES)
def test_each_line_counts_once_whatever_is_rotated_or_killed(tmp_path, mode):
    dice = random.Random(mode)
    with rotated_log(tmp_path, mode) as log:
        files = f'files = ["{log.file}"]\n'
        written = some(log, dice, 50)
        with serve(tmp_path, more=files) as server:
            until(lambda: counted(server, written), "first lines counted")
            server.process.kill()
        for _ in range(ROUNDS):
            # logrotate compresses the last but one: what is in that must have been read.
            rotations = dice.randint(0, 1 if mode == "compress" else 3)
            while_up = dice.randint(0, rotations)
            with serve(tmp_path, more=files) as server:
                if mode == "compress" or dice.random() < 0.5:
                    until(lambda n=written, s=server: counted(s, n), "lines counted", seconds=60)
                for _ in range(while_up):
                    written += some(log, dice, 300)
                    log.rotate()
                written += some(log, dice, 3000)
                lived(server, dice.uniform(0.0, 1.5))
            for _ in range(rotations - while_up):
                written += some(log, dice, 300)
                log.rotate()
            written += some(log, dice, 300)
        with serve(tmp_path, more=files) as server:
            until(lambda: counted(server, written), "all lines counted", seconds=60)
            log.send(lines(1))  # what was counted twice would have come before it
            until(lambda: counted(server, written + 1), "one line more")
            shown = server.metrics()
        assert total(shown, MESSAGES, router="gate", outcome="event") == written + 1
        assert total(shown, REJECTED, router="gate") == written + 1
        assert total(shown, "knockwatch_dropped_messages_total") == 0
        assert log.lines() == written + 1


def test_sigterm_keeps_what_was_read(tmp_path):
    log = tmp_path / "router.log"
    log.write_text("".join(f"{line}\n" for line in lines(20_000)))
    files = f'files = ["{log}"]\n'
    for _ in range(3):
        with serve(tmp_path, more=files) as server:
            assert server.process.stop() == 0
    with serve(tmp_path, more=files) as server:
        until(lambda: counted(server, 20_000), "all lines counted")


def test_what_another_program_writes_to_standard_input_is_counted(tmp_path):
    http = free_port()
    config = configuration(tmp_path, http=http, syslog=free_port(), more='files = ["-"]\n')
    argv = [*map(str, COMMAND), "serve", "--config", str(config), "--state-dir", str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, cwd=ROOT) as program:
        try:
            assert program.stdin is not None
            program.stdin.write(b"".join(line.encode() + b"\n" for line in lines(1000)))
            program.stdin.close()  # the program goes on without it
            url = f"http://127.0.0.1:{http}/metrics"

            def shown() -> str:
                try:
                    return get(url).text
                except OSError:
                    return ""

            until(lambda: total(shown(), MESSAGES, router="gate") == 1000, "lines counted")
        finally:
            program.terminate()
        assert program.wait(10) == 0
