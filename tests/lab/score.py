"""How good the attribution was: precision, recall, calibration, false names. Pure.

In: what the laboratory knows of each packet, what knockwatch decided, and which episodes count;
out: a score for each episode, and the averages in which each episode weighs the same, so that one
flood does not hide the rest. A name is right when the device is the true one and the program is the
true one or not told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from tests.lab.truth import Packet
from tests.lab.watch import Row

# Of stated confidence; on the ladder's scale the steps between dns, remote, socket, flow, mapping.
BUCKETS = ((0.85, 0.9), (0.9, 0.98), (0.98, 0.995), (0.995, 0.9995), (0.9995, 1.01))


class Judged(NamedTuple):
    """A packet and what was said of it."""

    packet: Packet
    said: Row

    @property
    def named(self) -> bool:
        return self.said.device != ""

    @property
    def right(self) -> bool:
        truth = self.packet.truth
        program = self.said.process in ("", truth.program)
        return self.named and self.said.device == truth.device and program


class Score(NamedTuple):
    """What became of one episode's packets; a share of nothing is None."""

    packets: int
    ours: int  # behind which is a device of the home
    known: int  # of them those with evidence
    named: int
    right: int
    precision: float | None
    recall: float | None
    program: float | None  # of the rightly named ones, those whose program was told


class Bucket(NamedTuple):
    """Decisions of about the same stated confidence."""

    low: float
    packets: int
    stated: float
    right: float  # share, each packet weighs the same
    right_by_episode: float  # share, each episode weighs the same


def judge(packets: Iterable[Packet], rows: Iterable[Row]) -> tuple[list[Judged], list[Packet]]:
    """Join packets with decisions, in the order of time; return also those without one."""
    said: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in rows:
        said[row.transport, row.remote_ip, row.port] += [row] * row.packets
    judged, lost = [], []
    for packet in sorted(packets, key=lambda packet: packet.sent):
        answers = said[packet.key]
        if answers:
            judged.append(Judged(packet, answers.pop(0)))
        else:
            lost.append(packet)
    return judged, lost


def by_episode(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    """Group by episode."""
    episodes: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        episodes[one.packet.episode].append(one)
    return dict(episodes)


def score(judged: Sequence[Judged]) -> Score:
    """Return the score of one episode's packets."""
    known = [one for one in judged if one.packet.truth.evidence]
    named = [one for one in judged if one.named]
    right = [one for one in judged if one.right]
    return Score(
        packets=len(judged),
        ours=sum(one.packet.truth.device != "" for one in judged),
        known=len(known),
        named=len(named),
        right=len(right),
        precision=share(sum(one.right for one in named), len(named)),
        recall=share(sum(one.right for one in known), len(known)),
        program=share(sum(one.said.process != "" for one in right), len(right)),
    )


def macro(scores: Iterable[float | None]) -> float | None:
    """Return the average of the episodes that have a share at all."""
    shares = [value for value in scores if value is not None]
    return fmean(shares) if shares else None


def calibration(episodes: Mapping[str, Sequence[Judged]]) -> list[Bucket]:
    """Return of the names given with about the same confidence how many were right."""
    found = []
    for low, high in BUCKETS:
        shares, inside = [], []
        for judged in episodes.values():
            named = [one for one in judged if one.named and low <= one.said.confidence < high]
            inside += named
            shares.append(share(sum(one.right for one in named), len(named)))
        average = macro(shares)
        if average is not None:
            stated = fmean(one.said.confidence for one in inside)
            right = sum(one.right for one in inside) / len(inside)
            found.append(Bucket(low, len(inside), stated, right, average))
    return found


def false_names(judged: Iterable[Judged]) -> tuple[int, int]:
    """Return of the packets behind which is nobody how many were named, and how many there are.

    That is what decoys claim to measure: a port that nobody chose has nobody behind it.
    """
    nobody = [one for one in judged if not one.packet.truth.device]
    return sum(one.named for one in nobody), len(nobody)


def share(part: int, whole: int) -> float | None:
    """Return a share, or None of nothing."""
    return part / whole if whole else None


def quantile(values: Sequence[float], q: float) -> float:
    """Return the smallest value that at least this part of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-q * len(ordered) // 1) - 1)]
