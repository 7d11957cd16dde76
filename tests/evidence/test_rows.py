"""What of a decision is kept, and what of several is one."""

from exporter.budget import OTHER
from exporter.evidence.layout import COLUMNS
from exporter.evidence.rows import Row, added, key, row, summed_up, suspect
from tests.evidence.stores import MINUTE, nobody, who


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
    assert (whole.line, whole.remote_ip, whole.router) == ("", "", OTHER)


def test_a_suspect_has_one_number_whatever_the_minute_and_the_port():
    first = row(who("ANNA-PC", received=MINUTE, our_port=1, remote_ip="198.51.100.1"))
    second = row(who("ANNA-PC", received=MINUTE + 600, our_port=2, remote_ip="198.51.100.2"))
    assert suspect(first) == suspect(second)
    assert suspect(first) != suspect(row(who("BEN", received=MINUTE)))
    assert -(2**63) <= suspect(first) < 2**63
