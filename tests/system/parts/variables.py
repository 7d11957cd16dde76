"""A dashboard's variables, resolved as Grafana does it: each query asked, the saved choice kept.

What a query with several values becomes follows the Prometheus data source: values are escaped for
a regular expression and joined by `|`; "All" is all of them, or the variable's own `allValue`.
"""

import re
from typing import Any, NamedTuple

from tests.system.parts.grafana import Range, builtin, interpolated, shown_range
from tests.system.parts.prompast import Server

ALL = "$__all"
LABEL_VALUES = re.compile(r"label_values\(\s*(?:(?P<series>.+),)?\s*(?P<label>\w+)\s*\)", re.DOTALL)
QUERY_RESULT = re.compile(r"query_result\((?P<query>.+)\)", re.DOTALL)
SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}\"']")

Json = dict[str, Any]


class Chosen(NamedTuple):
    """One variable: what queries get, what people read, and what there was to choose from."""

    query: str
    text: str
    options: tuple[str, ...] = ()


def resolved(dashboard: Json, server: Server, now: float) -> dict[str, Chosen]:
    """Each variable's value, in the order in which they depend on each other."""
    shown = shown_range(dashboard, now)
    found: dict[str, Chosen] = {}
    for variable in dashboard.get("templating", {}).get("list", ()):
        queries = {name: chosen.query for name, chosen in found.items()}
        found[variable["name"]] = choice(variable, options(variable, server, shown, queries))
    return found


def options(
    variable: Json, server: Server, shown: Range, values: dict[str, str]
) -> tuple[str, ...]:
    """What there is to choose from."""
    if variable["type"] != "query":
        return tuple(text.strip() for text in str(variable.get("query") or "").split(",") if text)
    query = variable["query"]
    text = query["query"] if isinstance(query, dict) else query
    text = interpolated(text, values | builtin(60, shown))
    found = sorted(set(asked(text, server, shown)))
    return tuple(filtered(found, variable.get("regex") or ""))


def asked(query: str, server: Server, shown: Range) -> list[str]:
    """Ask what the definition says."""
    if match := LABEL_VALUES.fullmatch(query.strip()):
        match_series = {"match[]": match["series"].strip()} if match["series"] else {}
        when = {"start": f"{shown.start:.3f}", "end": f"{shown.end:.3f}"}
        answer = server.ask(f"label/{match['label']}/values", **match_series, **when)
        values: list[str] = answered(query, answer)
        return values
    if match := QUERY_RESULT.fullmatch(query.strip()):
        answer = server.ask("query", query=match["query"], time=f"{shown.end:.3f}")
        return [str(series) for series in answered(query, answer)["result"]]
    raise ValueError(f"a variable's query that is not understood: {query}")


def answered(query: str, answer: Json) -> Any:
    """The answer's data. Raises for an error."""
    if answer["status"] != "success":
        raise ValueError(f"{query}: {answer['error']}")
    return answer["data"]


def filtered(values: list[str], regex: str) -> list[str]:
    """Those that match the variable's regular expression, or what its first group holds."""
    if not regex:
        return values
    pattern = re.compile(regex.strip("/"))
    matches = (pattern.search(value) for value in values)
    return [match[1] if match.groups() else match[0] for match in matches if match]


def choice(variable: Json, found: tuple[str, ...]) -> Chosen:
    """The saved choice, or else the first option."""
    several = bool(variable.get("multi") or variable.get("includeAll"))
    if variable["type"] in ("constant", "textbox"):
        value = str(variable.get("query") or variable.get("current", {}).get("value") or "")
        return Chosen(value, value, found)
    saved = variable.get("current", {}).get("value")
    chosen = [str(value) for value in (saved if isinstance(saved, list) else [saved]) if value]
    if ALL in chosen or (not chosen and variable.get("includeAll")):
        everything = variable.get("allValue") or joined(found)
        return Chosen(everything, "All", found)
    chosen = [value for value in chosen if value in found] or list(found[:1])
    query = joined(tuple(chosen)) if several else "".join(chosen)
    return Chosen(query, " + ".join(chosen), found)


def joined(values: tuple[str, ...]) -> str:
    """Several values as one regular expression, inside a PromQL string."""
    escaped = [SPECIAL.sub(lambda match: "\\\\" + match[0], value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
