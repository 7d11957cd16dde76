"""The fleet of one machine really up: `docker-compose.fleet.yml` as it is, but for Grafana.

Grafana's image cannot be had without a registry; Kafka's is made here, with Kafka's own program for
turning an image's environment into settings.
"""

import pytest

from tests.system.parts import web
from tests.system.parts.docker import DOCK, Project, docker
from tests.system.parts.founding import DEVICE, NETSTAT, PORT, PROCESS, flood
from tests.system.parts.images import FLEET
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.prometheus import Prometheus
from tests.system.parts.stack import REJECTED, Stack, copy, tcp

pytestmark = needs(
    *("namespaces", "dockerd", "docker-compose", "trixie"),
    *("prometheus", "alertmanager", "kafka", "victoria-metrics"),
)

SERVICES = ("kafka", "worker", "relay", "prometheus", "victoria-metrics", "alertmanager")
LINES = 300
PACKETS = f'sum({REJECTED}{{site="site-1",destination_port="{PORT}"}})'
NAMED = f'knockwatch_attributed_packets_total{{device="{DEVICE}",process="{PROCESS}"}}'


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "project").mkdir()
    copy(folder / "project")
    with docker(folder, FLEET) as server:
        files = ("docker-compose.fleet.yml", "without-grafana.yml")
        project = Project(server, folder / "project", files)
        try:
            project("up", "--detach", seconds=600)
            until(lambda: healthy(project), "health of all services", seconds=180)
            yield Stack(project, server)
        finally:
            project("down", "--volumes", "--timeout", "5")


def containers(project, service):
    """Return what the daemon knows of each of a service's containers."""
    return [project.docker.inspect(one) for one in project("ps", "-aq", service).split()]


def healthy(project):
    """Tell whether every container says that it is well."""
    about = [one for service in SERVICES for one in containers(project, service)]
    return {one["State"]["Health"]["Status"] for one in about} == {"healthy"}


def stored(stack, promql):
    """Ask what is kept for long, as the dashboards do."""
    with stack.docker.network.inside("dock"):
        return Prometheus("http://127.0.0.1:8428").number(promql)


def send(stack):
    """Let the router send its lines over TCP, of which none may be lost."""
    with tcp(stack.docker) as send:
        send("".join(f"{message}\n" for message in flood(LINES)).encode())


def test_no_container_may_more_than_it_needs(stack):
    for service in SERVICES:
        for host in (about["HostConfig"] for about in containers(stack.project, service)):
            assert host["ReadonlyRootfs"], service
            assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None), service
            assert host["SecurityOpt"] == ["no-new-privileges:true"], service
            assert host["Memory"] > 0, service


def test_all_that_has_to_be_up_is_scraped_and_stored(stack):
    assert len(containers(stack.project, "worker")) == 2
    until(lambda: stored(stack, "sum(up)") == 5, "two workers and three others", seconds=90)


def test_the_founding_case_is_counted_and_named_whatever_goes_away(stack):
    with stack.docker.network.inside("router"):
        answer = web.post(f"http://{DOCK}:10151/api/v1/sockets/{DEVICE}", NETSTAT.encode())
    assert answer.status == 200, answer
    send(stack)
    until(lambda: stored(stack, PACKETS) == LINES, "what was sent", seconds=60)

    stack.docker("kill", containers(stack.project, "worker")[0]["Id"])
    send(stack)
    until(lambda: stored(stack, PACKETS) == 2 * LINES, "the other worker", seconds=150)

    stack.project("stop", "kafka")
    send(stack)
    until(
        lambda: stack.query("knockwatch_relay_waiting_messages > 0"),
        "lines on the disk",
        seconds=60,
    )
    stack.project("start", "kafka")
    until(lambda: stored(stack, PACKETS) == 3 * LINES, "what waited", seconds=150)

    until(lambda: stored(stack, f"sum({NAMED})") == 3 * LINES, "names", seconds=60)
    assert stack.query(f"sum(resets({REJECTED}[15m]))") == 0
