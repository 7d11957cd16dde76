"""One round: the program starts, is sent to, meets with misfortune, and ends somehow."""

import os
import re
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress

from tests.oracle.home import Home
from tests.oracle.ledger import INPUTS, Broken
from tests.system.parts.exposition import samples

HOUR = 3600.0
JUMPS = (-30 * 24 * HOUR, -HOUR, -30.0, -2.0, 2.0, 30.0, HOUR, 30 * 24 * HOUR)


def lived(home: Home, done: Counter[str], *, losses: bool) -> None:
    """Live one round; `done` counts what happened. With `losses` the state file may be damaged."""
    dice = home.dice
    if home.process is None:
        home.start()
    deeds = [one for one in DEEDS if home.has_clock or one is not jump]
    for _ in range(dice.randint(2, 6)):
        _do(dice.choice(deeds), home, done)
    if dice.random() < 0.5:
        settle(home)
        done["settled"] += 1
    _do(dice.choice(ENDS), home, done)
    if losses and dice.random() < 0.25:
        _do(dice.choice(DAMAGES), home, done)
    if dice.random() < 0.3:
        home.send("file")  # the router logs on
    if dice.random() < 0.1:
        home.log.rotate(dice)


def acquaint(home: Home) -> None:
    """Let it count a line of the followed log: before, it could not find the file once rotated."""
    home.send("file")
    home.settle(["file"])


def settle(home: Home) -> None:
    """Let everything be counted, with room on the disk."""
    home.free_disk()
    home.settle()
    home.log.prune()


def _do(deed: Callable[[Home], None], home: Home, done: Counter[str]) -> None:
    done[deed.__name__] += 1
    deed(home)


# --- what is done while it runs ------------------------------------------------------------------


def send(home: Home) -> None:
    """Send by one input after the other."""
    for name in home.dice.sample(INPUTS, home.dice.randint(1, len(INPUTS))):
        home.send(name)


def scrape(home: Home) -> None:
    """Scrape while lines come in."""
    home.send("udp", 10)
    home.scrape()


def rotate(home: Home) -> None:
    """Rotate the followed log, and write on."""
    home.log.rotate(home.dice)
    home.send("file")


def drop_scrape(home: Home) -> None:
    """Lose the connection somewhere in a scrape's body."""
    with home.ask() as asked:
        _compare(home, asked.recv(home.dice.choice((1, 100, 3000, 30_000))))


def hang(home: Home) -> None:
    """Stop the process while more comes than the kernel keeps, and it is being scraped."""
    assert home.process is not None
    os.kill(home.process.pid, signal.SIGSTOP)
    try:
        with home.ask() as asked:
            for _ in range(home.dice.choice((0, 5, 25))):
                home.send("udp", 60)
            time.sleep(home.dice.uniform(0.0, 1.6))
            os.kill(home.process.pid, signal.SIGCONT)
            _compare(home, asked.recv(3000))
    finally:
        os.kill(home.process.pid, signal.SIGCONT)


def fill_disk(home: Home) -> None:
    """No byte is left for the state, or there is room again."""
    if home.full:
        home.free_disk()
    else:
        home.fill_disk()
        send(home)
    home.scrape()


def jump(home: Home) -> None:
    """Set the clock."""
    home.set_clock(home.dice.choice(JUMPS) if home.dice.random() < 0.7 else 0.0)
    home.send("udp", 10)
    home.scrape()


# --- how it ends ---------------------------------------------------------------------------------


def kill(home: Home) -> None:
    """Kill it while lines come in."""
    send(home)
    time.sleep(home.dice.uniform(0.0, 0.3))
    home.kill()


def kill_in_scrape(home: Home) -> None:
    """Kill it while it answers a scrape: before, in, or after the commit."""
    send(home)
    with home.ask() as asked:
        time.sleep(home.dice.uniform(0.0, 0.04))
        home.kill()
        _compare(home, _rest(asked))


def kill_after_scrape(home: Home) -> None:
    """Kill it as soon as a scrape was read."""
    send(home)
    home.scrape()
    home.kill()


def stop(home: Home) -> None:
    """SIGTERM, when nothing is read that the kernel has taken."""
    home.send("udp")
    home.send("reports")
    home.stop()


def stop_in_scrape(home: Home) -> None:
    """SIGTERM while it answers a scrape, which is answered."""
    send(home)
    with home.ask() as asked:
        home.stop()
        _compare(home, _rest(asked))


# --- what befalls the state in between -----------------------------------------------------------


def garbage(home: Home) -> None:
    """Write other bytes over all of it."""
    _damaged(home, lambda data: b"these are no counters\n" * (1 + len(data) // 22))


def half(home: Home) -> None:
    """Leave the first half of it."""
    _damaged(home, lambda data: data[: len(data) // 2])


def zeros(home: Home) -> None:
    """Write zeros over all but its first page."""
    _damaged(home, lambda data: data[:4096] + bytes(len(data) - 4096))


def empty(home: Home) -> None:
    """Leave nothing of it but its name."""
    _damaged(home, lambda _: b"")


def newer(home: Home) -> None:
    """Let a newer version write it."""
    home.free_disk()
    with closing(sqlite3.connect(home.state / "state.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    _begins_anew(home)


def start_on_full_disk(home: Home) -> None:
    """Start it where there is no room: it runs, or says why it cannot."""
    if not home.full:
        home.fill_disk()
    words = home.refuses_to_start()
    if not words:
        return
    home.process = None
    home.free_disk()
    home.check_output()
    if "the disk is full" not in words:
        raise Broken(f"it does not say that the disk is full: {words}")


def _damaged(home: Home, damage: Callable[[bytes], bytes]) -> None:
    home.free_disk()
    file = home.state / "state.sqlite"
    with closing(sqlite3.connect(file)) as connection:  # a kill leaves most in the journal
        connection.execute("PRAGMA journal_mode = DELETE")
    file.write_bytes(damage(file.read_bytes()))
    _begins_anew(home)


def _begins_anew(home: Home) -> None:
    """Start it: it says what is wrong with the state, and where it is now."""
    home.exact = ()
    since = len(home.output.read_bytes())
    home.ledger.begin_anew(*home.log.current())
    home.start()
    words = home.words(since)
    if not re.search("set aside as state.sqlite.broken-|state.sqlite is empty", words):
        raise Broken(f"it does not say that the state was set aside: {words}")
    acquaint(home)
    for file in home.state.glob("*.broken-*"):
        file.unlink()


def _compare(home: Home, data: bytes) -> None:
    """Hold the lines that came whole of a scrape against what was shown before."""
    _, _, body = data.partition(b"\r\n\r\n")
    whole, _, _ = body.rpartition(b"\n")
    home.ledger.compare(samples(whole.decode()))


def _rest(asked: socket.socket) -> bytes:
    data = b""
    with suppress(ConnectionError):
        while more := asked.recv(65_536):
            data += more
    return data


DEEDS = (send, send, scrape, scrape, rotate, drop_scrape, hang, fill_disk, jump)
ENDS = (kill, kill, kill_in_scrape, kill_in_scrape, kill_after_scrape, stop, stop_in_scrape)
DAMAGES = (garbage, half, zeros, empty, newer, start_on_full_disk)
