"""Who is a router, and who only logs here, too."""

import msgspec
import pytest

from exporter.doctor import RouterCondition, Sample

ODD = Sample(text="CRON <number>: session opened")
STRANGER = RouterCondition(name="nas", seconds=1.0, messages=9, not_understood=9, sample=ODD)


def test_a_sender_of_lines_about_other_things_is_a_stranger():
    assert STRANGER.is_stranger


@pytest.mark.parametrize(
    "sign",
    [
        {"configured": True},
        {"rejected": 1},
        {"no_verdict": 1},
        {"routes": True},
        {"packetlike": True},
        {"sample": Sample(text="DENY", near="ACME routers")},
        {"sample": None},  # nothing is known of its lines
    ],
)
def test_any_sign_of_a_firewall_makes_it_none(sign):
    assert not msgspec.structs.replace(STRANGER, **sign).is_stranger
