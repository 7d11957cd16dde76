import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import scan_detectors
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return scan_detectors.parse(message) if scan_detectors.claims(message) else None


def test_scanlogd_names_both_ends():
    event = parse("Nov 10 14:52:01 srv scanlogd: 198.51.100.7 to 203.0.113.9 ports 80, 81, ..., fS")
    assert event == Event(kind="dos_alert", source_ip="198.51.100.7", destination_ip="203.0.113.9")
    event = parse("scanlogd: 198.51.100.7:44  to  203.0.113.9 port 80")
    assert event == Event(
        kind="dos_alert", source_ip="198.51.100.7", source_port=44, destination_ip="203.0.113.9"
    )


@pytest.mark.parametrize("why", ["", " (Nmap -sT or -sS scan)"])
@pytest.mark.parametrize("ends", [("198.51.100.7", "203.0.113.9"), ("2001:db8::7", "2001:db8::9")])
def test_psad_names_the_protocol_too(why, ends):
    event = parse(f"psad: scan detected{why}: {ends[0]} -> {ends[1]} tcp: [80] flags: SYN DL: 3")
    assert event == Event(
        kind="dos_alert", transport="tcp", source_ip=ends[0], destination_ip=ends[1]
    )


def test_portsentry_and_signatures_name_the_source():
    line = "attackalert: UDP scan from host: a.example/198.51.100.7 to UDP port: 161"
    alert = Event(kind="dos_alert", transport="udp", source_ip="198.51.100.7")
    assert parse(f"portsentry[3]: {line}") == alert
    assert parse('psad: src: 198.51.100.7 signature match: "x" (sid: 1)') == Event(
        kind="dos_alert", source_ip="198.51.100.7"
    )


@pytest.mark.parametrize("line", ["psad: imported 3 rules", "scanlogd: hello", "portsentry: x"])
def test_what_names_no_scan_is_other(line):
    assert parse(line) == Event(kind="other")


def test_another_programs_line_is_left_to_it():
    assert parse("mydaemon: 198.51.100.7 to 203.0.113.9 ports 80") is None


@given(
    st.text(), st.sampled_from(["scanlogd: ", "psad: scan detected: ", "portsentry: attackalert: "])
)
def test_any_text_is_an_event(text, front):
    message = header.read(f"{front}{text}".encode("utf-8", "replace"), 0.0)
    assert isinstance(scan_detectors.parse(message), Event)
