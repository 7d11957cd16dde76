"""Which suspects are told at length."""

from exporter.events import Verdict
from exporter.web.culprits import Culprit, ranked


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


def test_where_nobody_is_named_the_largest_is_told_at_length():
    scans = [culprit(name) for name in "ab"]
    assert ranked(scans) == ([scans[0]], [scans[1]])
    assert ranked([]) == ([], [])
