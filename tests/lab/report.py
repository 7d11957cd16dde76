"""What the laboratory has found, as plain values and as a table for people; and what falls short.

In: an outcome; out: a summary that JSON can hold, and its text.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.lab.episodes.table import CROWDED, Episode, playing
from tests.lab.play import Outcome
from tests.lab.score import Judged, by_episode, calibration, false_names, macro, quantile, score

PRECISION, RECALL = 0.99, 0.95  # recall where ports are kept: elsewhere the evidence is rare
BY_PORT = ("mapping", "socket", "history")  # a decoy port says nothing about the other evidence
NOBODY_NAMED = ("none", "ambiguous")
_HEAD = f"{'episode':16}{'sent':>5}{'ours':>5}{'known':>6}{'named':>6}{'right':>6}{'precis.':>8}"
_HEAD += f"{'recall':>7}{'program':>8}{'delay':>7}  evidence"


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return what one kind of NAT has shown."""
    found = by_episode(outcome.judged) | (
        {CROWDED.name: outcome.crowded} if outcome.crowded else {}
    )
    episodes = [e for e in (*playing(outcome.nat), CROWDED) if e.name in found]
    averaged = {e.name: found[e.name] for e in episodes if not e.beside}
    scores = [score(judged) for judged in averaged.values()]
    everything = [score(found[episode.name]) for episode in episodes]
    names, nobody = false_names(one for judged in averaged.values() for one in judged)
    result = {
        "nat": outcome.nat,
        "precision": macro(value.precision for value in scores),
        "recall": macro(value.recall for value in scores),
        "with_those_beside": {
            "precision": macro(value.precision for value in everything),
            "recall": macro(value.recall for value in everything),
        },
        "calibration": [bucket._asdict() for bucket in calibration(averaged)],
        "false_names": {"named": names, "packets": nobody},
        "decoys": decoys(outcome.decoys),
        "delay_seconds": waits(
            [delay for name in averaged for delay in outcome.delays.get(name, ())]
        ),
        "packets": {
            "sent": outcome.sent,
            "refused": outcome.refused,
            "rejected": outcome.rejected,
            "attributed": outcome.attributed,
            "undecided": len(outcome.lost),
        },
        "episodes": {
            e.name: row(e, found[e.name], outcome.delays.get(e.name, [])) for e in episodes
        },
    }
    return {**result, "failures": outcome.refusals + failures(result)}


def row(episode: Episode, judged: Sequence[Judged], delays: Sequence[float]) -> dict[str, Any]:
    """Return one episode's line."""
    return {
        **score(judged)._asdict(),
        "delay_seconds": waits(delays),
        "evidence": counts(one.said.evidence for one in judged),
        "wrong": wrong(judged),
        "unnamed": unnamed(judged),
        "beside": episode.beside,
        "short": short(episode, judged),
    }


def failures(found: dict[str, Any]) -> list[str]:
    """Return what is not as it must be."""
    texts = []
    precision, recall, packets = found["precision"], found["recall"], found["packets"]
    if precision is None or precision < PRECISION:
        texts.append(f"precision {part(precision)} is below {PRECISION}")
    if found["nat"] == "preserving" and (recall is None or recall < RECALL):
        texts.append(f"recall {part(recall)} is below {RECALL}")
    counted = {name: n for name, n in packets.items() if name != "undecided"}
    if len(set(counted.values())) > 1 or packets["undecided"]:
        texts.append(f"packets are missing: {packets}")
    return texts + [row["short"] for row in found["episodes"].values() if row["short"]]


def short(episode: Episode, judged: Sequence[Judged]) -> str:
    """Return how an episode falls short of what it must show, or nothing."""
    if episode.must == "all":
        missed = [one for one in judged if one.packet.truth.evidence and not one.right]
        what = "are not named rightly"
    else:
        missed = [one for one in judged if episode.must == "none" and one.named]
        what = "are named, and nobody at home is behind them"
    return f"{episode.name}: {len(missed)} of {len(judged)} packets {what}" if missed else ""


