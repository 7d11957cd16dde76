"""What lives as long as Prometheus keeps it names only programs behind rejected packets."""

import asyncio

from tests.system.parts.founding import DEVICE, PROCESS, flood

DIARY = "diary.exe"


def test_a_program_that_nobody_knocked_on_is_in_no_series(home):
    home.reports("ANNA-PC", 6881, DIARY)
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(20))
    home.decides()
    exposition = home.client().get("/metrics").text
    assert PROCESS in exposition
    assert DIARY not in exposition


def test_a_program_that_nobody_knocked_on_is_in_no_file(home):
    home.reports("ANNA-PC", 6881, DIARY)
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(20))
    home.decides()
    home.client().get("/metrics")  # stores what it shows
    asyncio.run(home.service.write_evidence())
    kept = "\n".join((repr(home.state.load()), *home.database.iterdump()))
    assert kept.count(PROCESS) > 2  # as a counter, in decisions, and as a socket
    assert DIARY not in kept
