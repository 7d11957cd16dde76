"""Rules for all tests: with CI=true nothing may skip, and a slow machine fails no property."""

import os
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import settings

from exporter.enrichment import RangeTable, embedded

settings.register_profile("patient", parent=settings(), deadline=None)
settings.register_profile("quick", parent=settings.get_profile("patient"), max_examples=15)
settings.load_profile("patient")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="session", autouse=True)
def embedded_networks() -> RangeTable:
    """Hold the table that comes with the program: to unpack it takes longer than most tests."""
    return embedded()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one."""
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped module into a failed one."""
    return refuse_skip((yield))


def refuse_skip(report: Report) -> Report:
    """Fail what skipped where all parts have to be there; an expected failure is no skip."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"nothing may skip with CI=true: {reason}"
    return report
