"""What to switch off, move or wait for next, to find out whose packets are."""

from typing import Literal

from exporter.bisection.coincidence import Judgement, Lead

MOST_OFF = 15  # devices; nobody switches off more, to see
_CLOSE = 1.0  # scores that differ by less are as good as equal

# What to do next. `look_again`: something is off, and the time is not over; `switch_on`: packets
# stopped when it went off; `halves`: many devices, of which half are to be switched off; `others`:
# none of those that are known is there; `nobody_known`: of no device it is known when it is there.
Step = Literal[
    "wait", "look_again", "switch_on", "switch_off", "move", "halves", "others", "nobody_known"
]


def next_step(
    judged: Judgement, present: list[Lead], *, raining: bool
) -> tuple[Step, tuple[str, ...]]:
    """What tells most, next."""
    off = [trial for trial in judged.trials if not trial.is_over]
    waiting = tuple(trial.device for trial in off if trial.minutes and not trial.enough)
    if waiting:
        return "look_again", waiting
    stopped = tuple(trial.device for trial in off if trial.stopped)
    if stopped:
        return "switch_on", stopped
    if not raining:
        return "wait", ()
    if not judged.leads:
        return "nobody_known", ()
    likely = [lead for lead in present if lead.score > max(present[0].score, 0.0) - _CLOSE]
    if not likely:
        return "others", ()
    half = tuple(lead.device for lead in likely[: max(1, len(likely) // 2)])
    if len(half) > MOST_OFF:
        return "nobody_known", ()
    return ("switch_off" if len(half) == 1 else "halves"), half
