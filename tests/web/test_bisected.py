"""The founding experiment, played on the page: nobody reports, and something is switched off."""

import pytest

from tests.system.parts.founding import message

pytestmark = pytest.mark.thorough

PORT = 51413
STATIONS = {
    "tv": "00:00:5e:00:53:01",
    "console": "00:00:5e:00:53:02",
    "tablet": "00:00:5e:00:53:03",
    "printer": "00:00:5e:00:53:04",
}
LINE = "/api/v1/explain?line=UDP+connection+rejected+from+23.45.67.89:3478+to+203.0.113.9:51413"


class Lived:
    """A home without agents, in which time passes."""

    def __init__(self, home):
        self.home = home
        for number, (name, station) in enumerate(STATIONS.items()):
            self.comes(name)
            address = f"192.168.1.{20 + number}"
            home.hears(f"<30>dnsmasq-dhcp[1]: DHCPACK(br0) {address} {station} {name}")

    def comes(self, name):
        self.home.hears(f"<30>hostapd: wlan0: AP-STA-CONNECTED {STATIONS[name]}")

    def goes(self, name):
        self.home.hears(f"<30>hostapd: wlan0: AP-STA-DISCONNECTED {STATIONS[name]}")

    def passes(self, minutes, packets=38):
        for _ in range(minutes):
            lines = (message(f"23.45.67.{1 + n}:3478", PORT) for n in range(packets))
            self.home.hears(*lines)
            self.home.now += 60.0
            self.home.service.pipeline.tick(self.home.now)

    def suspect(self):
        return self.home.client().get("/api/v1/suspects").json["suspects"][0]


@pytest.fixture
def lived(home):
    return Lived(home)


def test_at_first_half_of_the_devices_is_to_be_switched_off(lived):
    lived.passes(60)
    suspect = lived.suspect()
    assert (suspect["device"], suspect["evidence"]) == ("", "none")
    assert suspect["bisection"]["step"] == "halves"
    assert set(suspect["bisection"]["devices"]) < set(STATIONS)
    assert "switch off half of your devices for 10 minutes (console, printer)" in suspect["advice"]


def test_what_was_switched_off_is_told_and_then_suspected(lived):
    lived.passes(300, packets=12)
    lived.passes(20)
    lived.goes("console")
    lived.passes(4, packets=0)
    assert lived.suspect()["bisection"]["step"] == "look_again"
    lived.passes(10, packets=0)
    told = lived.suspect()
    assert (
        "Since console is off or away: 0 packets in 11 minutes (before: 38 a minute)."
        in " ".join(told["bisection"]["findings"])
    )
    assert told["bisection"]["step"] == "switch_on"
    lived.comes("console")
    lived.passes(15)
    told = lived.suspect()
    [suspect] = told["bisection"]["suspects"]
    assert (suspect["device"], suspect["followed"]) == ("console", 2)
    assert 0.3 <= suspect["confidence"] < 0.85
    assert (told["device"], told["evidence"]) == ("", "none")
    assert {
        labels[4:6] for labels in lived.home.counted("knockwatch_attributed_packets_total")
    } == {("", "")}


def test_one_line_of_it_is_explained_with_the_suspect(lived):
    lived.passes(300, packets=12)
    lived.passes(20)
    lived.goes("console")
    lived.passes(12, packets=0)
    lived.comes("console")
    lived.passes(15)
    answer = lived.home.client().get(LINE).json
    assert answer["device"] is None
    [candidate] = answer["candidates"]
    assert (candidate["device"], candidate["evidence"]) == ("console", "none")
    assert candidate["confidence"] < 0.85
    assert "switch off console for 10 minutes" in answer["advice"]
    assert any(
        "While console was off or away: 0 packets in 10 minutes" in step for step in answer["steps"]
    )
    japanese = lived.home.client().get(f"{LINE}&lang=ja").json
    assert "consoleの電源を10分ほど切って" in japanese["advice"]


def test_the_page_says_it_too_and_escapes_names(lived):
    lived.passes(60)
    lived.goes("tv")
    lived.passes(14)
    page = lived.home.client().get("/").text
    assert "Since tv is off or away: " in page
    assert "So it is not tv" in page
    assert "switch off" in page


def test_of_two_with_one_port_only_these_are_asked(lived):
    for _ in range(60):
        lived.home.reports("ANNA-PC", PORT, "a.exe")
        lived.home.reports("BEN-PC", PORT, "b.exe")
        lived.passes(1)
    told = lived.suspect()
    assert told["evidence"] == "ambiguous"
    assert told["bisection"]["devices"] == ["ANNA-PC"]
    assert told["advice"].startswith(
        "If you want to know whose it is, switch off ANNA-PC for 10 minutes"
    )


def test_where_nothing_is_known_an_agent_or_the_access_point_tells_most(home):
    lived = Lived.__new__(Lived)
    lived.home = home
    lived.passes(60)
    told = lived.suspect()
    assert told["bisection"]["step"] == "nobody_known"
    assert "access points" in told["advice"]


def test_a_few_packets_are_no_reason_to_switch_anything_off(lived):
    lived.passes(2, packets=5)
    assert lived.suspect()["bisection"] is None
