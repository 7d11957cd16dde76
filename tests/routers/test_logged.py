import sqlite3

from exporter.evidence import prepare
from exporter.routers import logged as module
from exporter.routers.logged import by_router


def stored(*rows):
    """A database with rows: device, router, packets, first and last second."""
    connection = sqlite3.connect(":memory:")
    prepare(connection)
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(decisions)")]
    for device, router, packets, first, last in rows:
        known = {
            "device": device,
            "router": router,
            "packets": packets,
            "first": first,
            "last": last,
        }
        values = [known.get(name, "") for name in columns]
        marks = ", ".join("?" * len(columns))
        connection.execute(f"INSERT INTO decisions VALUES ({marks})", values)
    return connection


def test_packets_of_a_device_are_counted_by_the_router_that_logged_them():
    connection = stored(
        ("PC", "attic", 5, 10, 20),
        ("PC", "cellar", 50, 10, 20),
        ("PC", "attic", 7, 30, 40),
        ("NAS", "attic", 1, 10, 20),
        ("", "attic", 1000, 10, 20),
    )
    found = by_router(connection, 0, 100)
    assert found == {"PC": {"cellar": 50, "attic": 12}, "NAS": {"attic": 1}}
    assert list(found["PC"]) == ["cellar", "attic"]


def test_only_the_period_counts():
    connection = stored(("PC", "attic", 5, 10, 20), ("PC", "attic", 7, 30, 40))
    assert by_router(connection, 21, 29) == {}
    assert by_router(connection, 25, 35) == {"PC": {"attic": 7}}


def test_it_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    connection = stored(*((f"PC-{n}", "attic", n, 1, 2) for n in range(9)))
    assert by_router(connection, 0, 9) == {"PC-8": {"attic": 8}, "PC-7": {"attic": 7}}
