"""What is deleted of a device when its owner asks for it, and who may ask."""

import asyncio

import pytest

from exporter import wire
from exporter.events import Event
from exporter.host_report import Flow, HostReport, Link, Socket
from tests.system.parts.founding import PROCESS, flood
from tests.web.conftest import NOW

STATION = "00:00:5e:00:53:07"


@pytest.fixture
def lived(home):
    """A home in which BEN-PC has reported, was named, has a lease and joined the Wi-Fi."""
    link = Link(interface="wlan0", mac=STATION)
    socket = Socket(
        transport="udp", local_ip="0.0.0.0", local_port=51413, process=PROCESS, age_seconds=3600.0
    )
    for device, address, links in (
        ("BEN-PC", "192.168.1.20", (link,)),
        ("NAS", "192.168.1.9", ()),
    ):
        home.service.report(
            HostReport(
                version=1,
                device=device,
                agent="knockwatch-agent/1",
                interval_seconds=60.0,
                addresses=(address,),
                sockets=(socket,) if links else (),
                links=links,
            )
        )
    inventory = home.service.pipeline.stages.hosts.inventory
    lease = Event(kind="dhcp_lease", ip="192.168.1.20", mac=STATION, hostname="ben-pc.lan")
    inventory.leases.add("gate", lease, NOW)
    inventory.associations.add("gate", Event(kind="wifi_join", mac=STATION), NOW)
    home.service.acknowledged.add("ben-pc", PROCESS, NOW + 86_400.0)
    home.hears(*flood(30))
    home.decides()
    return home


def known(home, name: str) -> list[str]:
    """Return where a name is still found."""
    hosts = home.service.pipeline.stages.hosts
    spans = [*hosts.listeners.on_port("udp", 51413, home.now, 1e6)]
    suspects = home.client().get("/api/v1/suspects").text
    return [
        place
        for place, found in {
            "devices": hosts.device(name),
            "sockets": [span for span in spans if span.device.casefold() == name.casefold()],
            "addresses": hosts.inventory.owner("192.168.1.20", home.now),
            "stations": hosts.inventory.of_station(STATION),
            "access points": hosts.inventory.whereabouts.places(home.now).get(name),
            "evidence": name in suspects,
            "page": name in home.client().get("/").text,
        }.items()
        if found
    ]


def test_everything_of_the_device_goes_and_the_answer_says_what(lived):
    assert len(known(lived, "BEN-PC")) == 7
    answer = lived.client().post("/api/v1/forget/ben-pc")
    assert answer.status == 200
    assert answer.json == {
        "device": "ben-pc",
        "deleted": {
            "evidence": 31,  # and the socket by which they were judged
            "sockets": 1,
            "leases": 1,
            "associations": 1,
            "acknowledged": 1,
            "tokens": 0,
        },
        "configured_token": False,
        "returns_if_it_reports": True,
        "set_aside": [],
    }
    assert known(lived, "BEN-PC") == []
    assert lived.service.pipeline.stages.hosts.device("NAS")


def test_what_outlives_a_restart_goes_at_once(lived):
    def stored() -> bool:
        parts = lived.state.load()[1]
        return any(b"ben-pc" in part or STATION.encode() in part for part in parts.values())

    asyncio.run(lived.service.commit())
    assert stored()
    lived.client().post("/api/v1/forget/BEN-PC")
    assert not stored()


def test_nothing_of_its_lease_is_left_in_the_files(lived):
    """Commits are rows of their own, which say what was so before, too."""

    def commits() -> int:
        connection = lived.state._connection
        [count] = connection.execute("SELECT count(*) FROM commits").fetchone()
        return int(count)

    asyncio.run(lived.service.commit())
    assert commits()
    lived.client().post("/api/v1/forget/BEN-PC")
    assert not commits()
    files = list(lived.folder.glob("state-*"))
    assert files
    assert not any(STATION.encode() in file.read_bytes() for file in files)


def test_databases_that_were_set_aside_are_named(lived):
    for name in ("evidence.sqlite.broken-1", "evidence.sqlite.broken-1-wal", "state.sqlite"):
        (lived.folder / name).touch()
    answer = lived.client().post("/api/v1/forget/BEN-PC")
    assert answer.json["set_aside"] == ["evidence.sqlite.broken-1"]


def test_what_it_was_called_before_goes_too(lived):
    hosts = lived.service.pipeline.stages.hosts
    hosts.device("NAS").formerly = {"Ben-PC": NOW, "OLD": NOW}
    lived.client().post("/api/v1/forget/BEN-PC")
    assert hosts.device("NAS").formerly == {"OLD": NOW}


def test_counters_stay(lived):
    before = lived.counted("knockwatch_attributed_packets_total")
    assert any("BEN-PC" in labels for labels in before)
    lived.client().post("/api/v1/forget/BEN-PC")
    assert lived.counted("knockwatch_attributed_packets_total") == before


