"""What a form says of a line is what the line reader says of it, whatever the line."""

import json

import msgspec
import pytest

from exporter.addresses import canonical
from exporter.dialects.table import DIALECTS
from exporter.reading import forms
from exporter.syslog import stamps
from tests.dialects.test_router_logs import FOLDER
from tests.golden import corpus, lines
from tests.reading.flood import changed, read
from tests.world import NOW

STAMP = "<4>Nov 10 23:04:06"
HEADER = f"{STAMP} gate "
SENTENCE = "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"
DLINK = "Unrecognized attempt blocked from 198.51.100.7:40245 to 203.0.113.9 TCP:8080"
OPTIONS = (
    "kernel: DROP IN=e0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=TCP SPT=443 DPT=22 OPT ({})"
)
FORTIGATE = HEADER + (
    'date=2026-11-{} time=23:04:06 devname="a" logid="0000000013" type="traffic" srcip={} '
    'srcport={} dstip=203.0.113.9 dstport=6 proto=6 action="deny" srccountry="{}"'
)


def find(line, reader=read):
    return forms.find(line, reader, NOW)


def rejected(texts):
    return [
        text
        for text in texts
        if text.isascii() and (event := read(text).read.event) and event.kind == "rejected"
    ]


def said(form, line):
    """What a form says of a line: its block, and its address of ours; None if it is of another."""
    columns = form.columns([line.encode()])
    row = [text for [text] in columns]
    return (form.block([line.encode()], columns), form.destination(row)) if row[0] else None


def check(line, form, others):
    """Hold against the line reader what a form says of lines like one; tell of how many it did."""
    like, told = read(line), said(form, line)
    assert told is not None, line
    count = 0
    for other in others:
        now = said(form, other)
        if now is None or now[1] != told[1] or canonical(now[0].sources[0]) is None:
            continue
        [stamp], [source] = now[0].stamps, now[0].sources
        changes = {"source_ip": source}
        for name, texts in (
            ("source_port", now[0].source_ports),
            ("destination_port", now[0].ports),
        ):
            changes |= {name: int(texts[0])} if texts[0] else {}
        time = like.time
        if stamp:
            found = stamps.at_start(f"{stamp} ", NOW)
            if found is None or found.time is None or found.end != len(stamp):
                continue  # the block is read line by line
            changes["time"] = time = found.time
        event = msgspec.structs.replace(like.read.event, **changes)
        expected = msgspec.structs.replace(like.read, event=event)
        assert read(other) == like._replace(time=time, read=expected), other
        count += 1
    return count


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_dialects_examples_of_packets_have_forms(dialect):
    examples = rejected(HEADER + text for text in dialect.examples)
    found = [form for text in examples if (form := find(text))]
    assert bool(found) is bool(examples)


