"""Answers that every server gives: the exposition's encoding and length."""

import gzip

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.system.parts.founding import flood


def test_the_exposition_is_compressed_for_those_who_ask(home):
    client = home.client()
    packed = client.get("/metrics", accept_encoding="deflate, gzip;q=1.0")
    assert packed.headers["content-encoding"] == "gzip"
    assert b"knockwatch_build_info" in gzip.decompress(packed.body)
    for accepted in ("gzip;q=0", "deflate", "identity"):
        assert "content-encoding" not in client.get("/metrics", accept_encoding=accepted).headers


def test_a_long_exposition_is_whole_and_says_how_long_it_is(home, monkeypatch):
    monkeypatch.setattr("exporter.web.answers.PIECE", 100)
    home.hears(*flood(3))
    answer = home.client().get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert int(answer.headers["content-length"]) == len(answer.body) > 1000
    assert answer.text.endswith("# EOF\n")
    assert list(text_string_to_metric_families(answer.text))
