"""Metrics about the program itself: whether it was reloaded, and whether its canary sings."""

from exporter.metrics.series import Declaration

RELOAD_SUCCESSFUL = Declaration(
    "knockwatch_config_last_reload_successful",
    "gauge",
    "1 when the configuration in force is the one that was asked for last, at the start or since.",
    (),
)
RELOAD_SUCCESS_TIME = Declaration(
    "knockwatch_config_last_reload_success_timestamp_seconds",
    "gauge",
    "When the configuration in force was read.",
    (),
)
CANARY_SUCCESS_TIME = Declaration(
    "knockwatch_canary_last_success_timestamp_seconds",
    "gauge",
    "When a line of our own, sent through the real inputs, was last traced to its program in time.",
    (),
)
CANARY_FAILURES = Declaration(
    "knockwatch_canary_failures_total",
    "counter",
    "Lines of our own that were not traced to their program in time, by the step that failed.",
    ("step",),
)
GAUGES = {one.name: one for one in (RELOAD_SUCCESSFUL, RELOAD_SUCCESS_TIME, CANARY_SUCCESS_TIME)}
