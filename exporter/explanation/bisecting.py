"""Whom packets follow that nobody is named for, and what to switch off to find out, in words."""

from exporter.bisection import Found
from exporter.bisection.coincidence import Lead, Trial
from exporter.events import Reason
from exporter.explanation.quantities import confidence, duration, number
from exporter.explanation.reasons import reason
from exporter.explanation.words import Language, say


def follows(lead: Lead) -> Reason:
    """Return why a device is suspected."""
    return Reason(
        "comes_and_goes",
        {"device": lead.device, "times": lead.followed, "changes": lead.changes},
    )


def findings(found: Found, language: Language) -> tuple[str, ...]:
    """Return what is suspected, and what happened when something was off."""
    suspected = (_suspect(lead, language) for lead in found.suspects)
    return (*suspected, *(_trial(trial, language) for trial in found.trials))


def next_step(found: Found, language: Language) -> str:
    """Return what to do to find out; "" when there is nothing to do for now."""
    if found.step == "wait":
        return ""
    return say(
        language,
        f"bisect.next.{found.step}",
        devices=say(language, "comma").join(found.devices),
        minutes=duration(60 * found.minutes, language),
    )


def _suspect(lead: Lead, language: Language) -> str:
    return say(
        language,
        "bisect.suspect",
        device=lead.device,
        confidence=confidence(lead.confidence, language),
        reason=reason(follows(lead), language),
    )


def _trial(trial: Trial, language: Language) -> str:
    when = "was" if trial.is_over else "is"
    ended = "open" if not trial.enough else "stopped" if trial.stopped else "goes_on"
    keys = (f"bisect.packets.{trial.packets}", "bisect.packets")
    return say(
        language,
        f"bisect.{when}_off.{ended}",
        device=trial.device,
        packets=say(language, *keys, packets=number(trial.packets)),
        minutes=duration(60 * trial.minutes, language),
        before=number(round(trial.before)) if trial.before >= 10 else f"{trial.before:.1f}",
    )
