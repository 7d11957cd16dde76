"""What the knowledge says of a packet's ports, flags and network: for whoever checks the steps."""

from exporter.events import CauseName, Rejection
from exporter.explanation.quantities import ports
from exporter.explanation.words import Language, say
from exporter.knowledge import Knowledge

_FLAGS = {"S": "SYN", "F": "FIN", "R": "RST", "A": "ACK", "P": "PSH", "U": "URG"}
_TELLING = ("late_reply", "unknown")  # causes of which the kind of network says something


def background(
    packets: Rejection, cause: CauseName, knowledge: Knowledge, language: Language
) -> tuple[str, ...]:
    """Return a sentence for each: the port it was sent to, the one it came from, flags, network."""
    if packets.direction == "local":
        return ()
    transport, told = packets.transport, []
    to = packets.destination_port
    if to is not None and (target := knowledge.port(transport, to)):
        text = {"name": target.called(language), "why": getattr(target.why, language)}
        told.append(say(language, "step.to_port", port=ports(transport, (to,), language), **text))
    source = packets.remote_port if packets.direction == "inbound" else None
    if source is not None and (origin := knowledge.source_port(transport, source)):
        text = {"name": origin.called(language), "why": getattr(origin.why, language)}
        port = ports(transport, (source,), language)
        told.append(say(language, "step.from_port", port=port, **text))
    if transport == "tcp" and packets.signal:
        flags = say(language, "comma").join(_FLAGS[letter] for letter in packets.signal)
        told.append(say(language, "step.flags", flags=flags))
    if kind := knowledge.networks.kinds.get(packets.remote.kind):
        text = {"kind": getattr(kind.label, language), "advice": getattr(kind.advice, language)}
        key = "step.kind.advice" if cause in _TELLING else "step.kind"
        told.append(say(language, key, **text))
    return tuple(told)
