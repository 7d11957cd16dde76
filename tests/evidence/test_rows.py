"""What of a decision is kept, and what of several is one."""

from msgspec.structs import replace

from exporter.events import Attribution, Candidate, Network
from exporter.evidence.layout import COLUMNS
from exporter.evidence.rows import Row, added, key, row, summed_up, suspect
from exporter.metrics.budget import OTHER
from tests.evidence.stores import MINUTE, nobody, who
from tests.rejections import decision


def test_the_fields_stand_in_the_order_of_the_columns():
    assert (*Row.__struct_fields__, "suspect") == COLUMNS


def test_rows_of_one_key_keep_a_line_and_the_newest_reasons():
    first = row(who("ANNA-PC", received=MINUTE, line="one", count=2))
    second = row(who("ANNA-PC", received=MINUTE + 9, line="", count=3))
    assert key(first) == key(second)
    both = added(first, second)
    assert (both.packets, both.first, both.last, both.line) == (5, MINUTE, MINUTE + 9, "one")
    assert added(second, first).line == "one"
    third = row(who("ANNA-PC", received=MINUTE + 9, line="three"))
    assert added(both, third).line == "three"


def test_what_is_summed_up_shows_no_line_as_if_it_were_of_all():
    whole = summed_up(row(nobody(line="one of many")))
    assert (whole.line, whole.remote_ip, whole.router, whole.asn) == ("", "", OTHER, OTHER)


def test_a_suspect_has_one_number_whatever_the_minute_and_the_port():
    first = row(who("ANNA-PC", received=MINUTE, our_port=1, remote_ip="198.51.100.1"))
    second = row(who("ANNA-PC", received=MINUTE + 600, our_port=2, remote_ip="198.51.100.2"))
    assert suspect(first) == suspect(second)
    assert suspect(first) != suspect(row(who("BEN", received=MINUTE)))
    private, multicast = (row(nobody(source=Network(asn))) for asn in ("private", "reserved"))
    assert suspect(private) != suspect(multicast)
    at_home = {suspect(replace(one, direction="local")) for one in (private, multicast)}
    assert len(at_home) == 1
    assert -(2**63) <= suspect(first) < 2**63


def test_between_several_devices_only_the_best_are_kept_as_one_line_tells_them():
    fits = [("KEN-PC", "remote"), ("ANNA-PC", "remote"), ("NAS", "socket")]
    candidates = tuple(
        Candidate(device=device, process="", evidence=evidence, confidence=0.4)
        for device, evidence in fits
    )
    open_question = Attribution(evidence="ambiguous", candidates=candidates)
    assert b'["KEN-PC","ANNA-PC"]' in row(decision(attribution=open_question)).reasons
    named = Attribution(device="KEN-PC", evidence="remote", candidates=candidates)
    assert b'["KEN-PC","ANNA-PC","NAS"]' in row(decision(attribution=named)).reasons
