"""A program of a device that its owner knows: acknowledged for a while, or no longer.

A page of its own asks for how long, because the overview may renew itself and take along what
was typed. In goes a form, out comes the overview again.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from exporter import wire
from exporter.access.acknowledged import MOST_DAYS, pair
from exporter.access.tokens import Tokens
from exporter.service import Service
from exporter.web import forms, rendering
from exporter.web.refusals import Refusal

CHOICES = (7, 30, 90, 365)  # days
DEFAULT_DAYS = 30
_DAY = 86_400.0


class Knowing:
    """The question, and its two answers."""

    def __init__(self, service: Service, tokens: Tokens | None) -> None:
        self._service = service
        self._tokens = tokens

    async def ask(self, request: Request) -> Response:
        """`GET /known?device=…&process=…`: for how long, or whether no longer."""
        device, process = _named(dict(request.query_params))
        until = self._service.acknowledged.at(self._service.clock()).get(pair(device, process))
        return rendering.page(
            request,
            "known.html",
            rendering.language_of(request, self._service.config.language),
            device=device,
            process=process,
            until=until,
            choices=CHOICES,
            default=DEFAULT_DAYS,
            needs_token=self._tokens is not None,
        )

    async def acknowledge(self, request: Request) -> Response:
        """`POST /known`: it is known, for so many days."""
        form = await forms.posted(request, self._tokens)
        device, process = _named(form)
        days = form.get("days", str(DEFAULT_DAYS))
        if not (days.isascii() and days.isdigit() and 1 <= int(days[:9]) <= MOST_DAYS):
            raise Refusal(400, "refused.days", most=MOST_DAYS)
        until = self._service.clock() + int(days) * _DAY
        self._service.acknowledged.add(device, process, until)
        return await self._stored(request)

    async def withdraw(self, request: Request) -> Response:
        """`POST /known/withdraw`: it is known no longer."""
        form = await forms.posted(request, self._tokens)
        self._service.acknowledged.withdraw(*_named(form))
        return await self._stored(request)

    async def _stored(self, request: Request) -> Response:
        await self._service.commit()
        language = request.query_params.get("lang")
        return RedirectResponse(f"/?lang={language}" if language in ("en", "ja") else "/", 303)


def _named(fields: dict[str, str]) -> tuple[str, str]:
    """Return the device and the program that are meant; a device alone is too much to know."""
    device, process = fields.get("device", ""), fields.get("process", "")
    for name in (device, process):
        if not name.strip() or len(name) > wire.MAX_TEXT:
            raise Refusal(400, "refused.known", most=wire.MAX_TEXT)
    return device, process
