import re
from typing import get_args

import pytest

from exporter.events import Network, Reason
from exporter.explanation import Language, advice, certainty, summary
from tests.explanation.scenarios import FOUNDING, GOLDEN, KNOWLEDGE, NOBODY, SUBJECTS, but

LANGUAGES = get_args(Language)
STOPS = {"en": ". ", "ja": "。"}
ACCUSATIONS = {
    "en": re.compile(r"(?i)attack from|attacker|hacker|criminal|malicious|virus|intru"),
    "ja": re.compile(r"攻撃者|犯罪|悪意|ウイルス|不正|侵入"),
}


def all_of(subject, language) -> str:
    said = (summary(subject, language), advice(subject, language), certainty(subject, language))
    assert all(said)
    return " ".join(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_whole(language):
    for case, subject in SUBJECTS.items():
        said = all_of(subject, language)
        assert not re.search(r"[{}?]|\(\)|（）|None|  |\.\.|。。|;\s*[;)]", said), case
        assert summary(subject, language)[-1] == STOPS[language].strip(), case


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_summary_is_short(language):
    for case, subject in SUBJECTS.items():
        said = summary(subject, language).removesuffix(STOPS[language].strip())
        assert 2 <= len(said.split(STOPS[language])) <= 4, case


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_known_is_named(language):
    for case, subject in SUBJECTS.items():
        if case.endswith("unnamed"):
            continue
        said = summary(subject, language)
        assert subject.device in said, case
        assert subject.process in said, case
        if subject.application is not None:
            assert subject.application.called(language) in said, case
        if subject.direction != "local":
            assert re.search(rf"{re.escape(subject.network.name)}(?: \(|（)", said), case
            assert subject.network.asn in said, case


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_harmless_accuses_nobody(language):
    for case, subject in SUBJECTS.items():
        if subject.verdict == "benign":
            assert not ACCUSATIONS[language].search(summary(subject, language)), case
        assert "attack from" not in all_of(subject, language), case


def test_japanese_contains_no_english_sentence():
    names = [re.escape(application.name) for application in KNOWLEDGE.applications.values()]
    english_names = re.compile("|".join([*names, "netstat -ano -b", "Akamai NetSession Interface"]))
    for case, subject in SUBJECTS.items():
        said = english_names.sub("", all_of(subject, "ja"))
        assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}", said), case
        assert re.search(r"(?:です|ます|ました|ません|ください|ましょう)。", said), case


def test_english_contains_no_japanese():
    for case, subject in SUBJECTS.items():
        said = all_of(subject, "en")
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", said), case


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_known_program_gives_one_sentence_about_itself(language):
    for name, application in KNOWLEDGE.applications.items():
        said = summary(but(FOUNDING, application=application), language)
        own = str(getattr(application.summary, language)).split(STOPS[language])[0]
        assert own.strip("。.") in said, name
        assert said.count("。。") + said.count("..") == 0, name


def test_a_period_says_how_much_of_how_many():
    said = summary(GOLDEN["founding hour"], "en")
    assert said.startswith("98 % of 4,211 rejected packets in the last hour belonged to")
    assert "Akamai (AS20940) and 2 other networks" in said
    assert "この1時間に拒否された4,211パケットの98%は" in summary(GOLDEN["founding hour"], "ja")


def test_a_program_that_nobody_knows_is_said_to_be_unlisted():
    said = summary(GOLDEN["program that nobody knows"], "en")
    assert "zork.exe on ANNA-PC, which is not in our list of known programs" in said
    assert "既知のプログラムの一覧に載っていません" in summary(
        GOLDEN["program that nobody knows"], "ja"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tie_lists_the_devices(language):
    said = summary(GOLDEN["several devices"], language)
    assert "ANNA-PC" in said
    assert "BEN-PC" in said
    untold = summary(but(GOLDEN["several devices"], candidates=()), language)
    assert "ANNA-PC" not in untold


@pytest.mark.parametrize(
    ("cause", "mentioned"),
    [("echo", True), ("late_reply", True), ("unknown", True), ("scan", False), ("flood", False)],
)
def test_that_nobody_reports_matters_only_where_a_device_could_be_found(cause, mentioned):
    subject = but(NOBODY, cause=cause, cause_reasons=())
    assert ("none of them reports" in summary(subject, "en")) == mentioned
    assert ("install the knockwatch agent" in advice(subject, "en")) == mentioned


def test_that_the_reporting_devices_had_nothing_to_do_with_it_is_said():
    subject = but(NOBODY, cause="unknown", reasons=(Reason("no_match", {"agents": 3}),))
    assert "No device that reports had anything to do with it." in summary(subject, "en")
    assert "had to do with it is not known" in summary(but(subject, reasons=()), "en")


def test_where_a_stranger_is_registered_is_said_and_where_a_partner_is_not():
    assert "registered in BR" in summary(GOLDEN["scan"], "en")
    assert "registered" not in summary(FOUNDING, "en")


def test_outbound_the_device_is_the_sender_and_nobody_outside_did_anything():
    said = summary(GOLDEN["refused on the way out"], "en")
    assert "were sent by DOORBELL to Example Hosting (AS64500)" in said
    assert "nobody outside did anything" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sender_without_an_organisation_is_shown_by_its_address(language):
    subject = but(NOBODY, network=Network("reserved", "documentation"))
    assert "192.0.2.7" in summary(subject, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_addresses_are_counted(language):
    assert "1,260" in summary(GOLDEN["reflection"], language)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "came from 3 private addresses"), ("ja", "3個のプライベートアドレスから")],
)
def test_many_private_addresses_are_of_no_organisation(language, said):
    assert said in summary(but(NOBODY, network=Network("private"), sources=3), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["{device}", "{0}{", "%s %(x)s", "\\1", "{{}}"])
def test_braces_in_names_are_not_evaluated(language, name):
    subject = but(FOUNDING, device=name, process=name, application=None)
    assert name in summary(subject, language)
    assert name in advice(subject, language)
    target = but(subject, cause="survey", network=Network("AS64500", name))
    assert name in summary(target, language)
