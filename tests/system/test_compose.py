"""The compose stack really up: the files as they are, in a Docker daemon of the test's own.

Grafana's image cannot be had without a registry, so its service is left out here, by an override;
what Compose makes of it is in `test_compose_files`.
"""

import time
from contextlib import ExitStack

import pytest

from tests.system.parts.docker import ACCESS_POINT, DOCK, ROUTER, Project, docker
from tests.system.parts.exposition import samples, total
from tests.system.parts.founding import message
from tests.system.parts.images import HOME
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.receiver import receiver as receiving
from tests.system.parts.stack import (
    REJECTED,
    SERVICES,
    Stack,
    Stream,
    copy,
    documented,
    memory,
    tcp,
)

pytestmark = needs(
    "namespaces", "dockerd", "docker-compose", "prometheus", "alertmanager", "trixie"
)

USERS = {"exporter": "65532:65532", "prometheus": "65534:65534", "alertmanager": "65534:65534"}
MESSAGES = "knockwatch_messages_total"
RULE = """
groups:
  - {name: added-while-it-runs, rules: [{record: test:added, expr: vector(1)}]}
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compose")
    (folder / "project").mkdir()
    copy(folder / "project")
    with docker(folder, HOME) as server:
        files = ("docker-compose.yml", "without-grafana.yml")
        at_any_hour = (("KNOCKWATCH_NIGHT", "off"),)
        project = Project(server, folder / "project", files, at_any_hour)
        try:
            yield Stack(project, server)
        finally:
            project("--profile", "*", "down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def receiver(stack):
    with ExitStack() as opened:
        with stack.docker.network.inside("dock"):
            listening = opened.enter_context(receiving(address=DOCK))
        (stack.project.folder / "secrets" / "webhook").write_text(listening.url)
        yield listening


@pytest.fixture(scope="module")
def demo(stack, receiver):
    """When the demo began."""
    stack.project("up", "--detach")
    until(lambda: set(map(stack.project.health, SERVICES)) == {"healthy"}, "health", seconds=90)
    begun = time.monotonic()
    stack.project("--profile", "demo", "up", "--detach", "demo")
    return begun


def test_all_that_has_to_be_up_is_scraped(stack, demo):
    until(lambda: stack.query("sum(up)") == 3, "scrapes of all three", seconds=40)


@pytest.mark.parametrize("service", SERVICES)
def test_no_container_may_more_than_it_needs(stack, demo, service):
    about = stack.docker.inspect(stack.project.container(service))
    host = about["HostConfig"]
    assert about["Config"]["User"] == USERS[service]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["LogConfig"]["Config"] == {"max-size": "5m", "max-file": "3"}


def test_rules_that_an_upgrade_brings_are_taken_by_themselves(stack, demo):
    (stack.project.folder / "deploy/prometheus/rules/added.yml").write_text(RULE)

    def known() -> bool:
        answer = stack.get("http://127.0.0.1:9090/api/v1/rules")
        return "added-while-it-runs" in {group["name"] for group in answer["data"]["groups"]}

    until(known, "rules that were added", seconds=60)


def test_the_founding_case_brings_one_message_that_names_who_and_what(stack, demo, receiver):
    until(receiver.firing, "notification", seconds=demo + 120 - time.monotonic())
    text = str(receiver.firing())
    for name in ("ANNA-PC", "netsession_win.exe", "Akamai"):
        assert name in text
    until(lambda: time.monotonic() > demo + 120, "two minutes of the demo", seconds=121)
    assert len(receiver.firing()) == 1, receiver.firing()


def crash(stack, container):
    """End the exporter behind Docker's back, as a lack of memory would."""
    pid = stack.docker.inspect(container)["State"]["Pid"]
    stack.docker.machine("kill", "-KILL", str(pid))
    until(lambda: stack.docker.inspect(container)["RestartCount"], "restart by Docker")


def speak(stream, port, lines=200):
    """Let the router log that many lines about a port."""
    goal = stream.sent[port] + lines
    stream.speak_of(port)
    until(lambda: stream.sent[port] >= goal, f"{lines} lines about {port}")


def routers(exposition):
    """Return the routers to which the lines sent while the exporter was up are counted."""
    wanted = {("destination_port", str(Stream.UP))}
    return {
        dict(labels)["router"]
        for name, labels in samples(exposition)
        if name == REJECTED and labels >= wanted
    }


