"""Start one program, keep what it says, and stop exactly that program."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

STOP_SECONDS = 10.0

Answer = TypeVar("Answer")


class Process(NamedTuple):
    """A running program and the file that takes its output."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def output(self) -> str:
        """Return all that it has printed so far."""
        return self.log.read_text("utf-8", "replace")

    def running(self) -> bool:
        return self.popen.poll() is None

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit status."""
        self.popen.terminate()
        return self.popen.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self.popen.kill()
        self.popen.wait(STOP_SECONDS)


@contextmanager
def started(
    argv: Sequence[object],
    log: Path,
    *,
    namespace: str | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    pass_fds: tuple[int, ...] = (),
) -> Iterator[Process]:
    """Run a program, in a network namespace if one is named; stop it at the end.

    When the block fails, the end of the program's output goes with the failure.
    """
    prefix = [] if namespace is None else ["ip", "netns", "exec", namespace]
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [*prefix, *map(str, argv)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            pass_fds=pass_fds,
        )
    process = Process(popen, log)
    try:
        yield process
    except BaseException as failure:
        failure.add_note(f"--- end of {log.name} ---\n{process.output()[-4000:]}")
        raise
    finally:
        if process.running():
            popen.terminate()
            try:
                popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def until(condition: Callable[[], Answer], what: str, *, seconds: float = 20.0) -> Answer:
    """Ask again and again until the answer is true; return it, or fail naming what was awaited."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s still no {what}; last answer: {answer!r}")
        time.sleep(0.05)
    return answer


def found(program: str) -> str | None:
    """Return the program's path, from PATH or where root's programs are."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
