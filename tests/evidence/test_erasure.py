"""What is deleted of one device's evidence, and what of the others stays."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from exporter.events import Attribution, Candidate, Cause, Decision, Network, Reason, Rejection
from exporter.evidence import EvidenceStore, Held, prepare, sockets
from exporter.evidence.erasure import erase
from exporter.storage.database import open_database

NOW = 1_795_000_000.0


def decision(device: str, source: str, *candidates: str, reasons: tuple[Reason, ...] = ()):
    network = Network("AS64500")
    rejection = Rejection(
        received=NOW,
        router="gate",
        direction="inbound",
        transport="udp",
        remote_ip=source,
        remote_port=1,
        our_ip="203.0.113.9",
        our_port=51413,
        destination_port=51413,
        source=network,
        remote=network,
        inside=False,
    )
    named = tuple(
        Candidate(device=one, process="p", evidence="socket", confidence=0.5) for one in candidates
    )
    whose = Attribution(device=device, process="p", candidates=named, reasons=reasons)
    cause = Cause(name="p2p", verdict="watch", confidence=0.9)
    return Decision(rejection=rejection, attribution=whose, cause=cause, last=NOW)


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """An open database, of an SQLite that by itself leaves on the disk what is deleted."""
    connect = sqlite3.connect

    def careless(*arguments, **options) -> sqlite3.Connection:
        made: sqlite3.Connection = connect(*arguments, **options)
        made.execute("PRAGMA secure_delete = OFF")
        return made

    monkeypatch.setattr(sqlite3, "connect", careless)
    with closing(open_database(tmp_path / "evidence.sqlite", prepare)) as opened:
        yield opened


def filled(connection: sqlite3.Connection) -> EvidenceStore:
    store = EvidenceStore(connection)
    forward = Reason("forward", {"device": "Anna-PC", "port": 51413})
    store.record(decision("ANNA-PC", "198.51.100.1", "ANNA-PC"))
    store.record(decision("anna-pc", "198.51.100.2"))
    store.record(decision("ÄNNA", "198.51.100.3"))
    store.record(decision("", "198.51.100.4", "ANNA-PC", "NAS", reasons=(forward,)))
    store.record(decision("ANNA-PC2", "198.51.100.5", "ANNA-PC2"))
    store.write(store.take(), NOW)
    return store


def test_every_row_of_the_device_goes_and_no_other(connection: sqlite3.Connection):
    store = filled(connection)
    assert erase(connection, "Anna-PC") == 2
    rest = store.suspects(NOW - 60, NOW + 60)
    assert {suspect.device for suspect in rest} == {"ÄNNA", "", "ANNA-PC2"}
    assert erase(connection, "Anna-PC") == 0
    assert erase(connection, "änna") == 1


def test_it_is_no_candidate_of_other_rows_any_more(connection: sqlite3.Connection):
    store = filled(connection)
    erase(connection, "Anna-PC")
    (nobody,) = [one for one in store.suspects(NOW - 60, NOW + 60) if not one.device]
    assert nobody.candidates == ("NAS",)
    assert nobody.reasons == ()


def test_nothing_of_the_name_is_left_in_the_files(connection: sqlite3.Connection, tmp_path: Path):
    store = EvidenceStore(connection)
    for number in range(200):
        store.record(decision("SECRET-NAME", f"198.51.100.{number}", "SECRET-NAME"))
        store.record(decision("", f"203.0.113.{number}", "NAS", "SECRET-NAME"))
    store.write(store.take(), NOW)
    assert any(b"SECRET-NAME" in file.read_bytes() for file in tmp_path.iterdir())
    assert erase(connection, "secret-name") == 200
    assert not any(b"SECRET-NAME" in file.read_bytes() for file in tmp_path.iterdir())


def test_nothing_is_left_either_of_what_was_deleted_by_its_age(
    connection: sqlite3.Connection, tmp_path: Path
):
    store = EvidenceStore(connection)
    for number in range(200):
        store.record(decision("SECRET-NAME", f"198.51.100.{number}", "SECRET-NAME"))
        store.record(decision("NAS", f"203.0.113.{number}"))
    store.write(store.take(), NOW)
    store.write(store.take(), NOW + 400 * 86_400.0)
    assert store.suspects(NOW - 60, NOW + 60) == []
    assert erase(connection, "SECRET-NAME") == 0
    assert not any(b"SECRET-NAME" in file.read_bytes() for file in tmp_path.iterdir())


def test_lines_of_routers_that_write_names_lose_the_name(connection: sqlite3.Connection):
    store = EvidenceStore(connection)
    lines = ['blocked srcname="anna-pc" dst=198.51.100.1', "from ANNA-PC2", "of xANNA-PC", "plain"]
    for number, line in enumerate(lines):
        told = decision("", f"198.51.100.{number}")
        rejection = msgspec.structs.replace(told.rejection, line=line)
        store.record(msgspec.structs.replace(told, rejection=rejection))
    store.write(store.take(), NOW)
    erase(connection, "ANNA-PC")
    left = [line for (line,) in connection.execute("SELECT line FROM decisions ORDER BY rowid")]
    assert left == ['blocked srcname="…" dst=198.51.100.1', *lines[1:]]


def test_what_cannot_be_deleted_stays_whole(connection: sqlite3.Connection):
    store = filled(connection)
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError):
        erase(connection, "ANNA-PC")
    assert len(store.suspects(NOW - 60, NOW + 60)) == 5


def held(connection: sqlite3.Connection) -> set[str]:
    return {one.device for one in sockets.between(connection, 0.0, 2.0**40)}


def test_its_sockets_go_and_no_other_and_nothing_of_its_programs_is_left(
    connection: sqlite3.Connection, tmp_path: Path
):
    with connection:
        sockets.store(
            connection,
            [
                Held(
                    device=device,
                    process=f"program of {device}",
                    transport="udp",
                    port=number,
                    opened=NOW,
                    seen=NOW,
                )
                for number, device in enumerate(["ANNA-PC", "anna-pc", "ÄNNA", "ANNA-PC2"])
            ],
        )
    assert erase(connection, "Anna-PC") == 2
    assert held(connection) == {"ÄNNA", "ANNA-PC2"}
    assert erase(connection, "änna") == 1
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"program of ANNA-PC2" in files
    assert b"program of anna-pc" not in files
    assert "program of ÄNNA".encode() not in files
