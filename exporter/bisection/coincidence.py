"""Whether packets come and go with a device: the bisection as statistics.

In go the packets of each minute, and for each device whether it was there; out come the devices,
ranked, and what happened when one of them was switched off. All of it looks at changes only, some
minutes before and after a device came or went, never at day and night, in which half a home goes.

How surprising it is that packets start just then is asked of the packets themselves: how often do
they start or stop like that at any other minute? Floods that come by themselves accuse nobody. A
score is the natural logarithm of the odds against "independent of it", which starts with
`_INDEPENDENT` to one for each device that is asked about.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Literal, NamedTuple

import msgspec

from exporter.bisection.attendance import ABSENT, PRESENT, UNKNOWN

WINDOWS = (5, 10, 20, 45)  # minutes before and after a change; the shortest with enough packets
ENOUGH = 12  # packets in a window, on the average
LEAST = 8  # packets in both windows, or there were as good as none
_FOLLOWS, _OPPOSES = 0.8, 0.6  # share of the packets that came while the device was there
_INDEPENDENT = 100.0
_MOST = 30.0  # a score for anything, and far from overflow

_Outcome = Literal["follows", "partly", "opposes", "silent"]
_Kind = Literal["came", "went"]
# What is to be expected of a guilty device. Its program is not always started, and partners go on
# for a while; what its connections let in before is refused from then on.
_IF_GUILTY: dict[_Kind, dict[_Outcome, float]] = {
    "came": {"follows": 0.6, "partly": 0.1, "opposes": 0.1, "silent": 0.2},
    "went": {"follows": 0.5, "partly": 0.1, "opposes": 0.2, "silent": 0.2},
}

AT_LEAST = 2  # changes that the packets followed, before anybody is suspected
SUSPECTED = 0.3  # confidence; two that always go together have more
CAP = 0.84  # statistics alone never name anybody: that takes 0.85
RECENT = 120  # minutes; what was switched off before is no news
_AT_ONCE = 2  # minutes


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """What the statistics say of one device."""

    device: str
    score: float
    confidence: float  # 0 to `CAP`
    followed: int  # changes that the packets followed
    changes: int  # changes around which there were any

    @property
    def is_suspect(self) -> bool:
        """Whether there is enough to say so."""
        return self.followed >= AT_LEAST and self.confidence >= SUSPECTED


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What happened when a device went off."""

    device: str
    minutes: int  # in which it was off from the beginning to the end
    packets: int  # in them
    before: float  # packets a minute
    is_over: bool  # it is on again
    enough: bool  # it was off for long enough to say something

    @property
    def stopped(self) -> bool:
        """Whether the packets did, too."""
        return self.packets <= (1 - _FOLLOWS) * self.before * self.minutes


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """All that a day of packets says of devices."""

    leads: list[Lead]  # the best first
    trials: list[Trial]  # the newest first
    window: int  # minutes for which something has to be off to tell


class _Change(NamedTuple):
    device: str
    minute: int  # the first of the new state
    kind: _Kind


def judge(packets: Sequence[int], listened: bytes, devices: Mapping[str, bytes]) -> Judgement:
    """Judge devices by how packets follow them.

    A minute is an element of each: `packets`, `listened` (1 where we did), and a device's states.
    """
    day = _Day(packets, listened)
    changes = list(_changes(devices))
    found = [trial for trial in (_trial(day, c, devices[c.device]) for c in changes) if trial]
    found.sort(key=lambda one: (-one[0], one[1].device))
    return Judgement(
        leads=_leads(day, changes, devices),
        trials=[trial for _, trial in found],
        window=day.window,
    )


