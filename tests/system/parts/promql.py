"""Which metrics an expression asks for, as Prometheus itself reads it."""

from collections.abc import Iterator
from typing import Any

from tests.system.parts import grafana
from tests.system.parts.prompast import Server


def metrics_in(expr: str, server: Server) -> set[str]:
    """Return the metrics that an expression selects. Raises for one that is no PromQL."""
    plain = grafana.interpolated(expr, grafana.builtin(60, grafana.Range(0, 3600)))
    answer = server.ask("parse_query", query=plain)
    if answer["status"] != "success":
        raise ValueError(f"{expr}: {answer['error']}")
    return set(selected(answer["data"]))


def selected(node: Any) -> Iterator[str]:
    """Yield the names of all selectors below a node of the syntax tree."""
    if isinstance(node, list):
        for child in node:
            yield from selected(child)
    elif isinstance(node, dict):
        if node.get("type") in ("vectorSelector", "matrixSelector"):
            yield from filter(None, [node["name"]])
            for matcher in node["matchers"]:  # {__name__=~"one|another"} names metrics too
                if matcher["name"] == "__name__":
                    yield from matcher["value"].split("|")
        for child in node.values():
            yield from selected(child)
