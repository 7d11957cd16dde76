"""Reports to a relay: whose they are, and that nothing is answered well that is not safe."""

from hashlib import sha256

import pytest

from exporter import wire
from exporter.access.tokens import Tokens
from exporter.fleet import relay_http
from exporter.fleet.outgoing import Oversize
from exporter.fleet.records import Report, decode
from exporter.fleet.relay_http import Ways, create
from exporter.fleet.relay_metrics import RelayMetrics
from exporter.fleet.session import Session
from exporter.fleet.subscribers import OneSite, Place, Subscribers
from exporter.host_report import HostReport
from exporter.metrics.formats import encode
from exporter.web.posted import BURST
from tests.system.parts.exposition import total
from tests.system.parts.founding import NETSTAT
from tests.web.client import Client

REPORTS = "/api/v1/reports"
SECRET = "a token of a subscriber"
DIGEST = sha256(SECRET.encode()).hexdigest()


class Taking:
    """An `Outgoing` that brings a record into safety, or does what else it is told."""

    def __init__(self):
        self.rows, self.is_full, self.answer = [], False, "safe"

    def full(self):
        return self.is_full

    def add(self, row, safe):
        self.rows.append(row)
        if self.answer == "safe":
            safe.set_result(None)
        elif self.answer == "oversize":
            safe.set_exception(Oversize())


class Running:
    ready = True

    def __init__(self, metrics):
        self.metrics = metrics

    async def exposition(self, accept):
        return encode(self.metrics.families(()), accept)


class Desk:
    """A relay's HTTP with a clock that stands."""

    def __init__(self, places, tokens=None):
        self.now = 1_700_000_000.0
        self.outgoing = Taking()
        self.metrics = RelayMetrics(lambda: self.now)
        self.running = Running(self.metrics)
        ways = Ways(places, Session(), self.outgoing, self.metrics, lambda: self.now)
        self.app = create(self.running, ways, frozenset({"relay.example"}), tokens)

    def client(self, address="192.168.1.20", host="relay.example"):
        return Client(self.app, address, host)

    def counted(self, **labels):
        return total(self.client().get("/metrics").text, "knockwatch_reports_total", **labels)

    @property
    def reports(self):
        found = [decode(row.value) for row in self.outgoing.rows]
        assert all(isinstance(record, Report) for record in found)
        return found


@pytest.fixture
def desk():
    return Desk(OneSite(Place("osaka", "kansai")))


@pytest.fixture
def provider(tmp_path):
    file = tmp_path / "subscribers"
    file.write_text(f"s-1@tokyo address 198.51.100.0/24\ns-2@tokyo token {DIGEST}\n")
    return Desk(Subscribers(file))


def body(device="PC", **facts):
    return wire.encode(HostReport(version=1, device=device, agent="knockwatch 1", **facts))


def test_a_report_is_passed_on_as_it_came(desk):
    sent = body(addresses=("192.168.1.20",))
    answer = desk.client().post(REPORTS, sent)
    assert (answer.status, answer.json) == (200, {"device": "PC", "sockets": 0})
    [record] = desk.reports
    assert (record.body, record.region, record.received) == (sent, "kansai", desk.now)
    assert desk.outgoing.rows[0].site == "osaka"
    assert desk.counted(outcome="accepted") == 1


def test_what_was_pasted_becomes_a_report(desk):
    answer = desk.client().post("/api/v1/sockets/ANNA-PC", NETSTAT.encode())
    assert answer.json == {"device": "ANNA-PC", "sockets": 4}
    report = wire.decode(desk.reports[0].body)
    assert (report.device, report.agent, len(report.sockets)) == ("ANNA-PC", "paste", 4)


def test_nothing_is_passed_on_that_a_worker_could_not_read(desk):
    for path, text in ((REPORTS, b"{}"), ("/api/v1/sockets/PC", b"nonsense")):
        answer = desk.client().post(path, text)
        assert answer.status == 400
        assert answer.json["error"]
    assert desk.outgoing.rows == []
    assert desk.counted(outcome="invalid") == 2


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [("never", 503, "send it again later"), ("oversize", 413, "larger than the brokers take")],
)
def test_what_is_not_safe_is_not_answered_well(desk, monkeypatch, answer, status, said):
    monkeypatch.setattr(relay_http, "SAFE_SECONDS", 0.01)
    desk.outgoing.answer = answer
    refused = desk.client().post(REPORTS, body())
    assert refused.status == status
    assert said in refused.json["error"]
    assert ("retry-after" in refused.headers) == (status == 503)
    assert desk.counted() == desk.counted(outcome="refused" if status == 503 else "invalid") == 1
    later = desk.client().post(REPORTS, body(unchanged_since=0.0))
    assert later.status == 409  # what was not safe is nothing to refer to


def test_a_full_spool_takes_no_report(desk):
    desk.outgoing.is_full = True
    answer = desk.client().post(REPORTS, body())
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert desk.outgoing.rows == []


