"""From a host's report to `process_network_bytes_total`: whole ones, heartbeats, and late ones."""

from tests.test_pipeline import FOUNDING, pipeline, rows, send
from tests.world import NOW, flow, report, socket

PC = "ANNA-PC"
COUNTER = "process_network_bytes_total"


def conversation(count):
    return flow(remote="192.0.2.99", bytes=count)


def test_bytes_of_a_program_are_counted_once_however_they_are_told():
    line_pipe = pipeline()
    line_pipe.report(report(PC, socket(), flows=(conversation(100),)), NOW - 5)
    send(line_pipe, FOUNDING)  # now it is implicated

    def counted(said, at):
        line_pipe.report(said, NOW + at)
        return sum(rows(line_pipe, COUNTER).values())

    assert counted(report(PC, socket(), flows=(conversation(400),)), 10) == 300
    short = report(PC, unchanged_since=15.0)
    assert counted(short, 25) == 300
    assert counted(report(PC, flows=(conversation(450),), unchanged_since=30.0), 40) == 350
    assert counted(report(PC, unchanged_since=32.0), 42) == 350
    # One of a spool that comes after newer ones.
    late = report(PC, socket(), flows=(conversation(420),), age_seconds=20.0)
    assert counted(late, 45) == 350
    assert counted(report(PC, socket(), flows=(conversation(450),)), 50) == 350
    [(labels, _)] = rows(line_pipe, COUNTER).items()
    assert labels == (PC, "netsession_win.exe")
