"""Tables of networks of the user's own, read again from time to time.

Files or URLs go in (MMDB, CSV, TSV, our own packed format; AS numbers and countries, IPv4 and IPv6
may be in several); the networks answer from them once all could be read. When one fails or is
broken, that is logged, and the answers stay as they were.
"""

import asyncio
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from loguru import logger

from exporter.enrichment import JoinedTables, Networks, Table, read_table
from exporter.settings import NetworkTable

MAX_BYTES = 256 * 1024 * 1024
TIMEOUT = 60.0  # seconds
MIN_HOURS = 0.01  # a server is not asked more often than twice a minute


async def refresh(settings: NetworkTable, networks: Networks) -> None:
    """Read the configured tables now and every `refresh_hours`; return at once without any."""
    while settings.tables:
        try:
            table = await asyncio.to_thread(read, settings.tables)
        except (OSError, ValueError) as error:
            logger.error("tables of networks: {}; those in use stay", error)
        else:
            networks.replace_table(table)
            logger.info("tables of networks read from {}", ", ".join(settings.tables))
        await asyncio.sleep(max(settings.refresh_hours, MIN_HOURS) * 3600.0)


def read(sources: tuple[str, ...]) -> Table:
    """Read tables and join them; the first that knows an address answers.

    Raises OSError or ValueError naming the source.
    """
    tables = []
    for source in sources:
        try:
            tables.append(fetch(source))
        except OSError as error:
            raise OSError(f"{source}: {error}") from error
    return tables[0] if len(tables) == 1 else JoinedTables(tables)


def fetch(source: str) -> Table:
    """Read a table from a file or an http(s) URL.

    Raises OSError when it cannot be had and ValueError when it is not a table.
    """
    if source.startswith(("https://", "http://")):
        data = _download(source)
    else:
        with Path(source).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"{source}: larger than {MAX_BYTES} bytes")
    return read_table(data, source)


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            data: bytes = answer.read(MAX_BYTES + 1)
            if len(data) <= MAX_BYTES and answer.length:  # half a table is none
                raise OSError(f"ended {answer.length} bytes too early")
    except urllib.error.HTTPError as error:
        error.close()
        raise
    except HTTPException as error:
        raise OSError(f"not an HTTP answer: {error!r}") from None
    return data