def test_what_waits_to_be_written_is_deleted_too(lived):
    """Decisions are gathered in memory for a minute."""
    lived.client().post("/api/v1/forget/BEN-PC")
    lived.service.pipeline.finish(lived.now)
    assert "BEN-PC" not in lived.client().get("/api/v1/suspects").text


@pytest.mark.parametrize("ended", [False, True])
def test_what_a_router_told_of_it_goes_too(lived, ended):
    flow = Flow(
        transport="udp",
        local_ip="192.168.1.20",
        local_port=40000,
        remote_ip="198.51.100.7",
        remote_port=443,
    )
    report = HostReport(version=1, device="gate", addresses=("192.168.1.1",), flows=(flow,))
    lived.service.report(report)
    hosts = lived.service.pipeline.stages.hosts
    talked = [s.device for s in hosts.listeners.talked_to("198.51.100.7", lived.now, 600.0)]
    assert talked == ["BEN-PC"]
    if ended:
        lived.service.report(HostReport(version=1, device="gate", addresses=("192.168.1.1",)))
    lived.client().post("/api/v1/forget/BEN-PC")
    assert list(hosts.listeners.talked_to("198.51.100.7", lived.now, 600.0)) == []
    lived.service.report(report)  # and the router goes on reporting
    assert hosts.device("gate")


def test_a_device_that_nobody_knows_is_not_forgotten(lived):
    answer = lived.client().post("/api/v1/forget/nobody")
    assert answer.status == 404
    assert answer.json == {"error": "nothing is stored of nobody"}


def test_only_who_may_post_may_let_forget(lived):
    assert lived.client(address="198.51.100.7").post("/api/v1/forget/BEN-PC").status == 403
    foreign = {"origin": "http://evil.example"}
    assert lived.client().post("/api/v1/forget/BEN-PC", **foreign).status == 403
    assert lived.client().get("/api/v1/forget/BEN-PC").status == 405
    guarded = lived.client("all", "BEN-PC own")
    assert guarded.post("/api/v1/forget/BEN-PC").status == 401
    # A program on that PC must not be able to wipe its traces.
    own = guarded.post("/api/v1/forget/BEN-PC", authorization="Bearer own")
    assert own.status == 403
    assert "BEN-PC" in own.json["error"]
    assert "devices" in known(lived, "BEN-PC")
    assert guarded.post("/api/v1/forget/BEN-PC", authorization="Bearer all").status == 200


def test_the_token_that_the_device_was_given_is_revoked(lived):
    client = lived.client("all")
    token = lived.tokens("all").issue("BEN-PC")
    body = wire.encode(HostReport(version=1, device="BEN-PC", agent="knockwatch-agent/1"))
    assert client.post("/api/v1/reports", body, authorization=f"Bearer {token}").status == 200
    answer = client.post("/api/v1/forget/ben-pc", authorization="Bearer all")
    assert answer.json["deleted"]["tokens"] == 1
    assert not answer.json["returns_if_it_reports"]
    assert client.post("/api/v1/reports", body, authorization=f"Bearer {token}").status == 401


def test_a_configured_token_is_named_as_its_owners_to_remove(lived):
    client = lived.client("all", "BEN-PC own")
    answer = client.post("/api/v1/forget/ben-pc", authorization="Bearer all")
    assert answer.json["configured_token"]
    assert answer.json["returns_if_it_reports"]


def test_evidence_that_cannot_be_deleted_is_told(lived):
    lived.database.execute("DROP TABLE decisions")
    answer = lived.client().post("/api/v1/forget/BEN-PC")
    assert answer.status == 503
    assert "no such table" in answer.json["error"]


def test_what_it_asked_for_and_whom_it_talked_to_goes_too(lived):
    pipeline = lived.service.pipeline
    lookups = pipeline.stages.attributor.lookups
    for asker in ("192.168.1.20", "192.168.1.9"):
        asked = Event(kind="dns", hostname="a.example", source_ip=asker, ip="198.51.100.7")
        lookups.add("gate", asked, lived.now)
    lived.client().post("/api/v1/forget/ben-pc")
    assert lookups.askers() == {"192.168.1.9"}
    assert set(pipeline.traffic._counted) == {"nas"}


def test_a_name_with_a_slash_is_forgotten_like_any_other(home):
    report = HostReport(version=1, device="den/pc", addresses=("192.168.1.21",))
    home.service.report(report)
    assert home.client().post("/api/v1/forget/den%2Fpc").status == 200
    assert home.service.pipeline.stages.hosts.device("den/pc") is None


@pytest.mark.parametrize("name", ["", "%20"])
def test_no_name_is_no_reason_to_forget_what_is_nobodys(home, name):
    home.hears(*flood(3))
    home.decides()
    before = home.client().get("/api/v1/suspects").json["packets"]
    assert home.client().post(f"/api/v1/forget/{name}").status == 400
    assert home.client().get("/api/v1/suspects").json["packets"] == before == 3
