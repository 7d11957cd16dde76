"""The laboratory's own arithmetic, on packets that were never sent."""

import pytest

from tests.lab.delays import delays
from tests.lab.score import calibration, false_names, judge, macro, quantile, score
from tests.lab.truth import NOBODY, Packet, Truth
from tests.lab.watch import Look, Row

PC = Truth("pc", "game", evidence=True)
UNKNOWABLE = Truth("tv", "player")


def packet(sent=0.0, port=50000, truth=PC, episode="one"):
    return Packet(episode, "udp", "198.51.100.1", port, sent, truth)


def row(device="pc", process="game", *, port=50000, packets=1, confidence=0.99):
    evidence = "socket" if device else "none"
    return Row(
        "udp", "198.51.100.1", port, device, process, evidence, confidence, packets, (device,)
    )


def judged(*pairs):
    """Judge packets, each with the device and program that were said of it."""
    packets = [packet(port=n, truth=truth) for n, (truth, _, _) in enumerate(pairs)]
    rows = [row(device, process, port=n) for n, (_, device, process) in enumerate(pairs)]
    found, lost = judge(packets, rows)
    assert not lost
    return found


def test_each_packet_is_judged_by_the_decision_of_its_own_port():
    found, lost = judge([packet(port=1), packet(port=2)], [row("nas", port=2), row("pc", port=1)])
    assert [(one.packet.port, one.said.device) for one in found] == [(1, "pc"), (2, "nas")]
    assert lost == []


def test_packets_that_were_decided_together_share_one_row_and_later_ones_have_the_next():
    packets = [packet(sent=3), packet(sent=1), packet(sent=2)]
    found, lost = judge(packets, [row("", packets=2), row("pc")])
    assert [one.said.device for one in found] == ["", "", "pc"]
    assert lost == []


def test_a_packet_without_a_decision_is_lost():
    found, lost = judge([packet(sent=1), packet(sent=2)], [row()])
    assert len(found) == 1
    assert [one.sent for one in lost] == [2]


@pytest.mark.parametrize(
    ("device", "process", "right"),
    [
        ("pc", "game", True),
        ("pc", "", True),  # the program was not told
        ("pc", "browser", False),
        ("nas", "game", False),
        ("", "", False),
    ],
)
def test_a_name_is_right_with_the_true_device_and_the_true_program_or_none(device, process, right):
    assert judged((PC, device, process))[0].right is right


def test_a_lucky_guess_without_evidence_counts_for_precision_and_not_for_recall():
    found = score(judged((UNKNOWABLE, "tv", "player"), (PC, "", "")))
    assert (found.precision, found.recall) == (1.0, 0.0)


def test_a_name_for_nobodys_packet_is_a_false_one():
    found = judged((NOBODY, "pc", ""), (NOBODY, "", ""), (PC, "nas", ""))
    assert false_names(found) == (1, 2)
    assert score(found).precision == 0.0


def test_of_nothing_there_is_no_share():
    found = score(judged((NOBODY, "", "")))
    assert (found.precision, found.recall, found.program) == (None, None, None)


def test_a_flood_weighs_no_more_than_a_single_packet():
    assert macro([1.0, None, 0.0]) == 0.5
    assert macro([None]) is None


def test_calibration_compares_what_was_stated_with_what_was_right():
    flood, _ = judge([packet(sent=n) for n in range(9)], [row(packets=9)])
    single, _ = judge([packet(port=7, truth=NOBODY)], [row(port=7)])
    [bucket] = calibration({"flood": flood, "single": single})
    assert (bucket.packets, bucket.right, bucket.right_by_episode) == (10, 0.9, 0.5)
    assert bucket.stated == pytest.approx(0.99)


@pytest.mark.parametrize(("q", "value"), [(0.5, 2), (0.95, 4), (0.25, 1), (0.26, 2)])
def test_a_quantile_is_one_of_the_values(q, value):
    assert quantile([4, 1, 3, 2], q) == value


def test_a_delay_lasts_from_the_packet_to_the_first_scrape_that_shows_its_name():
    found, _ = judge(
        [packet(sent=10.0), packet(sent=11.0), packet(sent=12.0, port=9)],
        [row(packets=2), row("", port=9)],
    )
    looks = [
        Look(10.5, {("AS64496", True): 0, ("AS64496", False): 1, ("AS64497", True): 5}),
        Look(11.5, {("AS64496", True): 1}),
        Look(12.5, {("AS64496", True): 1}),
        Look(13.5, {("AS64496", True): 2}),
    ]
    assert delays(looks, "AS64496", found, "one") == [1.5, 2.5]
    assert delays(looks, "AS64496", found, "another") == []
