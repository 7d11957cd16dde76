"""What a gateway says of its ports, and what one cannot make of us by lying."""

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator
from typing import TypeVar

import pytest
from async_upnp_client.const import HttpRequest
from async_upnp_client.exceptions import UpnpError

from exporter.agent import igd
from exporter.agent.igd import Igd, IgdError
from exporter.host_report import MappedPort, PortTable
from tests.agent.gateways import DESCRIPTION, Gateway, entry, fault, gateway

pytestmark = pytest.mark.thorough

T = TypeVar("T")
HERE = "127.0.0.1"
MAPPED = MappedPort(transport="udp", port=61413, ip="192.168.1.10", inside_port=51413)
BOMB = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>'
DEEP = (
    '<root xmlns="urn:schemas-upnp-org:device-1-0">'
    + "<device><deviceList>" * 4000
    + "</deviceList></device>" * 4000
    + "</root>"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(igd, "_SEARCH", 0.2)


@pytest.fixture
def there() -> Iterator[Gateway]:
    with gateway() as made:
        yield made


def read(there: Gateway) -> PortTable:
    return Igd(HERE, port=there.port).read()


def refused(there: Gateway) -> str:
    with pytest.raises(IgdError) as error:
        read(there)
    assert error.value.args[0].isprintable()
    return str(error.value)


def test_ports_transport_and_the_address_inside_are_told_and_nothing_else(there: Gateway):
    there.entries.append(entry(8443, 443, NewProtocol="TCP", NewInternalClient="192.168.1.12"))
    web = MappedPort(transport="tcp", port=8443, ip="192.168.1.12", inside_port=443)
    assert read(there) == PortTable(gateway=HERE, mappings=(MAPPED, web))


def test_an_empty_table_is_a_table(there: Gateway):
    there.entries = []
    assert read(there).mappings == ()


def test_the_gateway_describes_itself_once(there: Gateway):
    asked = Igd(HERE, port=there.port)
    asked.read()
    there.entries.append(entry(61414))
    before = len(there.asked)
    assert len(asked.read().mappings) == 2
    assert there.asked[before:] == ["/ctl/IPConn"] * 3


def test_one_that_was_started_anew_is_searched_anew(there: Gateway):
    asked = Igd(HERE, port=there.port)
    asked.read()
    there.beyond = lambda _: "not XML"
    with pytest.raises(IgdError):
        asked.read()
    there.beyond = lambda _: fault(713)
    assert asked.read().mappings == (MAPPED,)
    assert there.asked.count("/rootDesc.xml") == 2


@pytest.mark.parametrize(
    "odd",
    [
        entry(NewEnabled=0),
        entry(NewRemoteHost="198.51.100.7"),
        entry(NewProtocol="SCTP"),
        entry(NewInternalClient="anna-pc"),
        entry(NewInternalClient="0.0.0.0"),
        entry(outside=0),
        entry(outside="many"),
        entry().replace("NewProtocol", "NewAge"),
    ],
)
def test_what_opens_nothing_to_everybody_or_cannot_be_read_costs_itself_only(
    there: Gateway, odd: str
):
    there.entries = [odd, entry()]
    assert read(there).mappings == (MAPPED,)


@pytest.mark.parametrize("code", [402, 713, 714])
def test_the_end_is_told_in_several_ways(there: Gateway, code: int):
    there.beyond = lambda _: fault(code)
    assert read(there).mappings == (MAPPED,)


def test_half_a_table_is_none(there: Gateway):
    there.beyond = lambda _: fault(501)
    assert "501" in refused(there)


def test_a_connection_that_is_not_in_use_has_no_ports(there: Gateway):
    there.entries, there.beyond = [], lambda _: fault(501)
    assert read(there).mappings == ()


# --- nobody, and another one ---------------------------------------------------------------------


def test_where_nobody_answers_that_is_said(there: Gateway):
    there.answer = b"%.0s"
    assert refused(there) == "127.0.0.1 does not answer as a UPnP gateway"


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nLOCATION: \xff%s\r\n\r\n", b"HTTP/1.1 200 OK\xff%.0s\r\n", b"%.0s\xff\n"],
)
def test_a_malformed_answer_is_none(
    there: Gateway, answer: bytes, caplog: pytest.LogCaptureFixture
):
    there.answer = answer
    with caplog.at_level(logging.DEBUG):
        assert "does not answer" in refused(there)
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize("location", ["http://127.0.0.2:{}/", "http://[::1]:{}/", "http://[", ""])
def test_who_leads_to_another_host_is_not_heard(there: Gateway, location: str):
    there.location = location.format(there.server_address[1])
    assert "does not answer" in refused(there)
    assert there.asked == []


