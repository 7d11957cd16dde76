"""What a worker answers, and whom it does not."""

import asyncio

import pytest

from exporter.fleet import worker_http
from exporter.settings import Config
from tests.web.client import Client


def client(*, ready: bool = True) -> Client:
    async def scrape(accept: str) -> tuple[bytes, str]:
        await asyncio.sleep(0)
        return f"for {accept}\n".encode(), "text/plain; version=0.0.4"

    return Client(worker_http.create(Config(), worker_http.Asked(scrape, lambda: ready)))


def test_the_metrics_are_in_the_format_that_is_asked_for():
    answer = client().get("/metrics", accept="application/openmetrics-text")
    assert answer.text == "for application/openmetrics-text\n"
    assert answer.headers["content-type"] == "text/plain; version=0.0.4"


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
def test_it_is_ready_when_its_shards_are_restored(ready, status):
    assert client(ready=ready).get("/-/ready").status == status
    assert client(ready=ready).get("/-/healthy").status == 200


def test_there_is_no_page_and_nothing_to_post():
    assert client().get("/").status == 404
    assert client().post("/metrics", b"").status == 405


def test_a_name_that_strangers_may_have_pointed_here_is_refused():
    assert client().get("/metrics", host="attacker.example").status == 421
