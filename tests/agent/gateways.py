"""A gateway that does not exist: it answers searches, describes itself, and lists its ports.

What it says is laid out as Debian's miniupnpd 2.3.1 does it, with one of its services.
"""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DESCRIPTION = f"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>a router</friendlyName><manufacturer>nobody</manufacturer><modelName>r</modelName>
<UDN>uuid:5a1e0000-0000-4000-8000-000000000000</UDN><serviceList><service>
<serviceType>{SERVICE}</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
<SCPDURL>/WANIPCn.xml</SCPDURL><controlURL>/ctl/IPConn</controlURL><eventSubURL>/evt</eventSubURL>
</service></serviceList></device></root>"""
FIELDS = {
    "NewRemoteHost": ("RemoteHost", "string"),
    "NewExternalPort": ("ExternalPort", "ui2"),
    "NewProtocol": ("PortMappingProtocol", "string"),
    "NewInternalPort": ("InternalPort", "ui2"),
    "NewInternalClient": ("InternalClient", "string"),
    "NewEnabled": ("PortMappingEnabled", "boolean"),
    "NewPortMappingDescription": ("PortMappingDescription", "string"),
    "NewLeaseDuration": ("PortMappingLeaseDuration", "ui4"),
}
ARGUMENTS = {"NewPortMappingIndex": ("PortMappingNumberOfEntries", "ui2")} | FIELDS
ACTION = "".join(
    f"<argument><name>{name}</name><direction>{'out' if name in FIELDS else 'in'}</direction>"
    f"<relatedStateVariable>{variable}</relatedStateVariable></argument>"
    for name, (variable, _) in ARGUMENTS.items()
)
VARIABLES = "".join(
    f'<stateVariable sendEvents="no"><name>{variable}</name><dataType>{kind}</dataType>'
    "</stateVariable>"
    for variable, kind in ARGUMENTS.values()
)
ACTIONS = f"""<?xml version="1.0"?>
<scpd xmlns="urn:schemas-upnp-org:service-1-0"><actionList><action>
<name>GetGenericPortMappingEntry</name><argumentList>{ACTION}</argumentList></action></actionList>
<serviceStateTable>{VARIABLES}</serviceStateTable></scpd>"""
ENVELOPE = """<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>{}</s:Body></s:Envelope>"""
FAULT = """<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>
<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>{}</errorCode></UPnPError>
</detail></s:Fault>"""

ANSWER = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: %s\r\n\r\n"

Body = str | Iterator[bytes]


def entry(outside: object = 61413, inside: object = 51413, **changes: object) -> str:
    """Return an entry as it is answered; without changes that of a UDP port of 192.168.1.10."""
    values = {
        "NewRemoteHost": "",
        "NewExternalPort": outside,
        "NewProtocol": "UDP",
        "NewInternalPort": inside,
        "NewInternalClient": "192.168.1.10",
        "NewEnabled": 1,
        "NewPortMappingDescription": "what a program calls it",
        "NewLeaseDuration": 597,
    } | changes
    told = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    name = "GetGenericPortMappingEntryResponse"
    return ENVELOPE.format(f'<u:{name} xmlns:u="{SERVICE}">{told}</u:{name}>')


def fault(code: int) -> str:
    """Return how an action is refused."""
    return ENVELOPE.format(FAULT.format(code))


class Gateway(ThreadingHTTPServer):
    """Answers each path with what `bodies` has, and the table from `entries`, by index."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.search = socket.socket(type=socket.SOCK_DGRAM)
        self.search.bind(("127.0.0.1", 0))
        self.port: int = self.search.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.location = f"{self.url}/rootDesc.xml"
        self.answer = ANSWER
        self.bodies: dict[str, Body] = {"/rootDesc.xml": DESCRIPTION, "/WANIPCn.xml": ACTIONS}
        self.headers: dict[str, str] = {}
        self.entries: list[str] = [entry()]
        self.beyond: Callable[[int], str] = lambda _: fault(713)
        self.asked: list[str] = []  # the paths

    def answer_searches(self) -> None:
        with self.search:
            while (asked := self.search.recvfrom(2000))[0] != b"end":
                self.search.sendto(self.answer % self.location.encode(), asked[1])


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Run one on the loopback."""
    made = Gateway()
    threads = [
        threading.Thread(target=made.serve_forever, args=(0.01,)),
        threading.Thread(target=made.answer_searches),
    ]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"end", ("127.0.0.1", made.port))
        for thread in threads:
            thread.join()
        made.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self._answer(200, self.server.bodies.get(self.path, ""))

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        index = int(re.findall(r"<NewPortMappingIndex>(\d+)<", said)[0])
        entries = self.server.entries
        body = entries[index] if index < len(entries) else self.server.beyond(index)
        self._answer(500 if "Fault" in body else 200, body)

    def _answer(self, status: int, body: Body) -> None:
        self.send_response(302 if "Location" in self.server.headers else status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # the other side has had enough
            for piece in [body.encode()] if isinstance(body, str) else body:
                self.wfile.write(piece)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass
