"""A relay and a real Kafka: what comes in arrives once, whoever of the two is missing meanwhile."""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from exporter import wire
from exporter.fleet.records import Lines, Report
from exporter.fleet.relay_keys import RelayKeys
from exporter.host_report import HostReport
from tests.system.parts import knockwatch, web
from tests.system.parts.exposition import total
from tests.system.parts.founding import NETSTAT
from tests.system.parts.kafka import Kafka
from tests.system.parts.kafka import kafka as started
from tests.system.parts.kafka_records import read
from tests.system.parts.kafka_security import Guarded
from tests.system.parts.knockwatch import free_port
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.relay import SITE, balance, lines, once, relay, send
from tests.transports.authority import Authority

pytestmark = needs("kafka")

SECRET = "0123456789abcdef0123456789abcdef"
SMALL = SITE + "\nspool_bytes = 10_000_000"  # the least
RELAYED = "knockwatch_relayed_messages_total"
REPORTS = "knockwatch_relayed_reports_total"


@pytest.fixture(scope="module")
def broker(tmp_path_factory) -> Iterator[Kafka]:
    """One node that tests may end, and start again."""
    with started(tmp_path_factory.mktemp("broker")) as cluster:
        yield cluster


def numbered(first: int, last: int, size: int = 0) -> list[bytes]:
    return [b"<13>line %d %s" % (number, b"x" * size) for number in range(first, last)]


