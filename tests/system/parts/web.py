"""Ask and tell over HTTP, in whichever network the calling thread is."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Answer(NamedTuple):
    """What the server said, errors included."""

    status: int
    text: str


def get(url: str, *, accept: str = "*/*", seconds: float = 10.0) -> Answer:
    """Return the answer to a GET; raise OSError when there is none."""
    return ask(urllib.request.Request(url, headers={"Accept": accept}), seconds)


def post(url: str, body: bytes, *, kind: str = "text/plain", seconds: float = 10.0) -> Answer:
    """Return the answer to a POST; raise OSError when there is none."""
    return ask(urllib.request.Request(url, data=body, headers={"Content-Type": kind}), seconds)


def get_json(url: str, **query: str) -> Any:
    """Return the decoded answer."""
    answer = get(f"{url}?{urllib.parse.urlencode(query)}")
    if answer.status != 200:
        raise RuntimeError(f"{url}: {answer.status} {answer.text}")
    return json.loads(answer.text)


def ask(request: urllib.request.Request, seconds: float) -> Answer:
    """Send one request, never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as response:
            return Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode("utf-8", "replace"))
