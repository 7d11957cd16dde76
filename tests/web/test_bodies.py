"""Bodies: never more than the bound, whatever is claimed."""

import asyncio

import pytest
from starlette.requests import Request

from exporter.web import bodies
from exporter.web.refusals import Refusal


def read(*chunks: bytes, most: int = 10, cut: bool = False, **headers: str) -> bytes:
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting.append({"type": "http.disconnect"} if cut else {"type": "http.request", "body": b""})

    async def receive():
        return waiting.pop(0)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "POST", "headers": named}, receive)
    return asyncio.run(bodies.read(request, most))


def status(*chunks: bytes, **facts) -> int:
    with pytest.raises(Refusal) as refused:
        read(*chunks, **facts)
    return refused.value.status


def test_a_body_may_be_as_large_as_the_bound():
    assert read(b"12345", b"67890") == b"1234567890"


def test_one_byte_more_is_too_large_whatever_its_length_claims():
    assert status(b"12345", b"678901") == 413
    assert status(b"12345", b"678901", content_length="3") == 413
    assert status(b"", content_length="11") == 413
    assert status(b"", content_length="9" * 5000) == 413


def test_a_length_that_is_no_number_is_not_believed():
    assert read(b"123", content_length="²") == b"123"


def test_a_compressed_body_is_refused():
    assert status(b"", content_encoding="gzip") == 415
    assert read(b"123", content_encoding="Identity") == b"123"


def test_a_body_that_is_cut_off_is_refused():
    assert status(b"123", cut=True) == 400


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(bodies, "SECONDS", 0.0)

    async def receive():
        await asyncio.Event().wait()

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(Refusal) as refused:
        asyncio.run(bodies.read(request))
    assert refused.value.status == 408


def test_a_form_is_read_in_any_bytes():
    assert bodies.form(b"a=1&b=%E3%81%82+x&a=2&c=%ff&d") == {
        "a": "2",
        "b": "あ x",
        "c": "\ufffd",
        "d": "",
    }


def test_a_form_of_many_fields_is_refused():
    with pytest.raises(Refusal):
        bodies.form(b"a&" * 1000)
