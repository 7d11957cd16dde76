"""Another configuration in a running exporter: what it changes, and what it does not."""

import asyncio
import random
import time
from typing import Any

import pytest

from exporter import build
from exporter.app import App
from exporter.attribution import Attributor
from exporter.config import ConfigError, parse
from exporter.enrichment import Networks
from exporter.events import Batch, Decision
from exporter.hosts import Hosts
from exporter.inventory import Inventory
from exporter.knowledge import load
from exporter.metrics import Limits, Metrics
from exporter.pipeline import Pipeline
from exporter.reloading import prepare
from exporter.routers import Routers
from exporter.settings import Config
from tests import logged
from tests.flooded import ROOMY, STAGES, TIGHT, Home, Traffic
from tests.test_app import CONFIG, FOUNDING, counted, get, run, send, until
from tests.transports.authority import Authority
from tests.world import NOW, report, socket

TABLE = STAGES.networks.table


def fresh(limits: Limits):
    """Stages of the same configuration as a home's, that know nothing yet."""
    hosts = Hosts(inventory=Inventory({"192.168.1.23": "ANNA-PC"}))
    return STAGES._replace(
        routers=Routers(),
        hosts=hosts,
        attributor=Attributor(hosts, build.port_kind(STAGES.knowledge)),
        metrics=Metrics(limits),
        networks=Networks(load().networks, TABLE),
    )


def comparable(home: Home) -> dict[str, Any]:
    state: dict[str, Any] = home.state()
    state["senders"] = [sender[:3] for sender in state["senders"]]  # whose dialect is only guessed
    return state


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(12))
def test_to_reload_the_same_changes_nothing(seed):
    chance = random.Random(seed)
    limits = chance.choice((TIGHT, ROOMY, Limits()))
    tells, keeps = chance.random() < 0.3, chance.random() < 0.3
    homes = [Home(limits, tells=tells, keeps=keeps) for _ in range(2)]
    traffic, now = Traffic(chance), NOW
    for _ in range(4):
        batch = Batch(received=now, sender="192.168.1.1", listener="udp", messages=traffic.batch())
        for home in homes:
            home.pipe.process(batch)
        homes[1].pipe.use(fresh(limits))
        now += chance.choice((0.1, 7.0, 130.0))
        for home in homes:
            home.pipe.report(report("ANNA-PC", socket()), now)
            home.pipe.tick(now)
        homes[1].pipe.use(fresh(limits))
        assert comparable(homes[0]) == comparable(homes[1]), seed


# --- what changes --------------------------------------------------------------------------------


class Running:
    """A pipeline that is reloaded."""

    def __init__(self, text: str = "") -> None:
        self.config = parse(text)
        self.decisions: list[Decision] = []
        stages = build.stages(self.config, table=TABLE)
        self.pipe = Pipeline(stages, self.decisions.append)
        self.now = NOW

    def reload(self, text: str) -> tuple[str, ...]:
        prepared = prepare(parse(text), self.config, TABLE)
        self.pipe.use(prepared.stages)
        self.config = prepared.config
        return prepared.kept

    def hears(self, *lines: str, sender: str = "192.168.1.1") -> None:
        self.now += 1.0
        messages = [line.encode() for line in lines]
        self.pipe.process(
            Batch(received=self.now, sender=sender, listener="udp", messages=messages)
        )

    def messages(self) -> dict[tuple[str, ...], float]:
        series = self.pipe.stages.metrics.store.series["knockwatch_messages_total"]
        return {labels: one.value for labels, one in series.items()}


LINE = FOUNDING.decode()
REPEATED = "<4>Nov 24 10:00:00 x last message repeated 3 times"


def test_a_router_has_its_new_name_and_its_clock():
    home = Running()
    home.hears(f"<4>Nov 24 10:00:00 x {LINE}")
    offsets = home.pipe.stages.routers.offsets()
    assert home.reload('[[router]]\nname = "gate"\naddresses = ["192.168.1.1"]') == ()
    assert home.pipe.stages.routers.offsets() == {"gate": offsets["192.168.1.1"]}
    assert list(home.pipe.stages.routers.known()) == []  # nobody is silent under its old name
    home.hears(LINE)
    assert [router.name for router in home.pipe.stages.routers.known()] == ["gate"]
    assert {labels[0] for labels in home.messages()} == {"192.168.1.1", "gate"}
    home.reload("")
    assert list(home.pipe.stages.routers.known()) == []
    home.hears(LINE)
    assert [router.name for router in home.pipe.stages.routers.known()] == ["192.168.1.1"]