def test_no_other_host_is_asked_whoever_leads_there(there: Gateway):
    elsewhere = there.url.replace(HERE, "127.0.0.2")
    for url in (elsewhere, f"https://{HERE}/", "http://["):
        request = HttpRequest("GET", url, {}, None)
        with pytest.raises((UpnpError, ValueError)):
            asyncio.run(igd._Bounded(HERE).async_http_request(request))


def test_a_description_that_leads_to_another_host_is_not_followed(
    there: Gateway, caplog: pytest.LogCaptureFixture
):
    elsewhere = f"<controlURL>http://127.0.0.2:{there.server_address[1]}/ctl/IPConn"
    there.bodies["/rootDesc.xml"] = DESCRIPTION.replace("<controlURL>/ctl/IPConn", elsewhere)
    assert "without a table" in refused(there)
    assert not caplog.records
    base = there.url.replace(HERE, "127.0.0.2")
    there.bodies["/rootDesc.xml"] = DESCRIPTION.replace(
        "<device>", f"<URLBase>{base}</URLBase><device>"
    )
    assert read(there).mappings == (MAPPED,)  # nobody reads it


def test_a_redirection_is_not_followed(there: Gateway):
    there.headers["Location"] = f"{there.url}/other"
    assert "302" in refused(there)
    assert there.asked == ["/rootDesc.xml"]


def slowly(said: T, seconds: float) -> T:
    time.sleep(seconds)
    return said


# --- one that lies -------------------------------------------------------------------------------


def test_an_endless_table_is_none(there: Gateway, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(igd, "MAX_MAPPINGS", 5)
    there.beyond = lambda index: entry(50000 + index)
    assert "more than 5 entries" in refused(there)
    assert there.asked.count("/ctl/IPConn") == 6
    there.beyond = lambda _: entry(NewEnabled=0)
    assert "more than 5 entries" in refused(there)


def test_an_endless_answer_is_none(there: Gateway):
    there.bodies["/rootDesc.xml"] = itertools.repeat(b"<root>" * 1000)
    assert f"more than {igd.MAX_BYTES} bytes" in refused(there)


def test_a_slow_answer_is_not_waited_for(there: Gateway, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(igd, "_ANSWER", 0.3)
    there.bodies["/WANIPCn.xml"] = (slowly(b" ", 0.02) for _ in range(200))
    assert refused(there) == "127.0.0.1 does not answer in time"


def test_many_slow_answers_are_not_waited_for(there: Gateway, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(igd, "SECONDS", 0.7)
    there.beyond = lambda index: slowly(entry(50000 + index), 0.05)
    begun = time.monotonic()
    assert refused(there) == "127.0.0.1 does not answer in time"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("body", ["", "\0", "<root/>", BOMB, DEEP, "\ud83d" * 3, "<root>" * 20_000])
@pytest.mark.parametrize("path", ["/rootDesc.xml", "/WANIPCn.xml"])
def test_whatever_it_says_is_an_error_or_a_table(there: Gateway, path: str, body: str):
    there.bodies[path] = iter([body.encode("utf-8", "surrogatepass")])
    assert refused(there).startswith(HERE)


def test_a_text_of_its_own_cannot_move_the_cursor(there: Gateway):
    words = "</errorCode><errorDescription>no &#x9b;2J &#x202e;</errorDescription>"
    there.beyond = lambda _: fault(501).replace("</errorCode>", words)
    assert "(no \ufffd2J \ufffd)" in refused(there)
