"""Posted reports and pasted sockets: what is taken, what is refused, and that it is counted."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter import wire
from exporter.agent.outbox import AT_ONCE
from exporter.agent.push import POLL
from exporter.host_report import HostReport, Link, Neighbour, Socket
from exporter.web.bodies import MAX_BODY, MAX_REPORT
from exporter.web.posted import BURST
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
    assert home.service.pipeline.stages.hosts.inventory.owner("192.168.1.20") is None


def test_a_broken_report_says_where_and_changes_nothing(home):
    client = home.client()
    client.post(REPORTS, body(addresses=("192.168.1.20",)))
    broken = json.loads(body()) | {"addresses": ["nonsense"]}
    answer = client.post(REPORTS, json.dumps(broken).encode())
    assert answer.status == 400
    assert "addresses[0]" in answer.json["error"]
    assert home.service.pipeline.stages.hosts.inventory.owner("192.168.1.20") == "PC"
    assert home.counted(COUNTED) == {("accepted",): 1, ("invalid",): 1}


def test_a_report_larger_than_the_bound_is_refused_while_it_is_read(home):
    answer = home.client().post(REPORTS, [b"x" * 65536] * (MAX_REPORT // 65536 + 1))
    assert answer.status == 413
    assert str(MAX_REPORT) in answer.json["error"]
    assert home.counted(COUNTED) == {("invalid",): 1}


@pytest.mark.thorough
def test_the_largest_report_of_an_agent_is_taken(home):
    v6 = "2001:db8:1111:2222:3333:4444:5555:{:x}"
    sockets = tuple(
        Socket(
            transport="tcp",
            local_ip=v6.format(0x6666),
            local_port=65535,
            remote_ip=v6.format(0x1000 + number),
            remote_port=65535,
            state="established",
            process="x" * 100,
            pid=wire.MAX_PID,
            age_seconds=123456789.123,
        )
        for number in range(wire.MAX_SOCKETS)
    )
    report = body(
        sockets=sockets,
        addresses=tuple(v6.format(0x1000 + n) for n in range(wire.MAX_ADDRESSES)),
        neighbours=tuple(
            Neighbour(ip=v6.format(0x1000 + n), mac="00:00:5e:00:53:01", interface="x" * 15)
            for n in range(wire.MAX_NEIGHBOURS)
        ),
        links=tuple(Link(interface=f"{n:064}") for n in range(wire.MAX_LINKS)),
    )
    assert len(report) > MAX_BODY
    answer = home.client().post(REPORTS, report)
    assert (answer.status, answer.json["sockets"]) == (200, wire.MAX_SOCKETS)


def test_a_device_that_sends_too_often_is_told_to_wait(home):
    client = home.client()
    statuses = [client.post(REPORTS, body()).status for _ in range(int(BURST) + 2)]
    assert statuses == [200] * int(BURST) + [429] * 2
    assert (
        "pc sends more than 10 reports a second" in client.post(REPORTS, body("pc")).json["error"]
    )
    assert home.counted(COUNTED) == {("accepted",): BURST, ("refused",): 3}
    assert client.post(REPORTS, body("NAS")).status == 200
    home.now -= 3600.0  # the clock is set back
    assert client.post(REPORTS, body()).status == 429
    home.now += 0.11
    assert [client.post(REPORTS, body()).status for _ in range(2)] == [200, 429]


def test_what_an_agent_sends_of_its_own_accord_is_never_too_often(home):
    client = home.client()
    for _ in range(AT_ONCE):  # it was cut off
        assert client.post(REPORTS, body()).status == 200
    for _ in range(60):  # and now something changes at every look
        home.now += POLL
        assert client.post(REPORTS, body()).status == 200


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


@pytest.mark.thorough
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


def test_the_token_of_a_device_posts_for_that_device_only(home):
    client = home.client("all", "ANNA-PC s3cret")
    own = {"authorization": "Bearer s3cret"}
    assert client.post(REPORTS, body("anna-pc"), **own).status == 200
    refused = client.post(REPORTS, body("NAS"), **own)
    assert refused.status == 403
    assert refused.json["error"] == "this token is of ANNA-PC: it may not report for NAS"
    assert client.post("/api/v1/sockets/Other", NETSTAT.encode(), **own).status == 403
    assert client.post("/api/v1/sockets/ANNA-PC", NETSTAT.encode(), **own).status == 409  # an agent
    assert client.post(REPORTS, body("NAS"), authorization="Bearer all").status == 200
    assert devices(home) == ["anna-pc", "NAS"]


def test_a_token_that_was_removed_posts_no_longer(home):
    client = home.client("all", "ANNA-PC s3cret")
    own = {"authorization": "Bearer s3cret"}
    assert client.post(REPORTS, body("ANNA-PC"), **own).status == 200
    home.tokens("all")
    assert client.post(REPORTS, body("ANNA-PC"), **own).status == 401