def test_a_heartbeat_without_its_report_asks_for_a_full_one(desk):
    client = desk.client()
    answer = client.post(REPORTS, body(unchanged_since=15.0))
    assert answer.status == 409
    assert "send a full one" in answer.json["error"]
    assert client.post(REPORTS, body()).status == 200
    desk.now += 15
    assert client.post(REPORTS, body(unchanged_since=15.0)).status == 200
    desk.now += 286
    assert client.post(REPORTS, body(unchanged_since=301.0)).status == 409
    assert [wire.decode(r.body).unchanged_since for r in desk.reports] == [None, 15.0]


def test_a_device_that_sends_too_often_is_told_to_wait(desk):
    client = desk.client()
    statuses = [client.post(REPORTS, body()).status for _ in range(int(BURST) + 1)]
    assert statuses == [200] * int(BURST) + [429]
    assert client.post(REPORTS, body("NAS")).status == 200


def test_who_may_post_to_a_site_s_relay_is_as_in_serve(desk, tmp_path):
    assert desk.client("198.51.100.7").post(REPORTS, body()).status == 403
    assert desk.client(host="evil.example").post(REPORTS, body()).status == 421
    assert desk.client().post(REPORTS, body(), origin="http://evil.example").status == 403
    assert desk.outgoing.rows == []
    assert desk.counted(outcome="refused") == 3
    (tmp_path / "tokens").write_text("PC token-of-pc\n")
    closed = Desk(OneSite(Place("osaka")), Tokens(tmp_path / "tokens"))
    bearer = {"authorization": "Bearer token-of-pc"}
    assert closed.client().post(REPORTS, body()).status == 401
    assert closed.client().post(REPORTS, body("NAS"), **bearer).status == 403
    assert closed.client("198.51.100.7").post(REPORTS, body(), **bearer).status == 200


def test_a_report_says_whether_it_may_tell_of_other_devices(desk, tmp_path):
    (tmp_path / "tokens").write_text("PC token-of-pc\nROUTER token-of-router\ntoken-of-all\n")
    guarded = Desk(OneSite(Place("osaka")), Tokens(tmp_path / "tokens", observers=["router"]))
    for device, token in (("PC", "pc"), ("ROUTER", "router"), ("PC", "all")):
        bearer = {"authorization": f"Bearer token-of-{token}"}
        assert guarded.client().post(REPORTS, body(device), **bearer).status == 200
    pasted = guarded.client().post(
        "/api/v1/sockets/PC", NETSTAT.encode(), authorization="Bearer token-of-pc"
    )
    assert pasted.status == 200
    assert [told.of_itself for told in guarded.reports] == [True, False, False, True]
    assert desk.client().post(REPORTS, body()).status == 200
    assert not desk.reports[0].of_itself  # without tokens everybody is believed


def test_subscribers_are_known_by_their_token_or_their_address(provider):
    bearer = {"authorization": f"Bearer {SECRET}"}
    assert provider.client("203.0.113.1").post(REPORTS, body(), **bearer).status == 200
    assert provider.client("198.51.100.9").post(REPORTS, body()).status == 200
    assert [row.site for row in provider.outgoing.rows] == ["s-2", "s-1"]
    for address, headers in (
        ("203.0.113.1", {}),
        ("192.168.1.20", {}),
        ("198.51.100.9", {"authorization": "Bearer of nobody"}),
    ):
        answer = provider.client(address).post(REPORTS, body(), **headers)
        assert answer.status == 403
        assert answer.json["error"] == f"no subscriber has this token or address: {address}"
    assert provider.counted(outcome="refused") == 3


def test_health_and_what_is_not_there(desk):
    client = desk.client()
    assert client.get("/-/healthy").text == "healthy\n"
    assert client.get("/-/ready").status == 200
    desk.running.ready = False
    assert client.get("/-/ready").status == 503
    assert client.get("/").status == 404
    assert client.get(REPORTS).status == 405


def scope(path, token=""):
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    return {"type": "http", "path": path, "headers": headers}


def test_a_subscribers_token_is_as_good_as_a_password_where_reports_are_taken(tmp_path):
    file = tmp_path / "subscribers"
    file.write_text(f"s-1 address 198.51.100.0/24\ns-2 token {DIGEST}\n")
    admitted = relay_http.admits(Subscribers(file), None)
    assert admitted(scope(REPORTS, SECRET))
    assert not admitted(scope(REPORTS, "another"))
    assert not admitted(scope(REPORTS))
    assert not admitted(scope("/metrics", SECRET))


def test_a_token_of_the_relay_itself_is_too(tmp_path):
    file = tmp_path / "tokens"
    file.write_text(f"{SECRET.replace(' ', '-')}\n")
    place = OneSite(Place("osaka", ""))
    assert relay_http.admits(place, Tokens(file))(scope(REPORTS, SECRET.replace(" ", "-")))
    assert not relay_http.admits(place, Tokens(file))(scope(REPORTS, "another"))
    assert not relay_http.admits(place, None)(scope(REPORTS, "another"))
