import msgspec
import pytest

from exporter.events import Event
from exporter.syslog import header
from tests.fuzz import promises
from tests.fuzz.promises import Broken

MESSAGE = header.read(b"<13>Nov 10 23:04:06 gate kernel: [1] hello", 1_794_322_000.0)
EVENT = Event(
    kind="rejected",
    action="drop",
    transport="udp",
    source_ip="198.51.100.7",
    source_port=0,
    destination_ip="2001:db8::7",
    destination_port=65535,
    ingress_interface="wan",
    rule="r" * 256,
    mac="00:00:5e:00:53:01",
    count=1_000_000,
    time=0.0,
)


def test_what_dialects_read_keeps_all_promises():
    promises.event(EVENT, "any")
    promises.event(Event(kind="other"), "any")
    promises.event(msgspec.structs.replace(EVENT, destination_ip="mail-server"), "any")
    promises.message(MESSAGE)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "unheard"},
        {"action": "Drop"},
        {"action": ""},
        {"transport": "UDP"},
        {"transport": "icmp"},  # with ports
        {"source_ip": "198.51.100.07"},
        {"source_ip": "::ffff:192.0.2.1"},
        {"destination_ip": "2001:DB8::7"},
        {"destination_ip": "no name"},
        {"ip": ""},
        {"source_port": -1},
        {"destination_port": 65536},
        {"destination_port": "53"},
        {"destination_port": True},
        {"ingress_interface": ""},
        {"rule": "r" * 257},
        {"hostname": b"laptop"},
        {"mac": "00:00:5E:00:53:01"},
        {"mac": "0000.5e00.5301"},
        {"count": 0},
        {"count": 1_000_001},
        {"time": float("nan")},
    ],
    ids=str,
)
def test_what_no_event_may_say_breaks_a_promise(facts):
    with pytest.raises(Broken, match="any: "):
        promises.event(msgspec.structs.replace(EVENT, **facts), "any")


@pytest.mark.parametrize(
    "facts",
    [
        {"facility": 24},
        {"severity": -1},
        {"time": float("inf")},
        {"content": "something else"},
        {"hostname": ""},
        {"hostname": "h" * 256},
        {"app_name": "a" * 129},
        {"proc_id": ""},
    ],
    ids=str,
)
def test_what_no_header_may_say_breaks_a_promise(facts):
    with pytest.raises(Broken, match="header: "):
        promises.message(msgspec.structs.replace(MESSAGE, **facts))


def test_equal_faults_are_one_finding():
    one, other = Broken("x: port", 1), Broken("x: port", 2)
    assert one.promise == other.promise
    assert str(one) != str(other)
