"""Who is told what, and when: grouping, inhibition, the night, the week's summary, the end."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.system.parts import web
from tests.system.parts.alertmanager import DEPLOY, Alertmanager, alert, alertmanager
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.prometheus import binary
from tests.system.parts.receiver import Receiver, receiver

pytestmark = needs("alertmanager", "amtool")

SUPPRESSED = "alertmanager_notifications_suppressed_total"
ALL_DAY = "sunday:saturday 00:00-24:00"


class Told(NamedTuple):
    """A home with one webhook; what it was told is a list of alert names and states."""

    server: Alertmanager
    web: Receiver

    def messages(self) -> list[list[str]]:
        """Return one list of `alertname status` for each message."""
        return [
            sorted(f"{one['labels']['alertname']} {one['status']}" for one in got.json()["alerts"])
            for got in self.web.to("/webhook")
        ]

    def arrived(self, *expected: list[str]) -> None:
        """Wait for exactly these messages, in any order."""
        until(lambda: len(self.messages()) >= len(expected), f"messages {expected}")
        assert sorted(self.messages()) == sorted(expected)


@contextmanager
def told(folder: Path, **settings: str) -> Iterator[Told]:
    with receiver() as got:
        files = {"webhook": f"{got.url}/webhook"}
        with alertmanager(folder, files, **settings) as server:
            yield Told(server, got)


def test_nothing_configured_is_no_failure(tmp_path):
    with alertmanager(tmp_path, {}) as server:
        server.post(alert(device="ANNA-PC"), alert("Watchdog", severity="none", topic="watchdog"))
        assert server.state() == {"RejectionFlood": "active", "Watchdog": "active"}
        until(lambda: "Listening" in server.process.output(), "start")
        assert "reach no phone" in server.process.output()
        assert "level=ERROR" not in server.process.output()
        assert server.metric("alertmanager_notifications_failed_total") == 0
        assert web.get(f"{server.url}/-/healthy").status == 200


def test_a_flood_that_is_also_a_spike_is_one_message_and_a_silent_router_another(tmp_path):
    with told(tmp_path) as home:
        home.server.post(
            alert(device="ANNA-PC"),
            alert("RejectionSpike", device="ANNA-PC"),
            alert("SeveralDevicesSpike", router="buffalo"),
            alert(device="TV"),
            alert("RouterSilent", topic="router", router="buffalo"),
        )
        home.arrived(["RejectionFlood firing", "RejectionFlood firing"], ["RouterSilent firing"])
        state = home.server.state()
        assert state["RejectionSpike"] == state["SeveralDevicesSpike"] == "suppressed"


@pytest.mark.parametrize(
    ("source", "target", "silenced"),
    [
        (alert("ExporterDown", severity="critical", topic="knockwatch"), alert(device="A"), True),
        (
            alert("ExporterDown", severity="critical", topic="knockwatch"),
            alert("RouterSilent", topic="router", router="r"),
            True,
        ),
        (
            alert("ExporterDown", severity="critical", topic="knockwatch"),
            alert("MessagesDropped", topic="knockwatch"),
            True,
        ),
        (
            alert("ExporterDown", severity="critical", topic="knockwatch"),
            alert("NotificationsFailing", topic="knockwatch"),
            False,
        ),
        (
            alert("RouterWanDown", topic="router", router="r"),
            alert("RouterSilent", topic="router", router="r"),
            True,
        ),
        (
            alert("RouterWanDown", topic="router", router="r"),
            alert("RouterSilent", topic="router", router="other"),
            False,
        ),
        (
            alert("RouterSilent", topic="router", router="r"),
            alert("UnrecognisedLines", topic="router", router="r"),
            True,
        ),
        (
            alert("RouterSilent", topic="router", router="r"),
            alert("RouterLoginFailures", topic="router", router="r"),
            False,
        ),
        (alert(device="A"), alert("RejectionSpike", device="A"), True),
        (alert(device="A"), alert("RejectionSpike", device="B"), False),
        (alert(device="A"), alert("RejectionSpike", device=""), False),
        (alert(device=""), alert("RejectionSpike", device=""), True),
        (
            alert("RejectionSpike", device="A", severity="critical"),
            alert("RejectionFlood", device="A"),
            True,
        ),
        (
            alert("RejectionSpike", device="A"),
            alert("RejectionFlood", device="A", severity="info"),
            True,
        ),
        (
            alert("NewProgramRejected", topic="device", device="A", severity="critical"),
            alert("RejectionFlood", device="A", severity="critical"),
            True,
        ),
        (
            alert("NewProgramRejected", topic="device", device="A", severity="critical"),
            alert("RejectionFlood", device="B", severity="critical"),
            False,
        ),
        (alert(device="A", severity="info"), alert("SeveralDevicesSpike", router="r"), False),
        (alert(site="s", device="A"), alert("RejectionSpike", site="s", device="A"), True),
        (alert(site="s", device="A"), alert("RejectionSpike", site="t", device="A"), False),
        (alert(site="s", device="A"), alert("SeveralDevicesSpike", site="t"), False),
        (
            alert("SiteSilent", topic="site", site="s"),
            alert("RouterSilent", topic="router", site="s", router="r"),
            True,
        ),
        (
            alert("SiteSilent", topic="site", site="s"),
            alert("RouterSilent", topic="router", site="t", router="r"),
            False,
        ),
        (
            alert("WorkersDown", severity="critical", topic="fleet"),
            alert("SiteSilent", topic="site", site="s"),
            True,
        ),
    ],
    ids=lambda value: "-".join(value["labels"].values()) if isinstance(value, dict) else str(value),
)
def test_what_follows_from_another_alert_is_not_told(inhibiting, source, target, silenced):
    inhibiting.post(source, target)
    name = target["labels"]["alertname"]
    expected = "suppressed" if silenced else "active"
    until(lambda: inhibiting.state().get(name) == expected, f"{name} that is {expected}")
    assert inhibiting.state()[source["labels"]["alertname"]] == "active"


@pytest.fixture
def inhibiting(tmp_path: Path) -> Iterator[Alertmanager]:
    with alertmanager(tmp_path, {}) as server:
        yield server


def test_at_night_only_what_is_critical_arrives(tmp_path):
    with told(tmp_path, KNOCKWATCH_NIGHT="00:00-24:00", TZ="Asia/Tokyo") as home:
        home.server.post(
            alert(device="ANNA-PC"),
            alert("RouterLoginFailures", topic="router", router="r"),
            alert("StateNotStored", severity="critical", topic="knockwatch"),
        )
        reason = 'reason="mute_time_interval"'
        until(lambda: home.server.metric(SUPPRESSED, reason) >= 2, "two messages held back")
        home.arrived(["StateNotStored firing"])


def test_the_trial_of_the_documentation_arrives(tmp_path):
    page = (DEPLOY.parents[1] / "docs" / "notifications.md").read_text()
    [command] = re.findall(r"exec alertmanager amtool (--alertmanager.*?)```", page, re.DOTALL)
    _, *words = shlex.split(command.replace("\\\n", " "))
    with told(tmp_path, KNOCKWATCH_NIGHT="00:00-24:00") as home:
        argv = [str(binary("amtool")), f"--alertmanager.url={home.server.url}", *words]
        subprocess.run(argv, check=True)
        home.arrived(["Trial firing"])
        [one] = home.web.to("/webhook")[0].json()["alerts"]
        assert one["annotations"] == {"title": "A trial", "summary": "It works."}


def test_info_stays_on_the_wall(tmp_path):
    with told(tmp_path) as home:
        home.server.post(alert("DailyProgram", severity="info", topic="device", device="ANNA-PC"))
        home.server.post(alert("AgentStale", severity="warning", topic="device", device="TV"))
        home.arrived(["AgentStale firing"])


def test_the_summary_arrives_in_its_hour_and_never_ends(tmp_path):
    with told(tmp_path, KNOCKWATCH_DIGEST=ALL_DAY) as home:
        home.server.post(alert("WeeklyDigest", severity="info", topic="digest"))
        home.arrived(["WeeklyDigest firing"])
        home.server.post(alert("WeeklyDigest", severity="info", topic="digest", ended=True))
        until(lambda: "WeeklyDigest" not in home.server.state(), "end of the summary")
        home.server.post(alert(device="ANNA-PC"))
        home.arrived(["WeeklyDigest firing"], ["RejectionFlood firing"])


def test_outside_its_hour_there_is_no_summary(tmp_path):
    with told(tmp_path, KNOCKWATCH_DIGEST="off") as home:
        home.server.post(alert("WeeklyDigest", severity="info", topic="digest"))
        home.server.post(alert(device="ANNA-PC"))
        reason = 'reason="active_time_interval"'
        until(lambda: home.server.metric(SUPPRESSED, reason) >= 1, "summary held back")
        home.arrived(["RejectionFlood firing"])


def test_a_state_has_an_end_and_an_event_has_none(tmp_path):
    with told(tmp_path) as home:
        state = {"topic": "router", "router": "r"}
        home.server.post(alert("RouterSilent", **state), alert("RouterLoginFailures", **state))
        home.arrived(["RouterSilent firing"], ["RouterLoginFailures firing"])
        home.server.post(
            alert("RouterLoginFailures", ended=True, **state),
            alert("RouterSilent", ended=True, **state),
        )
        home.arrived(
            ["RouterSilent firing"], ["RouterLoginFailures firing"], ["RouterSilent resolved"]
        )
        until(lambda: not home.server.state(), "end of both")


def test_what_joins_later_is_told_with_the_rest(tmp_path):
    with told(tmp_path) as home:
        home.server.post(alert(device="ANNA-PC"))
        home.arrived(["RejectionFlood firing"])
        home.server.post(alert("RejectionSpike", device="TV"))
        both = ["RejectionFlood firing", "RejectionSpike firing"]
        home.arrived(["RejectionFlood firing"], both)


def test_a_restart_repeats_nothing(tmp_path):
    with receiver() as got:
        files = {"webhook": f"{got.url}/webhook"}
        with alertmanager(tmp_path, files) as server:
            server.post(alert(device="ANNA-PC"))
            Told(server, got).arrived(["RejectionFlood firing"])
        with alertmanager(tmp_path, files) as server:
            server.post(alert("RejectionSpike", device="ANNA-PC", minutes=5))
            server.post(alert(device="ANNA-PC", minutes=10))
            server.post(alert("RouterSilent", topic="router", router="r"))
            Told(server, got).arrived(["RejectionFlood firing"], ["RouterSilent firing"])
