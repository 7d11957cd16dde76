"""Every metric, declared once.

Names, labels and meanings are the product's contract: renaming one is a breaking change. Counters
are counted by `metrics`; what is a state (devices, routers) is read at each scrape by `exposition`,
so that a silent host disappears.
"""

from exporter.metrics import ourselves
from exporter.metrics.ourselves import CANARY_FAILURES
from exporter.metrics.series import Declaration

COUNTERS: dict[str, Declaration] = {}
GAUGES: dict[str, Declaration] = dict(ourselves.GAUGES)


def _counter(name: str, meaning: str, *labels: str) -> Declaration:
    COUNTERS[name] = Declaration(name, "counter", meaning, labels)
    return COUNTERS[name]


def _gauge(name: str, meaning: str, *labels: str) -> Declaration:
    GAUGES[name] = Declaration(name, "gauge", meaning, labels)
    return GAUGES[name]


MESSAGES = _counter(
    "knockwatch_messages_total",
    "Messages that reached us, empty ones too, by what became of them.",
    *("router", "dialect", "outcome"),
)
DROPPED = _counter(
    "knockwatch_dropped_messages_total",
    "Messages that were lost or refused before they could be read.",
    *("listener", "reason"),
)
REJECTED = _counter(
    "knockwatch_rejected_packets_total",
    "Rejected packets that routers logged (routers limit their logs), repeats expanded.",
    *("router", "direction", "transport", "destination_port", "source_asn"),
)
BY_COUNTRY = _counter(
    "knockwatch_rejected_packets_by_country_total",
    "Rejected packets by the country in which the source's network is registered.",
    *("router", "transport", "source_country"),
)
ATTRIBUTED = _counter(
    "knockwatch_attributed_packets_total",
    "Rejected packets once it is decided whose they were; device and process empty for nobody.",
    *("router", "direction", "transport", "source_asn", "device", "process", "cause", "evidence"),
)
DECOYS = _counter(
    "knockwatch_attribution_decoys_total",
    "The same decisions made for a port that nobody chose: this home's rate of false names.",
    "evidence",
)
STATE_ERRORS = _counter(
    "knockwatch_state_errors_total",
    "Failed writes since the program started: the counters of `state` are shown as they were last "
    "stored and written again, rows of `evidence` are lost.",
    "database",
)
INTERNAL_ERRORS = _counter(
    "knockwatch_internal_errors_total",
    "Defects of this program that it survived, by what it was doing; its log has the details.",
    "task",
)
ROUTER_EVENTS = _counter(
    "knockwatch_router_events_total",
    "Events of routers other than rejected packets; `no_verdict` counts lines about a packet that "
    "do not say what became of it.",
    *("router", "event"),
)
PROCESS_BYTES = _counter(
    "knockwatch_process_network_bytes_total",
    "Bytes of the conversations of a program that was named behind rejected packets, where its "
    "host counts them.",
    *("device", "process"),
)
REPORTS = _counter(
    "knockwatch_reports_total",
    "Host reports and pasted socket lists received, by what became of them.",
    "outcome",
)
REVERSE_LOOKUPS = _counter(
    "knockwatch_reverse_lookups_total",
    "Questions to the LAN's resolver for the name of an address of the home, by what came of them.",
    "outcome",
)
OVERFLOW = _counter(
    "knockwatch_label_overflow_total",
    "Amounts counted under `other` because a label's budget, or a metric's cap, was used up.",
    *("metric", "label"),
)
NETWORK_INFO = _gauge(
    "knockwatch_network_info",
    "Name and kind of a source network, for joins and legends.",
    *("source_asn", "source_network", "kind"),
)
PROCESS_INFO = _gauge(
    "knockwatch_process_info",
    "The application that a process belongs to, and whether it needs care.",
    *("process", "application", "verdict"),
)
FIRST_SEEN = _gauge(
    "knockwatch_first_seen_timestamp_seconds",
    "When a program was first named behind rejected packets.",
    *("device", "process"),
)
ROUTER_EXPECTED = _gauge(
    "knockwatch_router_expected", "1 for each router that the configuration names.", "router"
)
ROUTER_LAST_MESSAGE = _gauge(
    "knockwatch_router_last_message_timestamp_seconds",
    "When the router's newest message reached us.",
    "router",
)
ROUTER_CLOCK_OFFSET = _gauge(
    "knockwatch_router_clock_offset_seconds",
    "The router's clock minus ours, by the stamps of its messages.",
    "router",
)
ROUTER_LOG_LIMITED = _gauge(
    "knockwatch_router_log_limited",
    "1 when the router's log is at a limit of its own, so that more was rejected than it says.",
    "router",
)
INPUT_LAG = _gauge(
    "knockwatch_input_lag_seconds",
    "How late the router's newest message came, by its stamp and what is known of its clock.",
    "router",
)
ROUTER_MASKED = _gauge(
    "knockwatch_router_source_masked",
    "1 when the sender's address is our own gateway's, so that the header must name the router.",
    "router",
)
DEVICE_INFO = _gauge("knockwatch_device_info", "A host that reports.", "device", "os", "agent")
DEVICE_LAST_REPORT = _gauge(
    "knockwatch_device_last_report_timestamp_seconds",
    "When the host's newest report was made.",
    "device",
)
DEVICE_INTERVAL = _gauge(
    "knockwatch_device_report_interval_seconds", "How often the host reports.", "device"
)
DEVICE_SOCKETS = _gauge(
    "knockwatch_device_listening_sockets",
    "UDP sockets and listening TCP sockets of the host.",
    "device",
)
DEVICE_ACCESS_POINT = _gauge(
    "knockwatch_device_access_point",
    "1 for the access point that the device is on, by its own word or by the access point's log, "
    "whichever is fresher; a BSSID where nobody names it.",
    *("device", "access_point"),
)
DEVICE_BYTES = Declaration(
    "knockwatch_device_network_bytes_total",
    "counter",
    "Bytes through a network interface of the host since it started.",
    ("device", "interface", "direction"),
)
OMITTED = _gauge(
    "knockwatch_omitted",
    "Routers, devices and interfaces (at most 32 of a device) that the gauges leave out.",
    "label",
)
WAITING_PACKETS = _gauge(
    "knockwatch_undecided_packets", "Rejected packets that wait for the hosts' reports."
)
SCRAPE_SECONDS = _gauge(
    "knockwatch_scrape_duration_seconds", "How long the previous scrape took to answer."
)
BUILD_INFO = _gauge("knockwatch_build_info", "The version that runs.", "version", "python")
COUNTERS[CANARY_FAILURES.name] = CANARY_FAILURES
ALL = (*COUNTERS.values(), DEVICE_BYTES, *GAUGES.values())
