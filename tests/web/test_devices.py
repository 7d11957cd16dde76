"""What each device is made of, as people and programs read it; and who had an address, when."""

from datetime import UTC, datetime

import pytest

from exporter.events import Event
from exporter.host_report import HostReport, Link, Socket
from tests.system.parts.founding import DEVICE, PROCESS, flood
from tests.web.conftest import NOW

STATION, PHONE, PHONE_2 = (f"00:00:5e:00:53:0{number}" for number in (7, 8, 9))
BSSID = "00:00:5e:00:53:a1"


@pytest.fixture
def lived(home):
    """A home with the founding PC on Wi-Fi, and two phones of one name."""
    socket = Socket(
        transport="udp", local_ip="0.0.0.0", local_port=51413, process=PROCESS, age_seconds=3600.0
    )
    report = HostReport(
        version=1,
        device=DEVICE,
        agent="knockwatch-agent/1",
        interval_seconds=60.0,
        addresses=("192.168.1.20", "172.17.0.1"),
        links=(Link(interface="wlan0", mac=STATION, bssid=BSSID),),
        sockets=(socket,),
    )
    home.service.report(report)
    home.service.report(HostReport(version=1, device="NAS", addresses=("172.17.0.1",)))
    leases = home.service.pipeline.stages.hosts.inventory.leases
    for mac, ip in ((PHONE, "192.168.1.30"), (PHONE_2, "192.168.1.31")):
        leases.add("gate", Event(kind="dhcp_lease", ip=ip, mac=mac, hostname="iPhone"), NOW)
    return home


def devices(home):
    answer = home.client().get("/api/v1/devices").json
    return {one["device"]: one for one in answer["devices"]}


def test_a_device_tells_its_addresses_its_access_point_and_why(lived):
    found = devices(lived)[DEVICE]
    assert found["agent"] == "knockwatch-agent/1"
    assert found["access_point"]["name"] == found["access_point"]["bssid"] == BSSID
    assert found["parts"] == [
        {
            "address": "192.168.1.20",
            "since": None,
            "seen": "2026-11-18T11:06:40Z",
            "rules": ["reported"],
            "why": [found["parts"][0]["why"][0]],
        },
        found["parts"][1],
    ]
    assert found["parts"][1]["station"] == STATION
    assert "reports it itself" in found["parts"][0]["why"][0]


def test_metrics_page_and_api_agree_on_the_access_point(lived):
    inventory = lived.service.pipeline.stages.hosts.inventory
    for access_point, heard in ((BSSID, NOW), ("attic", NOW + 5)):
        if heard > NOW:
            inventory.associations.add("attic", Event(kind="wifi_join", mac=STATION), heard)
            lived.now = heard
        client = lived.client()
        sample = f'{{access_point="{access_point}",device="{DEVICE}"}} 1.0'
        assert f"knockwatch_device_access_point{sample}" in client.get("/metrics").text
        assert devices(lived)[DEVICE]["access_point"]["name"] == access_point
        for page in ("/devices", "/"):
            assert f"on <bdi>{access_point}</bdi>" in client.get(page).text


def test_what_is_nobodys_is_told_with_the_reason(lived):
    answer = lived.client().get("/api/v1/devices").json
    [part] = answer["nobodys"]
    assert (part["address"], part["rules"]) == ("172.17.0.1", ["contested"])
    assert DEVICE in part["why"][0]
    assert answer["left_out"] == 0


def test_two_phones_of_one_name_are_two_and_say_why(lived):
    phone = devices(lived)["iPhone (00:53:08)"]
    assert phone["parts"][0]["rules"] == ["lease", "shared_name"]
    assert phone["agent"] is phone["access_point"] is None


def test_where_its_packets_were_logged_is_told_by_router(lived):
    lived.hears(*flood(20), router="192.168.1.2")
    lived.hears(*flood(10), router="192.168.1.3")
    lived.decides()
    assert devices(lived)[DEVICE]["logged"] == [
        {"router": "192.168.1.2", "packets": 20},
        {"router": "192.168.1.3", "packets": 10},
    ]
    page = lived.client().get("/devices").text
    assert "<bdi>192.168.1.2</bdi>: 20" in page
    assert "<bdi>192.168.1.3</bdi>: 10" in page


def test_evidence_that_cannot_be_read_costs_only_that_figure(lived):
    lived.database.execute("DROP TABLE decisions")
    assert devices(lived)[DEVICE]["logged"] == []
    assert lived.client().get("/devices").status == 200


