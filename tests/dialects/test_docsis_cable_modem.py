import pytest

from exporter.dialects import docsis_cable_modem
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return docsis_cable_modem.parse(message) if docsis_cable_modem.claims(message) else None


SAMPLES = ("(Notice (6))\tHonoring MDD; IP provisioning mode = IPv6",)


@pytest.mark.parametrize(
    "line",
    [
        "Received Response to Broadcast Maintenance Request, But no Unicast - T4 time out;CM-MAC=",
        "SYNC Timing Synchronization failure - Failed to acquire QAM/QPSK symbol timing;",
        "Time Not Established  Critical (3)  No Ranging Response received - T3 time-out",
        "1970-01-01 00:00:27 \t critical \t No Ranging Response received - T3 time-out",
        "(Warning (5))\tsomething that the specification does not know",
        "Warning (5) Dynamic Range Window violation",
        "RCS Partial Service;CM-MAC=00:00:5e:00:53:01;CMTS-MAC=00:00:5e:00:53:02;",
        SAMPLES[0],
        SAMPLES[0].upper(),
    ],
)
def test_the_modem_has_troubles_and_no_knocks(line):
    assert parse(line) == Event(kind="other")


@pytest.mark.parametrize(
    "line",
    [
        "DHCP RENEW",
        "no ranging here",
        "Warning (5) the disk is full",
        "MDD",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
