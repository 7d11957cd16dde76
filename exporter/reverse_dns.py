"""Asks the LAN's resolver what an address is called, of the home's own addresses only.

Home routers answer for the names that they learned by DHCP. One question at a time, each address
once an hour at most; a resolver that does not answer is left alone for ten minutes. In goes what
`resolved` is to know, there go the answers.
"""

import asyncio
from collections.abc import Callable, Sequence

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.reversename
from loguru import logger

from exporter.inventory.resolved import Resolved

LOOK = 1.0  # seconds between looks at what is to be asked, and so between questions
TIMEOUT = 2.0  # seconds
PAUSE = 600.0  # seconds in which a resolver that did not answer is not asked again
PORT = 53


class Unanswered(ValueError):
    """The resolver did not answer; the text says why."""


async def keep_asking(
    resolved: Resolved,
    servers: Sequence[str],
    clock: Callable[[], float],
    counted: Callable[[str], None],
    *,
    port: int = PORT,
) -> None:
    """Ask about what is wanted, for ever; return at once where there is nobody to ask.

    `counted` is told what became of each question: "named", "nameless" or "failed".
    """
    is_silent = False
    while servers:
        await asyncio.sleep(PAUSE if is_silent else LOOK)
        is_silent = False
        address = resolved.due(clock())
        if address is None:
            continue
        try:
            server, name = await _first(address, servers, port)
        except Unanswered as error:
            is_silent = True
            resolved.want(address)
            counted("failed")
            logger.info("no names of the LAN for {:g} s: {}", PAUSE, error)
        else:
            counted("named" if resolved.told(address, name, server, clock()) else "nameless")


async def ask(address: str, server: str, port: int = PORT) -> str:
    """Return the name of an address, "" when it has none, or several.

    Raises Unanswered.
    """
    question = dns.message.make_query(dns.reversename.from_address(address), dns.rdatatype.PTR)
    backend = dns.asyncbackend.get_backend("asyncio")
    try:
        answer = await dns.asyncquery.udp(
            question, server, timeout=TIMEOUT, port=port, backend=backend
        )
    except (dns.exception.DNSException, OSError, EOFError) as error:
        raise Unanswered(f"{server}: {error or type(error).__name__}") from None
    names = {
        record.target
        for rrset in answer.answer
        if rrset.rdtype == dns.rdatatype.PTR
        for record in rrset
    }
    return _text(names.pop()) if len(names) == 1 else ""


async def _first(address: str, servers: Sequence[str], port: int) -> tuple[str, str]:
    """Return who answered first in their order, and the name.

    Raises Unanswered when nobody did.
    """
    errors = []
    for server in servers:
        try:
            return server, await ask(address, server, port)
        except Unanswered as error:
            errors.append(str(error))
    raise Unanswered("; ".join(errors))


def _text(name: dns.name.Name) -> str:
    """Return the first label: what it is called, whatever bytes the router learned by DHCP."""
    return name.labels[0].decode("utf-8", "replace")