def decoys(by_evidence: dict[str, int]) -> dict[str, Any]:
    """Return the decisions for decoy ports: those that named somebody are false names."""
    named = {e: n for e, n in by_evidence.items() if e not in NOBODY_NAMED}
    return {
        "packets": sum(by_evidence.values()),
        "named": sum(named.values()),
        "named_by_port": sum(n for evidence, n in named.items() if evidence in BY_PORT),
        "by_evidence": by_evidence,
    }


def waits(delays: Sequence[float]) -> dict[str, Any]:
    """Return how long packets took to their name on /metrics."""
    median, p95 = (quantile(delays, q) if delays else None for q in (0.5, 0.95))
    return {"packets": len(delays), "median": median, "p95": p95}


def counts(words: Iterable[str]) -> dict[str, int]:
    """Return how often each word is there."""
    listed = sorted(words)
    return {word: listed.count(word) for word in dict.fromkeys(listed)}


def wrong(judged: Iterable[Judged]) -> dict[str, int]:
    """Return the wrong names, each with what was true."""
    return counts(
        f"{one.packet.transport} {one.packet.port}: {one.said.device}/{one.said.process or '?'}"
        f" by {one.said.evidence} ({one.said.confidence:.3f}); true: {true(one)}"
        for one in judged
        if one.named and not one.right
    )


def unnamed(judged: Iterable[Judged]) -> dict[str, int]:
    """Return what was not named although it could have been."""
    return counts(
        f"{one.packet.transport} {one.packet.port}: {one.said.evidence}, candidates"
        f" {', '.join(one.said.candidates) or 'none'}; true: {true(one)}"
        for one in judged
        if one.packet.truth.evidence and not one.named
    )


def true(one: Judged) -> str:
    """Return who it was."""
    truth = one.packet.truth
    return f"{truth.device}/{truth.program}" if truth.device else "nobody"


def table(found: dict[str, Any]) -> str:
    """Return one summary as text."""
    lines = [f"NAT: {found['nat']}", _HEAD]
    for name, one in found["episodes"].items():
        numbers = "".join(f"{one[key]:{n}}" for key, n in (("packets", 5), ("ours", 5)))
        numbers += "".join(f"{one[key]:6}" for key in ("known", "named", "right"))
        shares = f"{part(one['precision']):>8}{part(one['recall']):>7}{part(one['program']):>8}"
        median = one["delay_seconds"]["median"]
        delay = "-" if median is None else f"{median:.1f} s"
        kinds = ", ".join(f"{n} {word}" for word, n in one["evidence"].items())
        note = f" [beside: {one['beside']}]" if one["beside"] else ""
        lines.append(f"{name:16}{numbers}{shares}{delay:>7}  {kinds}{note}")
        lines += [f"    wrong {n} × {text}" for text, n in one["wrong"].items()]
        lines += [f"    unnamed {n} × {text}" for text, n in one["unnamed"].items()]
    return "\n".join([*lines, *totals(found)])


def totals(found: dict[str, Any]) -> list[str]:
    """Return the lines below the table."""
    decoy, names, delay = found["decoys"], found["false_names"], found["delay_seconds"]
    ours, known = (sum(one[key] for one in found["episodes"].values()) for key in ("ours", "known"))
    shares, all_shares = (
        f"precision {part(one['precision'])}, recall {part(one['recall'])}"
        for one in (found, found["with_those_beside"])
    )
    lines = [
        f"of {ours} packets behind which is a device of ours, {known} have evidence",
        f"episodes averaged: {shares} (with those beside: {all_shares})",
    ]
    lines += [
        f"called {b['stated']:.4f}: {part(b['right'])} right of {b['packets']} packets;"
        f" each episode weighing the same {part(b['right_by_episode'])}"
        for b in found["calibration"]
    ]
    lines.append(
        f"false names: {names['named']} of {names['packets']} packets that nobody brought about;"
        f" decoys named: {decoy['named_by_port']} of {decoy['packets']} by their port,"
        f" {decoy['named']} in all {decoy['by_evidence']}"
    )
    if delay["packets"]:
        times = f"median {delay['median']:.1f} s, 95 % within {delay['p95']:.1f} s"
        lines.append(f"packet → name on /metrics: {times} ({delay['packets']} packets)")
    return lines + [f"NOT AS IT MUST BE: {text}" for text in found["failures"]]


def part(value: float | None) -> str:
    """Return a share as text."""
    return "-" if value is None else f"{value:.3f}"
