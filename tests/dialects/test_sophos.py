import pytest

from exporter.dialects import Malformed, sophos
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    dialect = sophos.UTM if ' sys="' in line else sophos.XG
    assert dialect.claims(message), line
    return dialect.parse(message)


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [
        ("Denied", "rejected"),
        ("DROPPED", "rejected"),
        ("Drop", "rejected"),
        ("Allowed", "accepted"),
        ("Detect", "other"),
    ],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_values_are_quoted_or_not(subtype, kind, quote):
    line = f"<134>device_name=XG log_type=Firewall log_subtype={subtype} "
    line += "src_ip=192.0.2.1 src_port=5 protocol=TCP"
    if quote:
        line = " ".join(f'{a}="{b}"' for a, _, b in (w.partition("=") for w in line.split()))
    assert parse(line) == Event(
        kind=kind, action=subtype.lower(), transport="tcp", source_ip="192.0.2.1", source_port=5
    )


def test_an_xg_line_without_anything_readable_is_malformed():
    with pytest.raises(Malformed):
        parse("log_type=Firewall log_subtype=x src_ip=x")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("log_type=Event log_component=GUI status=Successful src_ip=192.0.2.1", "other"),
        ("log_type=Event log_component=GUI status=Failed src_ip=192.0.2.1", "login_failure"),
        (
            "log_type=Event log_subtype=Authentication status=Failed src_ip=192.0.2.1",
            "login_failure",
        ),
    ],
)
def test_only_failed_log_ins_are_failures(line, kind):
    assert parse(line.replace("log_type", "log_component=x log_type", 1)) is not None
    assert parse(line) == Event(kind=kind, source_ip="192.0.2.1")


@pytest.mark.parametrize(
    ("action", "name", "kind"),
    [
        ("drop", "Packet dropped", "rejected"),
        ("", "Packet rejected", "rejected"),
        ("accept", "Packet accepted", "accepted"),
        ("log", "Packet logged", "other"),
        ("SYN flood", "SYN flood detected", "dos_alert"),
        ("portscan", "Portscan detected", "dos_alert"),
    ],
)
def test_a_utm_line_is_what_its_action_says(action, name, kind):
    line = (
        f'ulogd[1]: id="2001" sys="SecureNet" sub="packetfilter" name="{name}" action="{action}" '
    )
    event = parse(line + 'srcip="192.0.2.1" proto="17" srcport="5" dstport="6')
    assert event is not None
    assert (event.kind, event.source_port, event.destination_port) == (kind, 5, 6)
