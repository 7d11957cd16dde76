"""The port mappings of the home's router, asked of the router itself (UPnP IGD 1 and 2).

In goes the address of the default gateway, out comes its table. Whoever else in the LAN says that
it is a gateway is not heard: the answer to the search, the description and the table must all be
of that address. Everything has an end: the time, each answer's size, the entries. What programs
call their mappings is not kept. Sources: UPnP Device Architecture 1.1, WANIPConnection:1 and :2.
"""

import asyncio
import logging
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout
from async_upnp_client.client import UpnpRequester
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.const import HttpRequest, HttpResponse
from async_upnp_client.exceptions import UpnpActionError, UpnpError, UpnpValueError
from async_upnp_client.profiles.igd import IgdDevice, PortMappingEntry
from async_upnp_client.search import async_search
from async_upnp_client.ssdp import SSDP_IP_V4, SSDP_PORT
from async_upnp_client.utils import CaseInsensitiveDict

from exporter.host_report import MappedPort, PortTable
from exporter.wire import MAX_MAPPINGS

SECONDS = 25.0  # a reading takes no longer
_ANSWER = 5.0  # seconds for one answer
_SEARCH = 2  # seconds, each time
MAX_BYTES = 256 * 1024  # of one answer; descriptions have some ten thousand
_DEVICES = IgdDevice.DEVICE_TYPES
_SERVICES = ("WANIPC", "WANPPPC")
# How routers say that there are no more: no such index, no such entry, or a wrong argument.
_END = (713, 714, 402)

_Table = dict[tuple[str, int], MappedPort]

# What it says is the router's text, and the reason of a failure is in the error.
logging.getLogger("async_upnp_client").setLevel(logging.CRITICAL)


class IgdError(OSError):
    """The table cannot be read; the text says why."""


class Igd:
    """A gateway. Its description is read once, for as long as the table can be read."""

    def __init__(self, gateway: str, *, port: int = SSDP_PORT) -> None:
        """`port` is where it waits to be searched."""
        self._gateway = gateway
        self._port = port
        self._device: IgdDevice | None = None

    def read(self) -> PortTable:
        """Return the whole table. It takes seconds, and a loop of its own.

        Raises IgdError.
        """
        device, self._device = self._device, None
        try:
            self._device, mappings = asyncio.run(self._read(device))
        except IgdError:
            raise
        except TimeoutError:
            raise IgdError(f"{self._gateway} does not answer in time") from None
        except Exception as error:  # the library was not made for those who lie to it
            raise IgdError(f"{self._gateway}: {_words(error)}") from error
        return PortTable(gateway=self._gateway, mappings=tuple(mappings))

    async def _read(self, device: IgdDevice | None) -> tuple[IgdDevice, list[MappedPort]]:
        # The library lets a malformed datagram end the search; its traceback helps nobody.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        async with asyncio.timeout(SECONDS):
            if device is None:
                factory = UpnpFactory(_Bounded(self._gateway), non_strict=True)
                root = await factory.async_create_device(await self._location())
                device = IgdDevice(root, None)
            tables = [await _table(device, service) for service in _SERVICES]
        found = {key: mapped for table in tables for key, mapped in (table or {}).items()}
        if all(table is None for table in tables):
            raise IgdError(f"{self._gateway} is a UPnP gateway without a table of ports")
        if len(found) > MAX_MAPPINGS:
            raise IgdError(f"{self._gateway} lists more than {MAX_MAPPINGS} ports")
        return device, list(found.values())

    async def _location(self) -> str:
        """Return where the gateway describes itself.

        It is asked itself first: a firewall on this host lets in only what was asked for. Some
        routers hear nothing but what goes to all.
        """
        found: list[str] = []

        async def answered(headers: CaseInsensitiveDict) -> None:
            location = str(headers.get("location", ""))
            if headers.get("_host") == self._gateway == urlsplit(location).hostname:
                found.append(location)

        for target in (self._gateway, SSDP_IP_V4):
            await async_search(
                answered, timeout=_SEARCH, search_target=_DEVICES[0], target=(target, self._port)
            )
            if found:
                return found[0]
        raise IgdError(f"{self._gateway} does not answer as a UPnP gateway")


class _Bounded(UpnpRequester):
    """Asks one host only, and takes neither forever nor any amount."""

    def __init__(self, host: str) -> None:
        self._host = host

    async def async_http_request(self, http_request: HttpRequest) -> HttpResponse:
        """Ask, and return the answer.

        Raises UpnpError, and what aiohttp raises.
        """
        parts = urlsplit(http_request.url)
        if parts.scheme != "http" or parts.hostname != self._host:
            raise UpnpError("it refers to another host")
        async with (
            ClientSession(timeout=ClientTimeout(total=_ANSWER), auto_decompress=False) as session,
            session.request(
                http_request.method,
                http_request.url,
                headers={**(http_request.headers or {}), "Accept-Encoding": "identity"},
                data=http_request.body,
                allow_redirects=False,
            ) as answer,
        ):
            body = bytearray()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise UpnpError(f"an answer of more than {MAX_BYTES} bytes")
        return HttpResponse(answer.status, answer.headers, body.decode("utf-8", "replace"))


async def _table(device: IgdDevice, service: str) -> _Table | None:
    """Return the mappings of one of its connections, None when it has none of that kind.

    A connection that is not in use refuses the first entry.
    """
    found: _Table = {}
    for index in range(MAX_MAPPINGS + 1):  # an endless one is too long for its reader
        try:
            entry = await device.async_get_generic_port_mapping_entry(index, [service])
        except UpnpActionError as error:
            if index == 0 or error.error_code in _END:
                return found
            raise
        except (ValueError, KeyError, UpnpValueError):
            continue  # a name in place of an address, or half an entry
        if entry is None:
            return None
        if (mapped := _mapped(entry)) is not None:
            found[mapped.transport, mapped.port] = mapped
    raise IgdError(f"a table of more than {MAX_MAPPINGS} entries")


def _mapped(entry: PortMappingEntry) -> MappedPort | None:
    """Return what an entry opens to everybody; None when it does not."""
    transport = entry.protocol.lower()
    anybody = entry.remote_host is None or entry.remote_host.is_unspecified
    ports = (entry.external_port, entry.internal_port)
    if not entry.enabled or not anybody or transport not in ("udp", "tcp"):
        return None
    if entry.internal_client.is_unspecified or not all(0 < port < 65536 for port in ports):
        return None
    return MappedPort(
        transport=transport, port=ports[0], ip=str(entry.internal_client), inside_port=ports[1]
    )


def _words(error: Exception) -> str:
    """Return what went wrong as far as it is fit for a log: some of it is the other side's text."""
    said = f"{type(error).__name__} {error}"[:200]
    return "".join(c if c.isprintable() else "\ufffd" for c in said)
