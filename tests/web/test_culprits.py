"""Which suspects are told at length."""

from exporter.events import Cause, Network, Verdict
from exporter.knowledge import load
from exporter.web.culprits import Culprit, culprits, ranked
from tests.evidence.stores import stored, suspects
from tests.rejections import decision, rejection


def culprit(
    name: str, verdict: Verdict = "benign", device: str = "", cause: str = "scan"
) -> Culprit:
    return Culprit(
        device=device,
        process="",
        application="",
        verdict=verdict,
        verdict_word="",
        cause=cause,
        network=name,
        asn="",
        networks=1,
        sources=1,
        ports=(),
        packets=1,
        at_least=False,
        share=0.1,
        last=0.0,
        summary="",
        certainty="",
        advice="",
        reasons=(),
        query={},
    )


def test_the_named_and_one_flood_are_told_at_length():
    named = culprit("a", device="PC")
    floods = [culprit(name, "act", cause="flood") for name in "bcd"]
    scans = [culprit(name) for name in "ef"]
    told, others = ranked([*scans, *floods, named])
    assert told == [floods[0], named]
    assert others == [*scans, *floods[1:]]


def test_what_must_be_acted_on_comes_before_what_is_larger():
    larger = culprit("a", "watch", device="PC")
    infected = culprit("b", "act", device="CAMERA", cause="misconfiguration")
    assert ranked([larger, infected])[0] == [infected, larger]


def test_where_nobody_is_named_the_largest_is_told_at_length():
    scans = [culprit(name) for name in "ab"]
    assert ranked(scans) == ([scans[0]], [scans[1]])
    assert ranked([]) == ([], [])


def test_what_stayed_at_home_is_told_once_and_leads_to_all_of_its_packets():
    chatter = Cause(name="local_chatter", verdict="benign", confidence=0.8)
    packets = (rejection(direction="local", source=Network(asn)) for asn in ("private", "reserved"))
    kept = stored(*(decision(one, cause=chatter) for one in packets))
    [told] = culprits(suspects(kept), load(), 3600.0, "en")
    assert told.packets == 2
    assert told.query == {
        "nobody": "1", "cause": "local_chatter", "direction": "local", "transport": "udp",
    }  # fmt: skip