class _Day:
    """The packets of a day, and how they usually change."""

    def __init__(self, packets: Sequence[int], listened: bytes) -> None:
        self.minutes = len(packets)
        self._sums = [0, *accumulate(packets)]
        self._heard = [0, *accumulate(listened)]
        mean = self._sums[-1] / max(self._heard[-1], 1)
        self.window = next((w for w in WINDOWS if mean * w >= ENOUGH), WINDOWS[-1])
        self.scores = {kind: self._scores(kind) for kind in _IF_GUILTY}

    def between(self, start: int, end: int) -> int:
        """Packets from one minute up to another."""
        return self._sums[end] - self._sums[start]

    def is_heard(self, start: int, end: int) -> bool:
        """Whether there is all of that time, and we listened."""
        if start < 0 or end > self.minutes:
            return False
        return self._heard[end] - self._heard[start] == end - start

    def outcome(self, minute: int, kind: _Kind) -> _Outcome | None:
        """What packets did when a device came or went; None where we did not hear all of it."""
        start, end = minute - 1 - self.window, minute + 1 + self.window
        if not self.is_heard(start, end):
            return None
        before, after = self.between(start, minute - 1), self.between(minute + 1, end)
        if before + after < LEAST:
            return "silent"
        share = (after if kind == "came" else before) / (before + after)
        return "follows" if share >= _FOLLOWS else "partly" if share >= _OPPOSES else "opposes"

    def _scores(self, kind: _Kind) -> dict[_Outcome, float]:
        """What an outcome adds to a device's score, by how often it comes at any minute.

        Neighbouring minutes say the same: one window more of each keeps few from being sure.
        """
        told = Counter(self.outcome(minute, kind) for minute in range(self.minutes))
        del told[None]
        total = told.total() + len(_IF_GUILTY[kind]) * self.window
        return {
            outcome: math.log(chance * total / (told[outcome] + self.window))
            for outcome, chance in _IF_GUILTY[kind].items()
        }


def _leads(day: _Day, changes: list[_Change], devices: Mapping[str, bytes]) -> list[Lead]:
    outcomes: dict[str, list[_Outcome]] = {device: [] for device in devices}
    scores = dict.fromkeys(devices, 0.0)
    known = sum(any(states) for states in devices.values())
    for device, minute, kind in _apart(changes, known):
        outcome = day.outcome(minute, kind)
        if outcome is not None and _is_clear(devices[device], minute, day.window):
            outcomes[device].append(outcome)
            scores[device] += day.scores[kind][outcome]
    odds = {device: math.exp(min(score, _MOST)) for device, score in scores.items()}
    all_odds = sum(odds.values()) + _INDEPENDENT * len(devices)
    ranked = [
        Lead(
            device=device,
            score=scores[device],
            confidence=min(odds[device] / all_odds, CAP),
            followed=outcomes[device].count("follows"),
            changes=len(outcomes[device]) - outcomes[device].count("silent"),
        )
        for device in devices
    ]
    return sorted(ranked, key=lambda lead: (-lead.score, lead.device))


def _trial(day: _Day, change: _Change, states: bytes) -> tuple[int, Trial] | None:
    """What happened when a device went, if it rained before, and when that was."""
    device, minute, kind = change
    if kind != "went" or minute < day.minutes - RECENT:
        return None
    back = states.find(bytes([PRESENT]), minute)
    end = day.minutes if back < 0 else back
    start = minute - 1 - day.window
    before = day.between(max(start, 0), minute - 1)
    if not day.is_heard(start, end) or UNKNOWN in states[minute:end] or before < LEAST:
        return None
    last = day.minutes if back < 0 else end - 1
    first = min(minute + 1, last)
    trial = Trial(
        device=device,
        minutes=last - first,
        packets=day.between(first, last),
        before=before / day.window,
        is_over=back >= 0,
        enough=end - minute > day.window,
    )
    return (minute, trial) if trial.enough or not trial.is_over else None


def _changes(devices: Mapping[str, bytes]) -> Iterator[_Change]:
    """Yield when devices came and went; what is unknown in between is no change."""
    kinds: tuple[tuple[_Kind, bytes], ...] = (
        ("came", bytes([ABSENT, PRESENT])),
        ("went", bytes([PRESENT, ABSENT])),
    )
    for device, states in devices.items():
        for kind, sign in kinds:
            minute = states.find(sign)
            while minute >= 0:
                yield _Change(device, minute + 1, kind)
                minute = states.find(sign, minute + 1)


def _apart(changes: list[_Change], known: int) -> Iterator[_Change]:
    """Leave out when most of the home came or went: an access point restarted, or all went out.

    Nobody can be told from the others then.
    """
    at = Counter(change.minute for change in changes)
    crowded = {
        minute
        for minute in at
        if sum(at[minute + near] for near in range(-_AT_ONCE, _AT_ONCE + 1)) > max(2, known // 2)
    }
    return (change for change in changes if change.minute not in crowded)


def _is_clear(states: bytes, minute: int, window: int) -> bool:
    """Whether a device did nothing else around a change."""
    before = states[max(minute - 1 - window, 0) : minute]
    after = states[minute : minute + 1 + window]
    return before.count(before[-1:]) == len(before) and after.count(after[:1]) == len(after)
