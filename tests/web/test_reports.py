"""Posted reports and pasted sockets: what is taken, what is refused, and that it is counted."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter import wire
from exporter.events import HostReport, Socket
from exporter.web.bodies import MAX_BODY
from tests.system.parts.founding import NETSTAT, PROCESS

REPORTS = "/api/v1/reports"
COUNTED = "knockwatch_reports_total"


def body(device: str = "PC", **facts) -> bytes:
    return wire.encode(HostReport(version=1, device=device, agent="knockwatch 1", **facts))


def devices(home) -> list[str]:
    return [device.name for device in home.service.pipeline.stages.hosts.devices()]


def test_a_report_is_taken_in_and_counted(home):
    sockets = (Socket(transport="udp", local_ip="0.0.0.0", local_port=5353),)
    answer = home.client().post(REPORTS, body(sockets=sockets))
    assert answer.status == 200
    assert answer.json == {"device": "PC", "sockets": 1}
    assert devices(home) == ["PC"]
    assert home.counted(COUNTED) == {("accepted",): 1}


def test_the_address_of_the_sender_names_nobody(home):
    for name in ("PC", "NAS"):
        home.client().post(REPORTS, body(name))
    assert devices(home) == ["PC", "NAS"]
    assert home.service.pipeline.stages.hosts.owner("192.168.1.20") is None


def test_a_broken_report_says_where_and_changes_nothing(home):
    client = home.client()
    client.post(REPORTS, body(addresses=("192.168.1.20",)))
    broken = json.loads(body()) | {"addresses": ["nonsense"]}
    answer = client.post(REPORTS, json.dumps(broken).encode())
    assert answer.status == 400
    assert "addresses[0]" in answer.json["error"]
    assert home.service.pipeline.stages.hosts.owner("192.168.1.20") == "PC"
    assert home.counted(COUNTED) == {("accepted",): 1, ("invalid",): 1}


def test_a_report_larger_than_the_bound_is_refused_while_it_is_read(home):
    answer = home.client().post(REPORTS, [b"x" * 65536] * (MAX_BODY // 65536 + 1))
    assert answer.status == 413
    assert str(MAX_BODY) in answer.json["error"]
    assert home.counted(COUNTED) == {("invalid",): 1}


def test_a_second_machine_of_one_name_is_a_conflict(home):
    client = home.client()
    assert client.post(REPORTS, body(machine_id="one")).status == 200
    answer = client.post(REPORTS, body(machine_id="two"))
    assert answer.status == 409
    assert "PC" in answer.json["error"]
    assert home.counted(COUNTED) == {("accepted",): 1, ("refused",): 1}


def test_pasted_sockets_are_read_whatever_their_type(home):
    client = home.client()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        answer = client.post("/api/v1/sockets/ANNA-PC", NETSTAT.encode("cp932"), content_type=kind)
        assert answer.status == 200
        assert answer.json["device"] == "ANNA-PC"
        assert (answer.json["sockets"], answer.json["udp"]) == (4, 2)
    spans = home.service.pipeline.stages.hosts.listeners.on_port("udp", 51413, home.now, 0)
    assert [span.process for span in spans] == [PROCESS]


def test_a_device_may_have_any_printable_name(home):
    path = "/api/v1/sockets/%E3%82%A2%E3%83%B3%E3%83%8A%E3%81%AE%20PC"
    assert home.client().post(path, NETSTAT.encode()).json["device"] == "アンナの PC"


def test_a_name_that_cannot_be_shown_is_refused(home):
    client = home.client()
    for name in ("%20", "a%00b", "%E2%80%AEcp", "a" * 256):
        answer = client.post(f"/api/v1/sockets/{name}", NETSTAT.encode())
        assert answer.status == 400
        assert "name of the device" in answer.json["error"]
    assert devices(home) == []


def test_an_agent_outranks_a_paste(home):
    home.reports("ANNA-PC", 51413, PROCESS)
    answer = home.client().post("/api/v1/sockets/anna-pc", NETSTAT.encode())
    assert answer.status == 409
    assert "agent" in answer.json["error"]


def test_a_paste_that_needs_an_administrator_says_so(home):
    text = b"The requested operation requires elevation.\r\n"
    answer = home.client().post("/api/v1/sockets/ANNA-PC", text)
    assert answer.status == 400
    assert "administrator" in answer.json["error"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.just(b'{"version": 1, "device": "\\ud800"}'))
def test_any_bytes_are_taken_or_refused_in_words(home, data):
    client = home.client()
    for path in (REPORTS, "/api/v1/sockets/PC"):
        answer = client.post(path, data)
        assert answer.status in (200, 400)
        assert ("error" in answer.json) == (answer.status == 400)
    for path in ("/sockets", "/log", "/log/forget"):
        assert client.post(path, data).status in (200, 303, 400)