def test_a_stream_is_counted_over_restart_kill_and_crash(stack, demo):
    container = stack.project.container("exporter")

    def kill():
        stack.docker("kill", "--signal", "KILL", container)
        stack.project("up", "--detach")

    masked = set()
    with Stream(stack.docker) as stream:
        interruptions = (
            lambda: stack.project("restart", "exporter"),
            kill,
            lambda: crash(stack, container),
            None,
        )
        for interrupt in interruptions:
            speak(stream, Stream.UP)
            stream.speak_of(Stream.DOWN)
            until(lambda: stack.counted(Stream.UP) == stream.sent[Stream.UP], "all lines counted")
            masked |= {
                dict(labels)["router"]
                for (name, labels), value in samples(stack.metrics()).items()
                if name == "knockwatch_router_source_masked" and value == 1
            }
            if interrupt is not None:
                interrupt()
                until(stack.ready, "exporter", seconds=60)
        down = stack.counted(Stream.DOWN)
        assert 0 < down < stream.sent[Stream.DOWN]
    assert total(stack.metrics(), "knockwatch_dropped_messages_total") == 0
    assert routers(stack.metrics()) <= {ROUTER} | masked
    series = f'{REJECTED}{{destination_port="{Stream.UP}"}}'
    sent = stream.sent[Stream.UP]
    until(lambda: stack.query(f"sum({series})") == sent, "the same in Prometheus", seconds=40)
    assert stack.query(f"sum(resets({series}[10m]))") == 0
    print(f"{sent} lines, none lost; while it was down {down:.0f} of {stream.sent[Stream.DOWN]};")
    print(f"counted to {routers(stack.metrics())}, of which masked {masked}")


def test_the_agent_in_its_container_names_other_users_programs(stack, demo):
    stack.project("--profile", "agent", "up", "--detach", "agent")
    with stack.docker.holder(40123) as name:

        def named():
            stack.send(message("192.0.2.77:4000", 40123))
            return total(stack.metrics(), "knockwatch_attributed_packets_total", process=name)

        until(named, f"packets of {name}", seconds=60)
    until(lambda: stack.project.health("agent") == "healthy", "healthy agent", seconds=60)
    stack.project("rm", "--stop", "--force", "agent")


def test_ten_thousand_series_fit_into_the_containers_memory(stack, demo):
    networks = [f"{first}.30.40.50" for first in range(11, 224) if first not in (100, 127, 172)][
        :80
    ]
    before = total(stack.metrics(), MESSAGES)
    with tcp(stack.docker) as send:
        for port in range(10000, 10240):
            lines = (message(f"{remote}:3478", port) for remote in networks)
            send("".join(f"{line}\n" for line in lines).encode())
    goal = before + 240 * 80
    until(lambda: total(stack.metrics(), MESSAGES) >= goal, "all lines", seconds=60)
    series = sum(not name.endswith("_created") for name, _ in samples(stack.metrics()))
    assert series >= 10_000
    until(lambda: stack.query("scrape_samples_scraped{job='knockwatch'}") > 10_000, "a scrape")
    used = {service: memory(stack, service) for service in SERVICES}
    print(f"{series} series; megabytes of memory: {used}, together {sum(used.values()):.0f}")
    assert used["exporter"] <= 120


def test_the_documented_backup_brings_everything_back(stack, demo):
    stack.project("--profile", "demo", "rm", "--stop", "--force", "demo")
    before = samples(stack.metrics())
    stack.run(documented("Backup"))
    stack.project("--profile", "*", "down", "--volumes")
    stack.run(documented("Restore"))
    until(stack.ready, "exporter", seconds=60)
    after = samples(stack.metrics())
    kept = {key: value for key, value in before.items() if key[0] == REJECTED}
    assert {key: after.get(key) for key in kept} == kept
    history = 'count_over_time(up{job="knockwatch"}[1h])'
    until(lambda: stack.query(history) > 5, "history of Prometheus", seconds=60)


def test_in_the_hosts_network_senders_addresses_are_seen(stack, demo):
    files = ("docker-compose.yml", "docker-compose.hostnet.yml", "without-grafana.yml")
    stack.project._replace(files=files)("up", "--detach")
    until(stack.ready, "exporter", seconds=60)
    stack.send(message("192.0.2.78:4000", 40124), sender=ACCESS_POINT, port=5514)
    until(lambda: total(stack.metrics(), MESSAGES, router=ACCESS_POINT) == 1, "the line")
    until(lambda: stack.query('up{job="knockwatch"}') == 1, "scrape", seconds=40)
