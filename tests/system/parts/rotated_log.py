"""A log as Debian keeps it: rsyslogd writes the file, logrotate rotates it."""

import gzip
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.system.parts.knockwatch import free_port
from tests.system.parts.process import found, started, until

# What `postrotate` of Debian's own configuration does: rsyslogd opens its files anew, soon after.
REOPEN = "postrotate\n    kill -HUP $(cat {pid})\n  endscript"
MODES = {
    "create": f"create\n  {REOPEN}",
    "dates": f"create\n  dateext\n  dateformat -%Y%m%d-%s\n  {REOPEN}",
    "copytruncate": "copytruncate",
    "compress": f"create\n  compress\n  delaycompress\n  {REOPEN}",
}


class RotatedLog(NamedTuple):
    """A log file, the port whose messages rsyslogd writes into it, and how it is rotated."""

    file: Path
    port: int
    rotation: Path  # logrotate's configuration

    def send(self, lines: Sequence[str]) -> None:
        """Send messages, and wait until all of them are on the disk."""
        before = self.lines()
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as sender:
            sender.sendall("".join(f"{line}\n" for line in lines).encode())
        until(lambda: self.lines() == before + len(lines), "lines on the disk")

    def rotate(self) -> None:
        """Rotate it now, whatever its age and size; dates allow it once a second."""
        until(self._rotated, "rotation")

    def _rotated(self) -> bool:
        program = found("logrotate") or "logrotate"
        state = self.rotation.with_name("logrotate.status")
        argv = [program, "--force", "--state", str(state), str(self.rotation)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0 or "already exists" in done.stderr, done.stderr
        return done.returncode == 0

    def lines(self) -> int:
        """How many lines the file and all that were rotated from it hold."""
        return sum(_lines(file) for file in self.file.parent.glob(f"{self.file.name}*"))


@contextmanager
def rotated_log(folder: Path, mode: str) -> Iterator[RotatedLog]:
    """Run an rsyslogd that writes one file, to be rotated in one of MODES."""
    (folder / "log").mkdir(mode=0o755)
    file, pid, port = folder / "log" / "router.log", folder / "rsyslogd.pid", free_port()
    config = folder / "rsyslog.conf"
    config.write_text(
        f'global(workDirectory="{folder}")\nmodule(load="imtcp")\n'
        f'input(type="imtcp" address="127.0.0.1" port="{port}")\n'
        f'action(type="omfile" file="{file}" template="RSYSLOG_TraditionalFileFormat")\n'
    )
    rotation = folder / "logrotate.conf"
    body = MODES[mode].replace("{pid}", str(pid))
    rotation.write_text(f"{file} {{\n  rotate 99\n  missingok\n  {body}\n}}\n")
    rotation.chmod(0o644)  # logrotate refuses what others may write
    argv = [found("rsyslogd") or "rsyslogd", "-n", "-f", config, "-i", pid]
    with started(argv, folder / "rsyslogd.log") as process:
        log = RotatedLog(file, port, rotation)

        def listens() -> bool:
            assert process.running(), process.output()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(listens, "rsyslogd")
        yield log


def _lines(file: Path) -> int:
    try:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except FileNotFoundError:  # it was rotated just now: ask again
        return 0
    return data.count(b"\n")