def datagrams(server: knockwatch.Server, texts: list[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for text in texts:
            sender.sendto(text, ("127.0.0.1", server.syslog_port))


def report(device: str = "PC", **facts) -> bytes:
    return wire.encode(HostReport(version=1, device=device, agent="test", **facts))


def post(server: knockwatch.Server, body: bytes) -> web.Answer:
    return web.post(f"{server.url}/api/v1/reports", body, kind="application/json")


def settled(server: knockwatch.Server, **expected: float) -> None:
    """Wait until every message has come to something, and as much of each as expected."""
    until(lambda: balance(server).items() >= expected.items(), f"{expected}", seconds=40)


def test_lines_and_reports_arrive_with_their_site_signed_and_in_order(kafka, tmp_path):
    topic = kafka.topic("arrive", partitions=3)
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "keys").write_text(f"r1 {SECRET} osaka@kansai\n")
    whose = f'{SITE}\nregion = "kansai"\nkey_file = "{tmp_path}/key"'
    with relay(tmp_path / "relay", kafka.bootstrap, topic, relay=whose) as server:
        datagrams(server, numbered(0, 700))
        send(server, *numbered(700, 750))
        answer = post(server, report(addresses=("192.0.2.7",)))
        assert answer.status == 200, answer
        answer = web.post(f"{server.url}/api/v1/sockets/ANNA-PC", NETSTAT.encode())
        assert answer.status == 200, answer
        done = knockwatch.run(
            *("agent", "--once", "--server", server.url, "--device", "AGENT"),
            *("--state-dir", tmp_path / "agent"),
        )
        assert done.returncode == 0, done
        settled(server, relayed=750, dropped=0, waiting=0)
        assert total(server.metrics(), REPORTS) == 3
    records = once(kafka, topic)
    assert {site for site, _ in records} == {"osaka"}
    assert lines(records, "udp") == numbered(0, 700)
    assert lines(records, "tcp") == numbered(700, 750)
    assert max(len(r.messages) for _, r in records if isinstance(r, Lines)) <= 500
    assert {record.region for _, record in records} == {"kansai"}
    assert len({record.session for _, record in records}) == 1
    reports = [wire.decode(r.body) for _, r in records if isinstance(r, Report)]
    assert [told.device for told in reports] == ["PC", "ANNA-PC", "AGENT"]
    assert len({message.partition() for message in read(kafka, topic)}) == 1
    keys = RelayKeys(tmp_path / "keys")
    for message in read(kafka, topic):
        headers = dict(message.headers() or [])
        assert headers["kind"] in (b"lines", b"report")
        assert headers["relay"] == b"r1"
        value = message.value() or b""
        assert keys.may_write("r1", "osaka", "kansai", value, headers["signature"])


def test_a_record_that_the_brokers_never_take_is_dropped_and_the_others_go_on(kafka, tmp_path):
    topic = kafka.topic("oversize", max_message_bytes="100000")
    dice = random.Random(8)
    large = [b"<13>" + dice.randbytes(30_000).hex().encode() for _ in range(4)]  # one record
    with relay(tmp_path / "relay", kafka.bootstrap, topic) as server:
        for first in range(0, 30, 10):
            datagrams(server, numbered(first, first + 10))
            send(server, *large)
            settled(server, relayed=first + 10, dropped=4 * (first / 10 + 1), waiting=0)
        oversize = {"listener": "tcp", "reason": "oversize"}
        assert total(server.metrics(), "knockwatch_dropped_messages_total", **oversize) == 12
    assert lines(once(kafka, topic)) == numbered(0, 30)


def test_a_broker_that_was_killed_and_came_back_has_everything_once(broker, tmp_path):
    topic = broker.topic("killed", partitions=2)
    with relay(tmp_path / "relay", broker.bootstrap, topic) as server:
        datagrams(server, numbered(0, 100))
        settled(server, relayed=100, waiting=0)
        assert total(server.metrics(), "knockwatch_relay_spool_records") == 0
        broker.kill(1)
        datagrams(server, numbered(100, 200))
        send(server, *numbered(200, 300))
        assert post(server, report()).status == 200  # on disk, then
        until(lambda: total(server.metrics(), "knockwatch_relay_spool_records") >= 3, "spool")
        assert balance(server) == {"relayed": 100, "dropped": 0, "waiting": 200}
        broker.start(1)
        datagrams(server, numbered(300, 400))
        settled(server, relayed=400, dropped=0, waiting=0)
        until(lambda: total(server.metrics(), "knockwatch_relay_spool_bytes") == 0, "empty spool")
    records = once(broker, topic)
    assert lines(records, "udp") == [*numbered(0, 200), *numbered(300, 400)]
    assert lines(records, "tcp") == numbered(200, 300)
    assert sum(isinstance(record, Report) for _, record in records) == 1


def test_what_a_killed_relay_had_spooled_arrives_once_and_first(broker, tmp_path):
    topic = broker.topic("relay-killed")
    with relay(tmp_path / "relay", broker.bootstrap, topic) as server:
        datagrams(server, numbered(0, 50))
        settled(server, relayed=50)
        broker.kill(1)
        datagrams(server, numbered(50, 150))
        send(server, *numbered(150, 250))
        until(lambda: total(server.metrics(), "knockwatch_relay_spool_records") >= 2, "spool")
        assert post(server, report()).status == 200
        server.process.kill()
    with relay(tmp_path / "relay", broker.bootstrap, topic) as server:
        assert balance(server) == {"relayed": 0, "dropped": 0, "waiting": 200}
        datagrams(server, numbered(250, 300))
        until(lambda: balance(server)["waiting"] == 250, "new lines")
        assert server.process.stop() == 0  # with no broker: all of it is on disk
    with relay(tmp_path / "relay", broker.bootstrap, topic) as server:
        assert balance(server)["waiting"] == 250
        broker.start(1)
        settled(server, relayed=250, dropped=0, waiting=0)
    records = once(broker, topic)
    assert lines(records) == numbered(0, 300)
    assert sum(isinstance(record, Report) for _, record in records) == 1
    assert len({record.session for _, record in records}) == 2  # the last run made none


def test_a_kill_costs_no_line_that_came_four_seconds_before(broker, tmp_path):
    topic = broker.topic("unkept")
    came: list[float] = []
    broker.kill(1)
    with relay(tmp_path / "relay", broker.bootstrap, topic) as server:
        place = ("127.0.0.1", server.syslog_port)
        with socket.create_connection(place) as sender:
            began = time.monotonic()
            while time.monotonic() - began < 8:
                sender.sendall(numbered(len(came), len(came) + 1)[0] + b"\n")
                came.append(time.monotonic())
                time.sleep(0.01)
            killed = time.monotonic()
            server.process.kill()
    broker.start(1)
    with relay(tmp_path / "relay", broker.bootstrap, topic) as server:
        settled(server, waiting=0)
    arrived = lines(once(broker, topic))
    assert arrived == numbered(0, len(arrived))
    assert len(arrived) >= sum(when < killed - 4 for when in came) > 100


def test_a_full_spool_drops_datagrams_holds_tcp_and_tells_agents_to_wait(broker, tmp_path):
    topic = broker.topic("full")
    broker.kill(1)
    many = numbered(0, 60, 60_000)  # 10 MB are 160 of them
    streamed = numbered(0, 1500, 20_000)
    sent = threading.Event()
    with relay(tmp_path / "relay", broker.bootstrap, topic, relay=SMALL) as server:

        def stream() -> None:
            with socket.create_connection(("127.0.0.1", server.syslog_port)) as sender:
                for text in streamed:
                    sender.sendall(text + b"\n")
                sent.set()

        sending = threading.Thread(target=stream)
        sending.start()
        until(lambda: post(server, report()).status == 503, "no room", seconds=30)
        datagrams(server, many)
        dropped = {"listener": "udp", "reason": "spool_full"}
        until(
            lambda: total(server.metrics(), "knockwatch_dropped_messages_total", **dropped) == 60,
            "dropped datagrams",
        )
        assert not sent.wait(1.0)
        size = total(server.metrics(), "knockwatch_relay_spool_bytes")
        assert 8_000_000 < size < 13_000_000
        before = balance(server)
        assert before["relayed"] == 0
        assert before["waiting"] < 1500
        broker.start(1)
        assert sent.wait(60)
        sending.join()
        settled(server, relayed=1500, dropped=60, waiting=0)
        assert post(server, report()).status == 200
    records = once(broker, topic)
    assert lines(records) == streamed


def test_subscribers_are_known_by_certificate_address_and_token(kafka, tmp_path):
    topic = kafka.topic("subscribers", partitions=3)
    ca = Authority(tmp_path)
    own, port = ca.issue(), free_port()
    file = tmp_path / "subscribers"
    file.write_text(
        f"s-1@tokyo certificate r1.example\ns-2@tokyo token {sha256(b'secret of 2').hexdigest()}\n"
    )
    listen = f'tls_port = {port}\ntls_certificate = "{own.both}"\ntls_client_ca = "{ca.file}"\n'
    whose = f'subscribers = "{file}"'
    with relay(tmp_path / "relay", kafka.bootstrap, topic, relay=whose, listen=listen) as server:
        context = ca.sender(ca.issue("r1.example"))
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as tls,
        ):
            tls.sendall(b"".join(text + b"\n" for text in numbered(0, 10)))
            tls.unwrap().close()  # waits for the relay's goodbye
        datagrams(server, numbered(10, 15))
        settled(server, relayed=10, dropped=5, waiting=0)
        unknown = {"listener": "udp", "reason": "unknown_site"}
        assert total(server.metrics(), "knockwatch_dropped_messages_total", **unknown) == 5
        answer = post(server, report())
        assert answer.status == 403
        assert "no subscriber has this token or address" in answer.text
        (tmp_path / "token").write_text("secret of 2")
        done = knockwatch.run(
            *("agent", "--once", "--server", server.url, "--token-file", tmp_path / "token"),
            *("--state-dir", tmp_path / "agent"),
        )
        assert done.returncode == 0, done
        file.write_text(file.read_text() + "s-3@osaka address 127.0.0.0/8\n")
        until(lambda: post(server, report("NEW")).status == 200, "the new subscriber")
    records = once(kafka, topic)
    told = Counter((site, record.region, type(record)) for site, record in records)
    assert told.keys() == {
        ("s-1", "tokyo", Lines),
        ("s-2", "tokyo", Report),
        ("s-3", "osaka", Report),
    }
    assert lines(records) == numbered(0, 10)


def test_a_relay_that_may_not_write_keeps_everything_until_it_may(tmp_path):
    people = Guarded(tmp_path, "relay")
    with started(tmp_path / "kafka", security=people) as cluster:
        topic = cluster.topic("guarded", partitions=2)
        cluster.allow("relay", ResourceType.TOPIC, topic, AclOperation.DESCRIBE)
        (tmp_path / "password").write_text(people.passwords["relay"])
        login = (
            f'security = "sasl_ssl"\nca = "{people.authority.file}"\nuser = "relay"\n'
            f'certificate = "{people.own.certificate}"\nkey = "{people.own.key}"\n'
            f'password_file = "{tmp_path}/password"'
        )
        with relay(tmp_path / "relay", cluster.bootstrap, topic, kafka=login) as server:
            for first in range(0, 100, 20):
                datagrams(server, numbered(first, first + 20))
                time.sleep(1.0)  # records of their own, under way together
            until(lambda: "not be relayed" in server.process.output(), "refusal", seconds=30)
            cluster.allow("relay", ResourceType.TOPIC, topic, AclOperation.WRITE)
            settled(server, relayed=100, dropped=0, waiting=0)
        records = once(cluster, topic)
    assert lines(records) == numbered(0, 100)
