from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.knowledge import load

KNOWLEDGE: Any = load()


@pytest.mark.parametrize(
    ("process", "application"),
    [
        ("netsession_win.exe", "akamai_netsession"),
        ("NetSession_Win.EXE", "akamai_netsession"),
        ("netsession_win", "akamai_netsession"),
        ("svchost.exe (DoSvc)", "windows_delivery_optimization"),
        ("svchost.exe (dosvc)", "windows_delivery_optimization"),
        ("svchost (BITS, DoSvc)", "windows_delivery_optimization"),
        ("DoSvc", "windows_delivery_optimization"),
        ("svchost.exe (SomethingNew)", "windows_svchost"),
        ("svchost.exe", "windows_svchost"),
        ("transmission-da", "transmission"),  # cut by the kernel
        ("chrome.exe", "browser_quic"),
    ],
)
def test_a_process_is_found_however_the_system_prints_it(process, application):
    assert KNOWLEDGE.application(process).id == application


@pytest.mark.parametrize(
    "process",
    [
        "",
        ".exe",
        "java",
        "java.exe",
        "nginx",
        "(random name)",
        "(unknown program)",
        "netsession",
        "()",
    ],
)
def test_a_name_that_many_programs_share_is_nobodys(process):
    assert KNOWLEDGE.application(process) is None


def test_the_port_decides_between_the_roles_of_a_process():
    assert KNOWLEDGE.application("chrome.exe", "udp", 5353).id == "mdns_bonjour"
    assert KNOWLEDGE.application("chrome.exe", "udp", 50123).id == "browser_quic"


def test_every_application_is_found_by_its_own_names():
    for application in KNOWLEDGE.applications.values():
        names = application.process_names
        for name in (*names.windows, *names.macos, *names.linux):
            found = KNOWLEDGE.application(name)
            assert name.startswith("(") or found is not None, name


@given(st.text())
def test_any_text_is_a_process_name(text):
    KNOWLEDGE.application(text, "udp", 1)
