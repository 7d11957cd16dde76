import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import verdict_words


@pytest.mark.parametrize(
    ("prefix", "verdict"),
    [
        ("drop-in", ("rejected", "drop")),
        ("FW_FWD_DROP", ("rejected", "drop")),
        ("Blocked by me", ("rejected", "blocked")),
        ("pca-accept", ("accepted", "accept")),
        ("accept then drop", ("accepted", "accept")),
        ("backdrop", None),
        ("INPUTDROP", ("rejected", "drop")),
        ("LOGDROP ", ("rejected", "drop")),
        ("ip6tablesACCEPT", ("accepted", "accept")),
        ("DropInvalid", ("rejected", "drop")),
        ("wanBlock:", ("rejected", "block")),
        ("ALLOWssh", None),
        ("AirDrop allow", ("accepted", "allow")),
        ("DropBox pass", ("accepted", "pass")),
        ("FW_INPUT_NEW", None),
        ("", None),
    ],
)
def test_a_prefix_names_its_first_verdict(prefix, verdict):
    assert verdict_words.first(prefix) == verdict


@given(st.text())
def test_any_prefix_can_be_read(prefix):
    assert verdict_words.first(prefix) is None or verdict_words.first(prefix)[1] in prefix.lower()
