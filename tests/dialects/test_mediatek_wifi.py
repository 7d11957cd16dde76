from exporter.dialects import mediatek_wifi
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return mediatek_wifi.parse(message) if mediatek_wifi.claims(message) else None


def test_stations_come_and_go():
    front = "kernel: [34739.45] 7981@C13L2,MacTableInsertEntry() 1559:"
    assert parse(f"{front} New Sta:00:00:5E:00:53:02") == Event(
        kind="wifi_join", mac="00:00:5e:00:53:02"
    )
    assert parse(f"{front} Del Sta: 00:00:5e:00:53:02 ") == Event(
        kind="wifi_leave", mac="00:00:5e:00:53:02"
    )


def test_a_cut_station_still_counts():
    assert parse("kernel: x New Sta:00:00") == Event(kind="wifi_join")
    assert parse("kernel: x New Sta:") == Event(kind="wifi_join")


def test_other_lines_are_left_alone():
    assert parse("kernel: Old Sta:00:00:5e:00:53:02") is None
    assert mediatek_wifi.parse(header.read(b"hello", 0.0)) == Event(kind="other")
