"""The fields of a form, and whose token opens which."""

import asyncio
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from exporter.web.forms import posted, reported
from exporter.web.refusals import Refusal


def read(home, lines: tuple[str, ...], *, of_device: bool = False, **fields: str):
    body = urlencode(fields).encode()

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    tokens = home.tokens(*lines) if lines else None
    if of_device:
        return asyncio.run(reported(request, tokens))[0]
    return asyncio.run(posted(request, tokens))


def test_without_tokens_the_fields_come_as_they_are(home):
    assert read(home, (), device=" ANNA PC ", text="ä\n") == {"device": " ANNA PC ", "text": "ä\n"}


@pytest.mark.parametrize("token", ["", "wrong", "ALL"])
def test_with_tokens_one_of_them_is_needed(home, token):
    with pytest.raises(Refusal) as refused:
        read(home, ("all",), token=token)
    assert refused.value.status == 401
    assert read(home, ("all",), token=" all ")["token"] == " all "


def test_a_devices_own_token_opens_forms_about_that_device_only(home):
    lines = ("all", "ANNA PC own")
    assert read(home, lines, of_device=True, device=" anna  pc ", token="own")
    for device, of_device in (("NAS", True), ("", True), ("ANNA PC", False)):
        with pytest.raises(Refusal) as refused:
            read(home, lines, of_device=of_device, device=device, token="own")
        assert refused.value.status == 403
