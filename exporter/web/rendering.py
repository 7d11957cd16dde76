"""Pages from templates: the reader's language, and no way for foreign text to become markup.

Every value that a template prints passes `visible`, is escaped and, inside a phrase, isolated in
<bdi>: log lines, host and process names are written by strangers.
"""

import re
import time
from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import HTMLResponse

from exporter import explanation
from exporter.addresses import is_loopback
from exporter.build import VERSION
from exporter.explanation import Language
from exporter.web import languages, words
from exporter.web.refusals import Refusal

# Controls, and what changes the direction or visible order of a text; line ends and tabs stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
GLYPHS = {"benign": "✓", "watch": "◆", "act": "▲"}
GLYPHS |= {"ok": "✓", "warn": "◆", "fail": "▲"}
GLYPHS |= {"quiet": "✓", "look": "◆", "waiting": "…", "silent": "?", "unread": "?"}


def visible(value: object) -> object:
    """Return text without characters that hide or reorder what stands around them."""
    return _INVISIBLE.sub("\ufffd", value) if type(value) is str else value


_ENVIRONMENT = Environment(
    loader=PackageLoader("exporter.web"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=visible,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request, template: str, language: Language, status: int = 200, **values: object
) -> HTMLResponse:
    """Return a page."""
    text = _ENVIRONMENT.get_template(template).render(
        language=language,
        say=_say(language),
        url=_url(request),
        path=request.url.path,
        other_language_url=_in_other_language(request, language),
        number=_number,
        duration=lambda seconds: explanation.duration(seconds, language),
        date=lambda moment: time.strftime("%Y-%m-%d", time.localtime(moment)),
        clock=lambda moment: time.strftime("%H:%M:%S", time.localtime(moment)),
        minute=lambda moment: time.strftime("%H:%M", time.localtime(moment)),
        day=lambda moment: _day(moment, language),
        iso=lambda moment: time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(moment)),
        percent=lambda share: percent(share, language),
        glyphs=GLYPHS,
        version=VERSION,
        **values,
    )
    return HTMLResponse(text, status, headers={"vary": "Accept-Language"})


def _day(moment: float, language: Language) -> str:
    """Return a date with its day of the week."""
    when = time.localtime(moment)
    weekday = words.phrase(f"weekday.{when.tm_wday}", language)
    return words.phrase("day", language).format(
        date=time.strftime("%Y-%m-%d", when), weekday=weekday
    )


def failure(request: Request, refusal: Refusal, language: Language) -> HTMLResponse:
    """Return the page that tells why a request is refused."""
    headline = words.phrase("refused.title", language)
    message = _say(language)(refusal.key, **refusal.told(language))
    return page(
        request, "refused.html", language, refusal.status, headline=headline, message=message
    )


def percent(share: float, language: Language) -> str:
    """Return a share of 0 to 1 in percent; never 0 % of something, nor 100 % of less."""
    space = "" if language == "ja" else "\u202f"
    rounded = round(100 * share)
    if rounded < 1:
        return f"<{space}1{space}%"
    return f">{space}99{space}%" if rounded > 99 and share < 1 else f"{rounded}{space}%"


def language_of(request: Request, configured: languages.Configured) -> Language:
    """Return the language of whoever sent a request."""
    asked = request.query_params.get("lang")
    return languages.choose(asked, configured, request.headers.get("accept-language"))


def reachable(request: Request) -> str:
    """Return the name or address under which others may reach us, "" when only we ourselves can."""
    host = request.url.hostname or ""
    return "" if host == "localhost" or is_loopback(host) else host


def server_url(request: Request, language: Language) -> str:
    """Return the URL that other devices are given; where ours is unknown, words in its place."""
    host = reachable(request) or words.phrase("point.address", language)
    port = request.url.port
    place = f"[{host}]" if ":" in host else host
    return f"{request.url.scheme}://{place}" + (f":{port}" if port else "")


def _say(language: Language) -> Callable[..., Markup]:
    def say(key: str, **values: object) -> Markup:
        return Markup(words.phrase(key, language)).format(  # noqa: S704 - the phrases are ours
            **{name: _isolated(value) for name, value in values.items()}
        )

    return say


def _isolated(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    if isinstance(value, int):
        return Markup(_number(value))  # noqa: S704 - digits
    return Markup("<bdi>{}</bdi>").format(visible(str(value)))


def _number(value: int) -> str:
    return f"{value:,}"


def _url(request: Request) -> Callable[..., Markup]:
    """Return a maker of links that keep the language which the reader asked for."""
    asked = request.query_params.get("lang")
    kept = {"lang": asked} if asked in ("en", "ja") else {}

    def url(path: str, anchor: str = "", **query: str) -> Markup:
        target = str(URL(path).include_query_params(**query, **kept))
        return escape(target + (f"#{anchor}" if anchor else ""))

    return url


def _in_other_language(request: Request, language: Language) -> str:
    """Return this page in the other language, or the overview where this page came by a form."""
    other = "en" if language == "ja" else "ja"
    if request.method != "GET":
        return f"/?lang={other}"
    asked = request.url.include_query_params(lang=other)
    return f"{asked.path}?{asked.query}"
