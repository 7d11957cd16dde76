"""The button "I know this": from the card to the quiet page, and back."""

import re
from urllib.parse import quote

import pytest

from exporter.evidence import EvidenceStore
from exporter.service import Service
from tests.system.parts.founding import DEVICE, PROCESS, flood

DAY = 86_400.0
PATH = f"/known?device={quote(DEVICE)}&process={quote(PROCESS)}"
NAMES = {"device": DEVICE, "process": PROCESS}


@pytest.fixture
def watched(home):
    """A home whose page says "Have a look", because of one program."""
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(30))
    home.decides()
    return home


def state(home) -> str:
    found = re.search(r'class="verdict (\w+)"', home.client().get("/").text)
    assert found
    return found[1]


def test_the_button_leads_to_the_question_and_the_answer_makes_the_page_quiet(watched):
    assert state(watched) == "look"
    page = watched.client().get("/").text
    assert PATH.replace("&", "&amp;") in page
    question = watched.client().get(PATH)
    assert question.status == 200
    assert '<option value="30" selected>30 days</option>' in question.text
    assert "Not any more" not in question.text
    answer = watched.client().submit("/known", **NAMES, days="30")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert state(watched) == "quiet"
    assert watched.service.acknowledged.at(watched.now) == {
        (DEVICE.casefold(), PROCESS): watched.now + 30 * DAY
    }


def test_it_is_shown_as_known_in_both_languages_and_by_the_api(watched):
    (row, *_) = watched.client().get("/api/v1/suspects").json["suspects"]
    assert row["acknowledged_until"] is None
    watched.client().submit("/known", **NAMES)
    assert "You know this: until" in watched.client().get("/").text
    assert "確認済みです" in watched.client().get("/?lang=ja").text
    (row, *_) = watched.client().get("/api/v1/suspects").json["suspects"]
    assert row["verdict"] == "watch"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["acknowledged_until"])


def test_it_can_be_taken_back(watched):
    watched.client().submit("/known", **NAMES)
    assert "Not any more" in watched.client().get(PATH).text
    answer = watched.client().submit("/known/withdraw?lang=ja", **NAMES)
    assert (answer.status, answer.headers["location"]) == (303, "/?lang=ja")
    assert state(watched) == "look"


def test_it_ends_by_itself(watched):
    watched.client().submit("/known", **NAMES, days="7")
    watched.now += 7 * DAY - 1
    assert watched.service.acknowledged.at(watched.now)
    watched.now += 1
    assert not watched.service.acknowledged.at(watched.now)


def test_it_outlives_a_restart(watched):
    watched.client().submit("/known", **NAMES)
    again = Service(
        watched.service.config,
        watched.service.pipeline,
        EvidenceStore(watched.database),
        watched.state,
        lambda: watched.now,
    )
    assert again.acknowledged.at(watched.now) == {}
    again.restore()
    assert again.acknowledged.at(watched.now) == watched.service.acknowledged.at(watched.now) != {}


def test_a_stored_list_that_cannot_be_read_costs_itself_only(watched):
    watched.client().submit("/known", **NAMES)
    watched.state.commit({}, [], {"acknowledged": b"\xff"})
    watched.service.acknowledged.withdraw(*NAMES.values())
    watched.service.restore()
    assert watched.service.acknowledged.at(watched.now) == {}


@pytest.mark.parametrize("days", ["0", "366", "-1", "x", "", "1.5", "٣", "9" * 400])
def test_a_number_of_days_that_is_none_is_refused(watched, days):
    assert watched.client().submit("/known", **NAMES, days=days).status == 400
    assert state(watched) == "look"


@pytest.mark.parametrize(
    "names",
    [
        {"device": DEVICE},
        {"device": DEVICE, "process": " "},
        {"process": PROCESS},
        {"device": "x" * 256, "process": PROCESS},
    ],
)
def test_a_device_and_a_program_are_needed(watched, names):
    client = watched.client()
    for answer in (client.submit("/known", **names), client.submit("/known/withdraw", **names)):
        assert answer.status == 400
    assert (
        client.get("/known?" + "&".join(f"{k}={quote(v)}" for k, v in names.items())).status == 400
    )


def test_only_who_may_post_may_say_so(watched):
    guarded = watched.client("all", f"{DEVICE} own")
    assert 'name="token"' in guarded.get(PATH).text
    assert guarded.submit("/known", **NAMES).status == 401
    # The program itself must not be able to say that it is known.
    assert guarded.submit("/known", **NAMES, token="own").status == 403
    assert watched.client(address="198.51.100.7").submit("/known", **NAMES).status == 403
    assert state(watched) == "look"
    assert guarded.submit("/known", **NAMES, token="all").status == 303
    assert guarded.submit("/known/withdraw", **NAMES, token="own").status == 403
    assert state(watched) == "quiet"


def test_names_of_strangers_are_no_markup(watched):
    nasty = quote('"><script>alert(1)</script>')
    page = watched.client().get(f"/known?device={nasty}&process={nasty}").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
