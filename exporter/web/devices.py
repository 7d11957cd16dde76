"""The devices and what each is made of, as a page and as JSON; and who had an address, and when.

A device that was put together of several addresses and stations tells by which rule each of them
is its own, so that whoever knows better can say so in the configuration.
"""

import sqlite3
import time
from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from exporter.addresses import canonical
from exporter.dialects import fields
from exporter.events import Reason
from exporter.explanation import Language
from exporter.hosts import composition
from exporter.inventory import Holder
from exporter.inventory.hostnames import is_station
from exporter.routers import logged
from exporter.service import Service
from exporter.web import rendering, words
from exporter.web.decisions import rfc3339
from exporter.web.moments import moment
from exporter.web.refusals import Refusal

LOGGED = 86_400.0  # seconds back in which packets are told by router


class Devices:
    """The list, and the question."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def api(self, request: Request) -> Response:
        """`GET /api/v1/devices[?address=…[&at=…]]`: all devices, or whose an address was."""
        language = self._language(request)
        if "address" in request.query_params:
            place, at, held = self._asked(request)
            return _json(
                {
                    "address": place,
                    "at": rfc3339(at),
                    "device": held.device,
                    "rules": [reason.code for reason in held.reasons],
                    "why": [sentence(reason, language) for reason in held.reasons],
                }
            )
        home, told = self._home(), await self._logged()
        return _json(
            {
                "devices": [_device(one, told, language) for one in home.devices],
                "nobodys": [_part(part, language) for part in home.nobodys],
                "left_out": home.left_out,
            }
        )

    async def page(self, request: Request) -> Response:
        """`GET /devices[?address=…[&at=…]]`: the same to read."""
        language = self._language(request)
        asked = None
        if request.query_params.get("address"):
            asked = self._asked(request)
        return rendering.page(
            request,
            "devices.html",
            language,
            home=self._home(),
            logged=await self._logged(),
            asked=asked,
            text=request.query_params.get("address", ""),
            now=self._service.clock(),
            sentence=lambda reason: sentence(reason, language),
            rows=_rows,
        )

    def _home(self) -> composition.Home:
        return composition.home(self._service.pipeline.stages.hosts, self._service.clock())

    async def _logged(self) -> dict[str, dict[str, int]]:
        """Return packets by device without case, and router; nothing when they cannot be read."""
        now = self._service.clock()
        try:
            found = await self._service.read_evidence(logged.by_router, now - LOGGED, now)
        except sqlite3.Error:
            return {}  # the overview says so
        return {device.casefold(): routers for device, routers in found.items()}

    def _asked(self, request: Request) -> tuple[str, float, Holder]:
        """Return the address or station that is asked for, the moment, and whose it was.

        Raises Refusal.
        """
        text = request.query_params["address"].strip()
        place = canonical(text) or fields.mac(text)
        if place is None:
            raise Refusal(400, "refused.address", address=text[:80])
        written = request.query_params.get("at", "").strip()
        at = moment(written) if written else self._service.clock()
        inventory = self._service.pipeline.stages.hosts.inventory
        look = inventory.station if is_station(place) else inventory.whose
        return place, at, look(place, at)

    def _language(self, request: Request) -> Language:
        return rendering.language_of(request, self._service.config.language)


def sentence(reason: Reason, language: Language) -> str:
    """Return one step of how an address or station came to be a device's, in words."""
    values = {name: _shown(name, value) for name, value in reason.values.items()}
    return words.phrase(f"whose.{reason.code}", language).format(**values)


def _rows(
    parts: Iterable[composition.Part],
) -> list[tuple[float | None, tuple[Reason, ...], list[str]]]:
    """Return parts that have the same time and reasons as one row."""
    rows: dict[bytes, tuple[float | None, tuple[Reason, ...], list[str]]] = {}
    for part in parts:
        key = msgspec.json.encode((part.since, part.reasons))
        rows.setdefault(key, (part.since, part.reasons, []))[2].append(part.place)
    return list(rows.values())


def _shown(name: str, value: str | float) -> str:
    if name in ("since", "given", "seen", "renewed", "ended"):
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(float(value))) if value else "–"
    return str(value) or "–"


def _device(
    one: composition.Composition, told: dict[str, dict[str, int]], language: Language
) -> dict[str, Any]:
    place = one.joined
    return {
        "device": one.device,
        "agent": one.agent,
        "current": one.is_current,
        "last_report": None if one.taken is None else rfc3339(one.taken),
        "formerly": [{"device": name, "until": rfc3339(at)} for name, at in one.formerly.items()],
        "access_point": place
        and {
            "name": place.access_point,
            "bssid": place.bssid,
            "since": rfc3339(place.since),
            "heard": rfc3339(place.heard),
        },
        "logged": [
            {"router": router, "packets": packets}
            for router, packets in told.get(one.device.casefold(), {}).items()
        ],
        "parts": [_part(part, language) for part in one.parts],
    }


def _part(part: composition.Part, language: Language) -> dict[str, Any]:
    kind = "station" if is_station(part.place) else "address"
    return {
        kind: part.place,
        "since": None if part.since is None else rfc3339(part.since),
        "seen": None if part.seen is None else rfc3339(part.seen),
        "rules": [reason.code for reason in part.reasons],
        "why": [sentence(reason, language) for reason in part.reasons],
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