def test_a_repeat_repeats_what_came_before_the_reload():
    home = Running()
    home.hears(f"<4>Nov 24 10:00:00 x {LINE}")
    home.reload("")
    home.hears(REPEATED)
    packets = home.pipe.stages.metrics.store.series["knockwatch_rejected_packets_total"]
    assert sum(one.value for one in packets.values()) == 4


def test_lines_are_read_by_new_dialects_and_meanings_and_no_longer_by_old_ones():
    own = (
        "[[dialect]]\nname = 'acme'\n[[dialect.pattern]]\nkind = 'rejected'\n"
        r"regex = 'DENY (?P<transport>\w+) (?P<source_ip>\S+) to (?P<destination_ip>\S+)'"
        "\nsamples = ['DENY UDP 198.51.100.7 to 203.0.113.9']\n"
    )
    home = Running()
    line = "DENY UDP 198.51.100.7 to 203.0.113.9"
    home.hears(line)
    home.reload(own)
    home.hears(line)
    home.reload("")
    home.hears(line)
    assert home.messages() == {
        ("192.168.1.1", "", "unrecognised"): 2,
        ("192.168.1.1", "acme", "event"): 1,
    }


def test_devices_forwards_and_windows_hold_from_now_on():
    home = Running()
    home.hears(LINE)
    home.pipe.finish(home.now)
    assert home.decisions[-1].attribution.device == ""
    forward = '[[port_forward]]\ntransport = "udp"\nport = 51413\ndevice = "NAS"\n'
    home.reload(
        f"{forward}[windows]\nclosed_socket = 5.0\n[network]\nlan_prefixes = ['100.64.0.0/10']"
    )
    home.hears(LINE)
    home.pipe.finish(home.now)
    assert home.decisions[-1].attribution.device == "NAS"
    assert home.pipe.stages.home.is_lan("100.64.0.7")
    assert home.pipe.stages.attributor._traces.windows.closed_socket == 5.0
    home.reload(
        '[[device]]\nname = "TV"\naddresses = ["192.168.1.40"]\nexcludes = ["192.168.1.41"]'
    )
    inventory = home.pipe.stages.hosts.inventory
    assert inventory.owner("192.168.1.40", home.now) == "TV"
    assert inventory.excluded("tv") == {"192.168.1.41"}
    assert inventory.presences._excluded is inventory._excluded
    home.hears(LINE)
    home.pipe.finish(home.now)
    assert home.decisions[-1].attribution.device == ""


def test_what_hosts_reported_is_known_after_it():
    home = Running()
    home.pipe.report(report("ANNA-PC", socket()), home.now)
    home.reload('[[router]]\nname = "gate"\naddresses = ["192.168.1.1"]')
    home.hears(
        f"UDP connection rejected from 198.51.100.9:3478 to 203.0.113.9:{socket().local_port}"
    )
    home.pipe.tick(home.now + 200)
    assert home.decisions[-1].attribution.device == "ANNA-PC"


def test_budgets_grow_and_shrink_with_the_next_start():
    home = Running("[budgets]\nrouter = 20")
    assert home.reload("[budgets]\nrouter = 30\nseries_per_metric = 20000\ndevice = 2") == (
        "budgets.device",
    )
    store = home.pipe.stages.metrics.store
    assert (store._budgets["router"].limit, store.cap) == (30, 20_000)
    assert store._budgets["device"].limit == home.config.budgets.device == 300
    assert home.pipe.stages.metrics.limits.router == 30


def test_networks_are_known_by_new_knowledge_from_the_same_table():
    home = Running()
    networks = home.pipe.stages.networks
    assert networks.look_up("23.45.67.89").asn == "AS20940"
    home.reload('[[network.special]]\nprefix = "23.45.67.0/24"\nkind = "reserved"')
    assert home.pipe.stages.networks is networks
    assert networks.look_up("23.45.67.89").asn == "reserved"
    assert networks.table is TABLE


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("[listen]\nhttp_port = 1", ("listen.http_port",)),
        ("[listen]\nsyslog_port = 1\naddress = '::1'", ("listen.address", "listen.syslog_port")),
        ("[listen]\nfiles = ['/var/log/x']", ("listen.files",)),
        ("[[router]]\nname = 'a'\nfiles = ['/var/log/x']", ("listen.files",)),
        ("[tokens]\nfile = '/none'", ("tokens.file",)),
        ("[kafka]\ngroup = 'x'", ("kafka",)),
        ("[listen]\nallowed_senders = []\n[state]\nevidence_days = 1", ()),
    ],
)
def test_what_cannot_be_changed_is_named_and_stays(text, kept):
    running = Config()
    prepared = prepare(parse(text), running, TABLE)
    assert prepared.kept == kept
    assert prepared.config.listen.http_port == running.listen.http_port
    assert prepared.config.tokens == running.tokens
    assert prepared.config.kafka == running.kafka


