"""What it is, whose it is, why it came and whether to worry: a few short sentences."""

from exporter.explanation.names import NO_ORGANISATION, any_of, network, who
from exporter.explanation.quantities import number, packets, ports
from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say

_INHERITED = frozenset(["address_changed", "reconnected"])  # reasons: the line is new
_GONE = frozenset(["program_gone", "forward_dead"])  # reasons: a program was there, and is not now
_TALKED = ("flow", "remote", "dns")  # evidence that a device of ours spoke first


def summary(subject: Subject, language: Language) -> str:
    """Return the explanation, the most important first."""
    words = _words(subject, language)
    sentences = (
        say(language, *_lead(subject), **words),
        _program(subject, language),
        say(language, *_why(subject), **words),
        say(language, *_nobody(subject)) if subject.nobody_found else "",
        say(language, *_closing(subject)),
        say(language, "limited") if subject.at_least and subject.period_seconds is None else "",
    )
    return say(language, "space").join(filter(None, sentences))


def _words(subject: Subject, language: Language) -> dict[str, str]:
    one = subject.packets == 1 and (subject.period_seconds is None or subject.total <= 1)
    return {
        "packets": packets(subject, language),
        "was": say(language, "was" if one else "were"),
        "who": who(subject.device, subject.process, language),
        "device": subject.device,
        "devices": any_of(subject.candidates or ("",), language),
        "application": subject.application.called(language) if subject.application else "",
        "network": _other_side(subject, language),
        "ports": ports(subject.transport, subject.ports, language),
        "rate": number(subject.rate),
    }


def _other_side(subject: Subject, language: Language) -> str:
    """The network that sent most, and how many more; of strangers more than of acquaintances."""
    strangers = subject.role in ("nobody", "target")
    name = network(subject.network, language, country=strangers)
    if subject.networks > 1:
        others = subject.networks - 1
        keys = (f"networks.{others}", "networks")
        name = say(language, *keys, network=name, others=number(others))
    if strangers and subject.sources > 1:
        alone = subject.network.asn if subject.networks == 1 else ""
        keys = (f"networks.sources.{alone}", "networks.sources")
        return say(language, *keys, network=name, sources=number(subject.sources))
    if subject.networks == 1 and subject.remote_ip and subject.network.asn in NO_ORGANISATION:
        return say(language, "network.address", network=name, address=subject.remote_ip)
    return name


def _lead(subject: Subject) -> tuple[str, ...]:
    """Whose it is, or where it came from."""
    role = f"lead.{subject.role}"
    match subject.role:
        case "owner" if subject.process:
            return (f"{role}.application" if subject.application else f"{role}.unlisted",)
        case "target" if subject.ports:
            return (f"{role}.ports",)
        case "sender" | "local" if subject.device:
            return (f"{role}.device",)
        case "ambiguous" if subject.candidates:
            return (f"{role}.devices",)
        case _:
            return (role,)


def _program(subject: Subject, language: Language) -> str:
    """What the program is for: the first sentence that the knowledge has about it."""
    if subject.application is None or not subject.process:
        return ""
    text = str(getattr(subject.application.summary, language))
    stop = say(language, "stop")
    first = text.split(stop, maxsplit=1)[0].removesuffix(stop.strip()) + stop.strip()
    if subject.role == "owner":
        return first
    name = subject.application.called(language)
    return say(language, "program", process=subject.process, application=name)


def _why(subject: Subject) -> tuple[str, ...]:
    """The most exact sentence: by what is known of it, by its role, by the cause."""
    cause = f"why.{subject.cause}"
    keys = [f"{cause}.{subject.role}", cause]
    if subject.role == "owner" and subject.evidence in _TALKED:
        keys.insert(0, f"{cause}.talked")
    given = {reason.code for reason in subject.cause_reasons}
    if subject.role == "nobody" and given & _INHERITED:
        keys.insert(0, f"{cause}.inherited")
    if subject.cause == "echo" and subject.role == "target" and given & _GONE:
        keys.insert(0, f"{cause}.gone")
    if "botnet_port" in given:
        keys.insert(0, f"{cause}.infected")
    if "discovery" in given:
        keys.insert(0, f"{cause}.discovery")
    return tuple(keys)


def _nobody(subject: Subject) -> tuple[str, ...]:
    if subject.nobody_reports:
        return ("nobody.no_agents",)
    if subject.cause == "p2p":
        return ("nobody.untellable",)
    asked = any(reason.code == "no_match" for reason in subject.reasons)
    return ("nobody.no_match",) if asked else ("nobody",)


def _closing(subject: Subject) -> tuple[str, ...]:
    verdict = f"closing.{subject.verdict}"
    unlisted = subject.role == "owner" and subject.process and subject.application is None
    cause = f"{verdict}.{subject.cause}"
    exact = (f"{cause}.unlisted",) if unlisted else ()
    heavy = (f"{verdict}.heavy",) if subject.is_heavy else ()
    return (*exact, *heavy, f"{cause}.{subject.role}", cause, verdict)