def test_who_had_an_address_at_a_time_is_answered_with_the_reason(lived):
    client = lived.client()
    answer = client.get("/api/v1/devices?address=192.168.1.30&at=2026-11-18T11:06:40Z").json
    assert (answer["device"], answer["rules"]) == ("iPhone (00:53:08)", ["lease", "shared_name"])
    assert answer["at"] == "2026-11-18T11:06:40Z"
    assert PHONE in answer["why"][0]
    earlier = client.get("/api/v1/devices?address=192.168.1.30&at=2026-11-18T11:06:39Z").json
    assert (earlier["device"], earlier["rules"]) == (None, ["nobody"])


def test_an_address_handed_over_at_night_was_each_ones_in_its_time(home):
    """Who had 192.168.1.23 at 03:12?"""

    def says(device, *addresses):
        report = HostReport(version=1, device=device, agent="test", addresses=addresses)
        home.service.report(report)

    night = datetime(2026, 11, 19, 3, 12, tzinfo=UTC).timestamp()
    home.now = night - 600
    says("laptop", "192.168.1.23")
    home.now = night - 60
    says("laptop")
    home.now = night
    says("tablet", "192.168.1.23")
    home.now = night + 6 * 3600
    path = "/api/v1/devices?address=192.168.1.23&at="
    told = [
        home.client().get(f"{path}2026-11-19T{at}:00Z").json["device"] for at in ("03:05", "03:12")
    ]
    assert told == ["laptop", "tablet"]
    assert home.client().get(f"{path}2026-11-19T03:11:20Z").json["device"] is None


def test_packets_of_an_address_are_counted_for_whoever_had_it_then(home):
    line = "UDP connection rejected from 192.168.1.23:5000 to 198.51.100.7:{}"

    def says(device, *addresses):
        report = HostReport(version=1, device=device, agent="test", addresses=addresses)
        home.service.report(report)

    for device, port in (("laptop", 1001), ("tablet", 1002)):
        says(device, "192.168.1.23")
        home.hears(line.format(port))
        home.decides()
        says(device)
        home.hears(line.format(port + 10))  # it is nobody's by now
        home.decides()
    named = {}
    for labels, packets in home.counted("knockwatch_attributed_packets_total").items():
        named[labels[4]] = named.get(labels[4], 0) + packets
    assert named == {"laptop": 1, "tablet": 1, "": 2}


def test_a_station_can_be_asked_about_too(lived):
    answer = lived.client().get(f"/api/v1/devices?address={STATION.upper()}").json
    assert (answer["address"], answer["device"]) == (STATION, DEVICE)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("address=", "address"),
        ("address=192.168.1.256", "192.168.1.256"),
        ("address=anna-pc", "anna-pc"),
        ("address=192.168.1.20&at=yesterday", "yesterday"),
    ],
)
def test_what_is_no_address_or_time_is_named(lived, query, named):
    answer = lived.client().get(f"/api/v1/devices?{query}")
    assert answer.status == 400
    assert named in answer.json["error"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_tells_the_same_in_both_languages(lived, language):
    page = lived.client().get(f"/devices?lang={language}&address=192.168.1.30").text
    for word in (DEVICE, "iPhone (00:53:09)", "192.168.1.20", STATION, "172.17.0.1", BSSID):
        assert word in page
    assert ("名乗" in page) == (language == "ja")
    assert ("call themselves" in page) == (language == "en")


def test_the_page_of_an_empty_home_says_so(home):
    page = home.client().get("/devices")
    assert page.status == 200
    assert "No device is known yet" in page.text


def test_a_renamed_machine_says_what_it_was_called(lived):
    known = lived.service.pipeline.stages.hosts.device(DEVICE)
    links, addresses = known.report.links, known.report.addresses
    for device in (DEVICE, "travel"):
        lived.now += 60.0
        report = HostReport(
            version=1, device=device, machine_id="m", links=links, addresses=addresses
        )
        lived.service.report(report)
    found = devices(lived)
    assert DEVICE not in found
    assert found["travel"]["formerly"] == [{"device": DEVICE, "until": "2026-11-18T11:08:40Z"}]
    assert "the same machine" in lived.client().get("/devices").text


def test_foreign_names_are_text(home):
    leases = home.service.pipeline.stages.hosts.inventory.leases
    event = Event(kind="dhcp_lease", ip="192.168.1.30", mac=PHONE, hostname="<script>x")
    leases.add("<b>gate", event, NOW)
    page = home.client().get("/devices?address=192.168.1.30").text
    assert "<script>" not in page
    assert "<b>gate" not in page


def test_asking_asks_no_resolver(home):
    home.client().get("/api/v1/devices?address=192.168.1.99")
    assert home.service.pipeline.stages.hosts.inventory.resolved.due(home.now) is None