def test_tls_cannot_be_switched_on_but_its_certificate_may_change(tmp_path):
    ca = Authority(tmp_path)
    text = f'[listen]\ntls_certificate = "{ca.issue().both}"'
    keys = tuple(f"listen.{key}" for key in ("tls_certificate", "tls_key", "tls_client_ca"))
    prepared = prepare(parse(text), Config(), TABLE)
    assert (prepared.kept, prepared.certificate) == (keys, None)
    again = prepare(parse(text), parse(f'[listen]\ntls_certificate = "{ca.file}"'), TABLE)
    assert again.kept == ()
    assert again.certificate is not None


def test_a_configuration_that_cannot_be_used_is_an_error_before_anything_is_touched(tmp_path):
    with pytest.raises(ConfigError, match=r"listen\.tls_certificate"):
        prepare(
            parse(f'[listen]\ntls_certificate = "{tmp_path}/none.pem"'),
            parse(f'[listen]\ntls_certificate = "{tmp_path}/was.pem"'),
            TABLE,
        )


# --- a whole exporter ----------------------------------------------------------------------------


log = logged.fixture("DEBUG")


LOOPS: list[asyncio.AbstractEventLoop] = []


@pytest.fixture(autouse=True)
def loops(monkeypatch):
    """Remember the loop in which an app runs."""
    LOOPS.clear()
    real = App.run

    async def remembered(self, stop):
        LOOPS.append(asyncio.get_running_loop())
        await real(self, stop)

    monkeypatch.setattr(App, "run", remembered)


def reloaded(app) -> str:
    name = "knockwatch_config_last_reload_successful "
    lines: list[str] = get(app, "/metrics").splitlines()
    return next(line.removeprefix(name) for line in lines if line.startswith(name))


def test_a_bad_configuration_changes_nothing_and_a_good_one_loses_nothing(tmp_path, log):
    texts = [f"{CONFIG}[[nonsense]]", f'{CONFIG}web_config = "{tmp_path}/none.yml"']
    senders = 'allowed_senders = ["192.168.0.0/16"]\nsender_messages_per_second = 0\n'
    texts.append(CONFIG.replace("http_port = 0", "http_port = 1") + senders)
    given = iter(texts)

    def steps(app):
        app.reloading._read = lambda: parse(next(given))

        def reload():
            asyncio.run_coroutine_threadsafe(app.reloading.reload(), LOOPS[-1]).result(20)

        send(app, *[FOUNDING] * 3)
        until(lambda: counted(app, 3))
        assert reloaded(app) == "1.0"
        for _ in range(2):
            reload()
            assert reloaded(app) == "0.0"
            send(app, FOUNDING)
        until(lambda: counted(app, 5))
        assert sum("the configuration in force stays" in line for line in log) == 2
        reload()
        assert reloaded(app) == "1.0"
        assert app.receivers.udp.rates is None
        assert any("listen.http_port stays as it was" in line for line in log)
        send(app, FOUNDING)
        denied = 'knockwatch_dropped_messages_total{listener="udp",reason="denied_sender"} 1.0'
        until(lambda: denied in get(app, "/metrics"))
        return counted(app, 5)

    assert run(tmp_path, steps)
    assert run(tmp_path, lambda app: until(lambda: counted(app, 5)))  # and nothing twice


def test_each_time_that_it_is_asked_for_it_is_done(tmp_path, log):
    def done() -> int:
        return sum("configuration reloaded" in line for line in log)

    def steps(app):
        assert get(app, "/-/ready")
        for number in (1, 2):
            LOOPS[-1].call_soon_threadsafe(app.reloading.ask)
            until(lambda: done() == number or time.sleep(0.1))  # noqa: B023
        return reloaded(app)

    assert run(tmp_path, steps) == "1.0"


def test_a_defect_ends_neither_the_reload_nor_what_runs(tmp_path, log):
    def broken():
        raise RuntimeError("a defect")

    def steps(app):
        assert get(app, "/-/ready")
        app.reloading._read = broken
        asyncio.run_coroutine_threadsafe(app.reloading.reload(), LOOPS[-1]).result(20)
        send(app, FOUNDING)
        until(lambda: counted(app, 1))
        return reloaded(app)

    assert run(tmp_path, steps) == "0.0"
    assert any(line.startswith("ERROR not reloaded") for line in log)