@pytest.mark.thorough
@pytest.mark.parametrize("case", corpus(), ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_the_corpus_is_read_by_its_forms_as_line_by_line(case):
    texts = [line.decode() for line in lines(case) if line.isascii()]
    count = 0
    for seed, line in enumerate(rejected(texts)):
        if form := find(line):
            count += check(line, form, changed(line, seed, 60))
            stamped = HEADER + line
            if form := find(stamped):
                count += check(stamped, form, changed(stamped, seed, 30))
    assert count or not any(map(find, rejected(texts)))


@pytest.mark.thorough
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no router-logs in {FOLDER.parent}")
def test_lines_from_the_field_are_read_by_their_forms_as_line_by_line():
    texts = [
        json.loads(row)["line"]
        for file in sorted(FOLDER.glob("*.jsonl"))
        for row in file.read_text("utf-8").splitlines()
    ]
    count = 0
    for seed, line in enumerate(rejected(text for text in texts if "\n" not in text)):
        if form := find(line):
            count += check(line, form, changed(line, seed, 60))
    assert count > 500


@pytest.mark.parametrize(
    ("line", "other", "same"),
    [
        (HEADER + SENTENCE, HEADER + SENTENCE.replace("3478", "0"), True),
        (HEADER + SENTENCE, HEADER + SENTENCE.replace("UDP", "TCP"), False),
        (HEADER + SENTENCE, HEADER.replace("gate", "attic") + SENTENCE, False),
        # a relay's stamp says nothing where the router's own follows
        (
            f"<4>Nov 10 23:04:06 relay Nov 10 23:04:01 gate kernel: {SENTENCE}",
            f"<4>Nov 10 23:59:59 relay Nov 10 23:04:02 gate kernel: {SENTENCE}",
            True,
        ),
        ("<4>1 2026-11-10T23:04:06.5+09:00 gate fw - - - " + SENTENCE,) * 2 + (True,),
        (f"Nov 10 23:04:06 gate kernel: [  5.25] {SENTENCE}",) * 2 + (True,),
        (
            FORTIGATE.format("10", "198.51.100.7", 5, "Japan"),
            FORTIGATE.format("11", "198.51.100.8", 7, "Viet Nam"),
            True,
        ),
        (
            FORTIGATE.format("10", "198.51.100.7", 5, "Japan"),
            FORTIGATE.format("10", "198.51.100.7", 5, "Ja\rpan"),
            False,
        ),
        # what names another dialect is no country
        (
            FORTIGATE.format("10", "198.51.100.7", 5, "Japan"),
            FORTIGATE.format("10", "198.51.100.7", 5, "CEF:0|a|b|1"),
            False,
        ),
        (HEADER + OPTIONS.format("020405B4"), HEADER + OPTIONS.format("0" * 300), True),
        # a year behind the clock is no host's stamp, a fraction is
        (f"Tue Nov 10 23:04:06 2026 {DLINK}", f"Tue Nov 10 23:04:07 2026 {DLINK}", True),
        (f"Tue Nov 10 23:04:06 2026 {DLINK}", f"Tue Nov 10 23:04:06.2026 {DLINK}", False),
        # a running number behind the stamp is its year, if it may be one
        (f"{STAMP} 1234 {SENTENCE}", f"{STAMP} 2026 {SENTENCE}", False),
        (f"{STAMP} 123: {SENTENCE}", f"{STAMP} 1999: {SENTENCE}", False),
        (f"{STAMP} 12345: {SENTENCE}", f"{STAMP} 12346: {SENTENCE}", True),
        # Zyxel prints 0 for packets that have no ports
        (
            'src="198.51.100.7:5" dst="203.0.113.9:6" note="ACCESS BLOCK" devID="1" cat="a"',
            'src="198.51.100.7:0" dst="203.0.113.9:6" note="ACCESS BLOCK" devID="1" cat="a"',
            False,
        ),
        # a severity above 7 is none
        (
            "%ASA-4-106023: Deny udp src a:198.51.100.7/1 dst b:192.0.2.9/2 by access-group",
            "%ASA-8-106023: Deny udp src a:198.51.100.7/1 dst b:192.0.2.9/2 by access-group",
            False,
        ),
        (
            "FW 198.51.100.7 ->203.0.113.9 |ICMP|default permit:<2,0>|B",
            "FW 198.51.100.7 ->203.0.113.9 |ICMP|default permit:<3,0>|B",
            False,
        ),
    ],
)
def test_what_makes_a_difference_is_not_of_the_form(line, other, same):
    form = find(line)
    assert (form is not None and said(form, other) is not None) is same
    if form:
        assert said(form, line) is not None


@pytest.mark.parametrize(
    "line",
    [
        f"message repeated 2 times: [ {SENTENCE}]",
        "UDP connection accepted from 198.51.100.7:3478 to 203.0.113.9:51413",
        "UDP connection rejected from 198.51.100.7:99999 to 203.0.113.9:51413",
        "UDP connection rejected from 198.51.100.7:3478 to 203.0",
        "UDP connection rejected from [2001:db8::7]:3478 to [2001:db8::9]:51413",
        "%SEC-6-IPACCESSLOGP: list 1 denied udp 198.51.100.7(1) -> 203.0.113.9(2), 3 packets",
        SENTENCE + " é",
        SENTENCE + "\n" + SENTENCE,
        SENTENCE + " " * forms.MAX_LINE,
        SENTENCE + " 192.0.2.1" * 40,  # too long a pattern
        "",
        "what nobody knows",
    ],
)
def test_what_has_no_form(line):
    assert find(line) is None


def test_what_only_odd_numbers_show_is_found():
    """A reader that looks at the length: an even one is a count, 7 a repeat of ports."""

    def reader(text):
        result = read(text)
        length = int(text.rpartition("len ")[2])
        if length == 7 or length > 70_000:
            event = msgspec.structs.replace(result.read.event, count=2)
            result = result._replace(read=msgspec.structs.replace(result.read, event=event))
        return result

    line = f"{HEADER}{SENTENCE} len "
    form = find(f"{line}1500", reader)
    assert said(form, f"{line}7") is None
    assert said(form, f"{line}9999999") is None


@pytest.mark.parametrize("many", [forms.MAX_NARROWED - 8, 60])
def test_what_a_trial_costs_is_bounded(many):
    asked = 0

    def reader(text):
        nonlocal asked
        asked += 1
        return read(text)

    line = "%ASA-4-106023: Deny udp src a:198.51.100.7/1 dst b:192.0.2.9/2 by access-group "
    find(line + " ".join(map(str, range(many))), reader)
    assert asked < 600
