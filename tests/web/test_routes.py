"""Paths, methods, and the answers for machines: exposition, health, readiness."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.system.parts.founding import flood


def test_the_exposition_comes_as_text_and_as_openmetrics(home):
    home.hears(*flood(3))
    client = home.client()
    plain = client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    assert "knockwatch_rejected_packets_total{" in plain.text
    answer = client.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert "knockwatch_rejected_packets" in families


def test_healthy_is_not_yet_ready(home):
    client = home.client()
    home.service.ready = False
    assert client.get("/-/healthy").status == 200
    assert client.get("/-/ready").status == 503
    home.service.ready = True
    assert client.get("/-/ready").status == 200


def test_a_path_that_does_not_exist_is_named(home):
    client = home.client()
    answer = client.get("/api/v1/nothing")
    assert answer.status == 404
    assert "/api/v1/nothing" in answer.json["error"]
    page = client.get("/<script>")
    assert page.status == 404
    assert "text/html" in page.headers["content-type"]
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/reports"), ("POST", "/api/v1/suspects"), ("POST", "/"), ("PUT", "/log")],
)
def test_a_method_that_is_not_possible_is_named(home, method, path):
    answer = home.client().ask(method, path, (), {})
    assert answer.status == 405
    assert method in answer.text
    assert answer.headers["allow"]


@pytest.mark.parametrize("name", ["style.css", "icon.svg"])
def test_what_the_page_needs_comes_from_here(home, name):
    answer = home.client().get(f"/static/{name}")
    assert answer.status == 200
    assert b"//" not in answer.body.replace(b"http://www.w3.org/2000/svg", b"")
