"""Rejected packets and their decisions to test with: the founding case, some facts replaced."""

from typing import Any

from exporter.events import Attribution, Cause, Decision, Network, Rejection

NOW = 1_700_000_000.0
AKAMAI = Network("AS20940", "Akamai", "cdn", "NL")


def rejection(**facts: Any) -> Rejection:
    """Return the founding packet; `source` is the network of the other side too."""
    source = facts.pop("source", AKAMAI)
    known: dict[str, Any] = {
        "received": NOW,
        "router": "gate",
        "direction": "inbound",
        "transport": "udp",
        "remote_ip": "198.51.100.7",
        "remote_port": 3478,
        "our_ip": "203.0.113.9",
        "our_port": 51413,
        "destination_port": facts.get("our_port", 51413),
        "source": source,
        "remote": source,
        "inside": False,
    }
    return Rejection(**known | facts)


def decision(
    packets: Rejection | None = None,
    *,
    attribution: Attribution | None = None,
    cause: Cause | None = None,
    last: float | None = None,
    **named: Any,
) -> Decision:
    """Return a decision; `named` are facts of its attribution, nobody's when there are none."""
    packets = packets or rejection()
    return Decision(
        rejection=packets,
        attribution=attribution or Attribution(**named),
        cause=cause or Cause(name="unknown", verdict="watch", confidence=0.0),
        last=packets.received if last is None else last,
    )


def named(**facts: Any) -> Attribution:
    """Return the attribution to the founding program."""
    known: dict[str, Any] = {
        "device": "ANNA-PC",
        "process": "netsession_win.exe",
        "evidence": "socket",
        "confidence": 0.99,
    }
    return Attribution(**known | facts)
