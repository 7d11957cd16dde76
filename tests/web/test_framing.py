"""What a device's own token cannot do: have another device named."""

import json

import pytest

from exporter import web
from exporter.access.tokens import Tokens
from tests.web.client import Client

VICTIM, ROUTER, SERVER = "192.168.1.20", "192.168.1.1", "23.45.67.89"
REPORTS = "/api/v1/reports"
LINE = f"<4>UDP connection rejected from {SERVER}:3478 to 203.0.113.9:51413"
FLOW = {
    "transport": "udp",
    "local_ip": VICTIM,
    "local_port": 51413,
    "remote_ip": SERVER,
    "remote_port": 3478,
}
MAPPED = {"transport": "udp", "port": 51413, "ip": VICTIM, "inside_port": 51413}
CONNTRACK = (
    f"udp 17 170 src={VICTIM} dst={SERVER} sport=51413 dport=3478"
    f" src={SERVER} dst=203.0.113.9 sport=3478 dport=51413 [ASSURED] mark=0 use=1\n"
)
LIES = {
    "flow": {"flows": [FLOW]},
    "port_table": {"port_table": {"gateway": ROUTER, "mappings": [MAPPED]}},
    "guest": {
        "flows": [FLOW],
        "neighbours": [{"ip": VICTIM, "mac": "02:00:5e:00:53:01", "interface": "docker0"}],
    },
}
OWN = {"authorization": "Bearer own"}


@pytest.fixture
def household(home):
    """A home whose victim has an agent, and a liar with a token of its own; the router is heard."""
    home.hears("<30>kernel: hello")
    client = home.client("all", "LIAR own")
    link = {"interface": "eth0", "mac": "02:00:5e:00:53:01"}
    said = tell(client, "ANNA-PC", "all", addresses=[VICTIM], links=[link])
    assert said.status == 200
    return home


def observed(home):
    """Somebody who asks where the liar is one of those who are believed about others."""
    tokens = Tokens(home.folder / "configured-tokens", observers=("liar",))
    return Client(web.create(home.service, tokens))


def tell(client, device, token, **facts):
    told = {"version": 1, "device": device, "agent": "x", "interval_seconds": 60, **facts}
    return client.post(REPORTS, json.dumps(told).encode(), authorization=f"Bearer {token}")


def named(home):
    """Return whom a packet to that port is counted for."""
    home.hears(LINE)
    home.decides()
    counted = home.counted("knockwatch_attributed_packets_total")
    return {labels[4] for labels, packets in counted.items() if packets}


@pytest.mark.parametrize("lie", LIES)
def test_a_report_for_itself_lays_no_packet_at_anothers_door(household, lie):
    client = household.client("all", "LIAR own")
    assert tell(client, "LIAR", "own", addresses=["192.168.1.66"], **LIES[lie]).status == 200
    assert "ANNA-PC" not in named(household)


@pytest.mark.parametrize("lie", ["flow", "port_table"])
@pytest.mark.parametrize("token", ["all", "own"])
def test_whom_its_owner_believes_tells_of_others(household, lie, token):
    client = observed(household) if token == "own" else household.client("all", "LIAR own")
    assert tell(client, "LIAR", token, addresses=["192.168.1.66"], **LIES[lie]).status == 200
    assert named(household) == {"ANNA-PC"}


def test_a_heartbeat_lays_nothing_there_either(household):
    client = household.client("all", "LIAR own")
    assert tell(client, "LIAR", "own", addresses=["192.168.1.66"]).status == 200
    household.now += 1
    assert tell(client, "LIAR", "own", unchanged_since=1, flows=[FLOW]).status == 200
    assert "ANNA-PC" not in named(household)


def test_nor_does_what_is_pasted_by_the_api_or_the_page(household):
    client = household.client("all", "LIAR own")
    assert client.post("/api/v1/sockets/LIAR", CONNTRACK.encode(), **OWN).status == 200
    assert client.submit("/sockets", device="LIAR", text=CONNTRACK, token="own").status == 200
    assert "ANNA-PC" not in named(household)


def test_the_same_paste_names_when_its_owner_pastes_it(household):
    client = household.client("all", "LIAR own")
    assert client.submit("/sockets", device="LIAR", text=CONNTRACK, token="all").status == 200
    assert named(household) == {"ANNA-PC"}


def test_an_address_is_not_said_to_be_at_anothers_station(household):
    lie = {"ip": "192.168.1.99", "mac": "02:00:5e:00:53:01", "interface": "eth0"}
    client = household.client("all", "LIAR own")
    asked = "/api/v1/devices?address=192.168.1.99"
    assert tell(client, "LIAR", "own", addresses=["192.168.1.66"], neighbours=[lie]).status == 200
    assert client.get(asked).json["device"] is None
    assert tell(client, "LIAR", "all", addresses=["192.168.1.66"], neighbours=[lie]).status == 200
    assert client.get(asked).json["device"] == "ANNA-PC"


def test_its_own_containers_stay_its_own(household):
    """What a host forwards for what runs in it is its own, whatever token it has."""
    client, inside = household.client("all", "LIAR own"), "172.17.0.2"
    guest = {"ip": inside, "mac": "02:42:ac:11:00:02", "interface": "docker0"}
    facts = {"flows": [{**FLOW, "local_ip": inside}], "neighbours": [guest]}
    assert tell(client, "LIAR", "own", addresses=["192.168.1.66"], **facts).status == 200
    assert named(household) == {"LIAR"}


def test_the_page_says_that_it_does_not_count(household):
    words = "what it tells of other devices does not count"
    client = household.client("all", "LIAR own")
    assert tell(client, "LIAR", "own", addresses=["192.168.1.66"]).status == 200
    assert words not in client.get("/?lang=en").text
    assert tell(client, "LIAR", "own", addresses=["192.168.1.66"], flows=[FLOW]).status == 200
    assert words in client.get("/?lang=en").text


CYRILLIC = "\u0410NNA-PC"


def test_a_name_that_looks_like_anothers_is_refused_whoever_reports(household):
    client = household.client("all")
    refused = tell(client, CYRILLIC, "all")
    assert refused.status == 409
    assert "looks like ANNA-PC" in refused.json["error"]
    path = "/api/v1/sockets/%D0%90NNA-PC"
    pasted = client.post(path, CONNTRACK.encode(), authorization="Bearer all")
    assert pasted.status == 409
    for hidden in ("\u200d", "\u3164", "\U000e0041"):
        assert tell(client, f"ANNA-PC{hidden}", "all").status == 400
    assert [device.name for device in household.service.pipeline.stages.hosts.devices()] == [
        "ANNA-PC"
    ]


def test_who_came_first_with_such_a_name_makes_room(home):
    client = home.client("all")
    assert tell(client, CYRILLIC, "all").status == 200
    assert tell(client, "ANNA-PC", "all", addresses=[VICTIM]).status == 200
    assert tell(client, CYRILLIC, "all").status == 409
    assert [one["device"] for one in client.get("/api/v1/devices").json["devices"]] == ["ANNA-PC"]


@pytest.mark.parametrize("name", [CYRILLIC, "ANNA-PC\u3164"])
def test_a_guest_that_calls_itself_so_is_not_named(household, name):
    lease = f"<30>dnsmasq-dhcp[1]: DHCPACK(br0) 192.168.1.77 02:00:5e:00:53:09 {name}"
    household.hears(lease)
    answer = household.client().get("/api/v1/devices?address=192.168.1.77").json
    assert answer["device"] is None
    assert "lease" in answer["rules"]
