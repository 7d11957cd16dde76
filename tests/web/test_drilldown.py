"""What is shown of packets: labels in the reader's language, links that narrow, and ways back."""

import sqlite3
from typing import Any

import pytest

from exporter.events import Cause
from exporter.evidence import EvidenceStore, store
from exporter.evidence.breakdown import FACETS
from exporter.web import asking
from exporter.web.drilldown import MOMENT_BARS, Drilldown, bars, drilldown, look
from tests.rejections import NOW, decision, named, rejection


def shown(*decisions: Any, language: Any = "en", **query: str) -> Drilldown:
    connection = sqlite3.connect(":memory:")
    kept = EvidenceStore(connection)
    for one in decisions:
        kept.record(one)
    kept.write(kept.take(), NOW)
    asked = asking.read(query, NOW + 1)
    looked = look(connection, asked.question, bars(asked), asked.skipped)
    connection.close()
    return drilldown(asked, looked, language)


def facet(view: Drilldown, name: str):
    return next(one for one in view.facets if one.name == name)


def test_an_open_facet_leads_to_each_of_its_values():
    view = shown(decision(rejection(count=3), attribution=named()), decision(rejection(count=1)))
    assert [one.name for one in view.facets] == list(FACETS)
    first, second = facet(view, "device").values
    assert (first.label, first.query, first.share) == ("ANNA-PC", {"device": "ANNA-PC"}, 0.75)
    assert (second.label, second.query) == ("No device of yours is named", {"nobody": "1"})
    assert facet(view, "network").values[0].label == "Akamai (AS20940, registered in NL)"
    assert facet(view, "port").values[0].query == {"port": "51413", "transport": "udp"}


def test_a_chosen_facet_leads_back_to_all_and_keeps_the_other_filters():
    view = shown(decision(attribution=named()), device="ANNA-PC", network="AS20940", port="51413")
    device = facet(view, "device")
    assert [(value.label, value.query) for value in device.values] == [("ANNA-PC", {})]
    assert device.without == {"network": "AS20940", "port": "51413"}
    assert facet(view, "process").without is None
    assert facet(view, "process").values[0].query["network"] == "AS20940"


def test_the_crumbs_are_the_way_that_the_reader_went():
    view = shown(decision(attribution=named()), port="51413", network="AS20940", cause="unknown")
    assert [(crumb.kind, crumb.label) for crumb in view.crumbs] == [
        ("port", "51413"),
        ("network", "Akamai (AS20940, registered in NL)"),
        ("cause", "unknown"),
    ]
    assert view.crumbs[1].query == {"port": "51413", "network": "AS20940"}


def test_what_nobody_knows_by_name_keeps_its_number():
    view = shown(network="AS64496")
    assert view.crumbs[0].label == "AS64496"
    assert (view.packets, view.rows, view.trend, view.pages) == (0, (), None, 1)


def test_a_row_says_which_way_the_packet_went():
    view = shown(
        decision(rejection(our_port=None, transport="icmp")),
        decision(rejection(direction="outbound", remote_ip="", our_port=9)),
    )
    assert {(row.outgoing, row.remote, row.port) for row in view.rows} == {
        (False, "198.51.100.7", "icmp"),
        (True, "", "9/udp"),
    }
    assert (
        facet(view, "remote").values[0].query == {} or facet(view, "remote").values[1].query == {}
    )


@pytest.mark.parametrize(
    ("language", "label"), [("en", "scan"), ("ja", "無差別な探索（スキャン）")]
)
def test_causes_are_in_the_readers_language(language, label):
    why = Cause(name="scan", verdict="benign", confidence=0.9)
    view = shown(decision(cause=why), language=language)
    assert facet(view, "cause").values[0].label == label
    assert view.rows[0].cause == label


@pytest.mark.parametrize(("around", "parts"), [("30s", 2), ("5m", 10), ("1d", MOMENT_BARS)])
def test_a_moment_is_drawn_in_whole_minutes(around, parts):
    assert bars(asking.read({"at": "2026-11-24T03:12", "around": around}, NOW)) == parts


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_was_summed_up_in_a_flood_is_shown_as_not_kept_apart(language, monkeypatch):
    monkeypatch.setattr(store, "MAX_GATHERED", 1)
    packets = [rejection(remote_ip=f"198.51.100.{n}", our_port=n) for n in range(1, 4)]
    view = shown(*map(decision, packets), language=language)
    row = next(row for row in view.rows if not row.remote)
    many = {"en": "many networks (not kept apart)", "ja": "多数のネットワーク（個別の記録なし）"}
    apart = {"en": "not kept apart", "ja": "個別の記録なし"}
    assert (row.packets, row.network, row.router) == (2, many[language], apart[language])
    assert many[language] in [value.label for value in facet(view, "network").values]
    assert apart[language] in [value.label for value in facet(view, "router").values]
