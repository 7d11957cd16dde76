import pytest

from exporter.dialects import Malformed, notation


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("0000.5e00.5301", "00:00:5e:00:53:01"),
        ("00-00-5E-00-53-01", "00:00:5e:00:53:01"),
        ("0100.005e.0053.01", "00:00:5e:00:53:01"),
        ("0000.0000.0000", None),
        ("0000.5e00.53", None),
        ("x" * 100_000, None),
        (None, None),
    ],
)
def test_a_station_reads_in_any_grouping(text, mac):
    assert notation.mac(text) == mac


@pytest.mark.parametrize(
    ("text", "count"),
    [("144", 144), ("1000000", 1_000_000), ("", None), (None, None), ("٣", None), ("00", None)],
)
def test_a_count_is_a_number_or_nothing(text, count):
    assert notation.count(text) == count


@pytest.mark.parametrize("text", ["1000001", "9" * 5000])
def test_a_count_that_nobody_believes_is_malformed(text):
    with pytest.raises(Malformed, match="a count of"):
        notation.count(text)
