"""PromQL that several panels share: joins with names, ranks, and the situation of the home.

An empty label is an absent one. So whatever stands in a legend is written into a label of its own,
with words for nobody, and the labels that links need stay as they are.
"""

from dashboards.panels import Variable
from dashboards.words import Words

UP = 'max(up{job="knockwatch"} == 1)'  # nothing at all while the exporter does not answer
SILENT_SECONDS = 3600  # without a line, after which nothing is known about now: as on the page
# Somebody else's alerts in the same Prometheus have no topic.
FIRING = 'ALERTS{alertstate="firing",topic!="",severity="%s"}'

# A flood that began as a spike is told once.
SPIKE = 'ALERTS{alertstate="firing",alertname="RejectionSpike"}'
FLOOD = 'ALERTS{alertstate="firing",alertname="RejectionFlood"}'


def page_variable() -> Variable:
    """Return the hidden variable with the address of knockwatch's page: the Watchdog carries it."""
    query = 'label_values(ALERTS{alertname="Watchdog"}, page_url)'
    return Variable(name="page", query=query, hide=2)


def or_zero(expr: str) -> str:
    """Return a value that is 0, not absent, where nothing was counted and the exporter answers."""
    return f"{expr} or 0 * {UP}"


def label(expr: str, name: str, text: str, source: str = "", pattern: str = "") -> str:
    """Return the series with a label set to `text`, where `source` matches the whole `pattern`."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'label_replace({expr}, "{name}", "{quoted}", "{source}", "{pattern}")'


def with_network(expr: str, words: Words) -> str:
    """Return series by `source_asn` with a label `network`: its name, else what is known."""
    info = 'max by (source_asn, source_network) (knockwatch_network_info{source_network!=""})'
    known = (
        f"({expr}) * on (source_asn) group_left (source_network) topk by (source_asn) (1, {info})"
    )
    rest = f"({expr}) unless on (source_asn) {info}"
    named = label(known, "network", "$1", "source_network", "(.*)")
    unnamed = label(rest, "network", "$1", "source_asn", "(.*)")
    for asn, text in words.values("source_asn").items():
        unnamed = label(unnamed, "network", text, "source_asn", asn)
    return f"{named} or {unnamed}"


def with_application(expr: str) -> str:
    """Return series by `process` with a label `program`: the application too, where it is known."""
    info = 'topk by (process) (1, knockwatch_process_info{application!=""})'
    known = f"({expr}) * on (process) group_left (application, verdict) {info}"
    named = f'label_join({known}, "program", " · ", "application", "process")'
    unnamed = label(f"({expr}) unless on (process) {info}", "program", "$1", "process", "(.*)")
    return f"{named} or {unnamed}"


def ranked(value: str, rank: str, by: str, count: int) -> list[str]:
    """Return one query for each of the `count` largest by `rank`, and one for all the others.

    So each has a colour of its own: Grafana's palettes are not made for the colour-blind. What is
    equal in rank may change places.
    """
    best = f"({value}) and on ({by}) topk(1, {rank})"
    next_best = [
        f"({value}) and on ({by}) (topk({k}, {rank}) unless topk({k - 1}, {rank}))"
        for k in range(2, count + 1)
    ]
    return [best, *next_best, f"sum(({value}) unless on ({by}) topk({count}, {rank}))"]


def situation() -> str:
    """Return what there is to say about the home, one series each; the largest value is worst.

    0 quiet, 1 no router yet, 2 no line for an hour, 3 look, 4 trouble, 5 no data. Labels: `who`,
    `what` and `do` (both `alert/severity`, for value mappings), `board` (where more is to be seen).
    """
    heard = "max(last_over_time(knockwatch_router_last_message_timestamp_seconds[1h]))"
    ever = "absent(knockwatch_messages_total)"
    silent = f"{UP} unless on () (time() - {heard} <= {SILENT_SECONDS}) unless on () {ever}"
    waiting = f"{ever} and on () {UP}"
    critical, warning = (
        f"({FIRING % level} unless ({SPIKE} and on (device, severity) {FLOOD}))"
        for level in ("critical", "warning")
    )
    alerts = f"{critical} or {warning}"
    quiet = f"{UP} unless on () ({alerts}) unless on () ({silent}) unless on () ({waiting})"
    told = " or ".join(
        [
            _as('5 * absent(up{job="knockwatch"} == 1)', "ExporterDown", "critical", "knockwatch"),
            f"4 * {critical}",
            f"3 * {warning}",
            _as(f"2 * ({silent})", "AllSilent", "wall", "router"),
            _as(f"1 * ({waiting})", "NoRouterYet", "wall", "router"),
            _as(f"0 * ({quiet})", "Quiet", "wall", "quiet"),
        ]
    )
    joined = f'label_join({told}, "what", "/", "alertname", "severity")'
    joined = label(joined, "do", "$1", "what", "(.*)")
    for name, text, source, pattern in (
        ("who", "?", "", ""),
        ("who", "knockwatch", "topic", "knockwatch"),
        ("who", "–", "topic", "quiet"),
        ("who", "$1", "router", "(.+)"),
        ("who", "$1", "device", "(.+)"),
        ("board", "network", "", ""),
        ("board", "pipeline", "topic", "knockwatch"),
        ("board", "routers", "topic", "router"),
        ("board", "devices", "device", "(.+)"),
    ):
        joined = label(joined, name, text, source, pattern)
    return f"max by (who, what, do, board) ({joined})"


def _as(expr: str, alert: str, severity: str, topic: str) -> str:
    """Return a state of the wall as if it were an alert."""
    named = label(label(expr, "alertname", alert), "severity", severity)
    return label(named, "topic", topic)
