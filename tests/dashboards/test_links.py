"""Whoever taps on something gets somewhere."""

import re

import pytest

from dashboards import NAMES
from tests.dashboards.generated import DASHBOARDS, KEYS, walk

PAGE = "${page}/"  # a path that the exporter answers
CHOSEN = r"knockwatch-\$\{__data\.fields\.board\}"  # by the line of the table that is tapped


def uids(language):
    return {DASHBOARDS[language, name]["uid"] for name in NAMES}


def links(board):
    return {
        (value["title"], value["url"])
        for value in walk(board)
        if isinstance(value, dict) and "url" in value and "title" in value
    }


@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_every_link_leads_to_one_of_our_dashboards_or_to_the_page(key):
    found = links(DASHBOARDS[key])
    assert found
    for title, url in found:
        assert title.strip()
        if url == PAGE:
            continue
        target = re.fullmatch(rf"/d/([\w-]+|{CHOSEN}(?:-ja)?)(\?.*)?", url)
        assert target, url
        if "$" not in target[1]:
            assert target[1] in uids(key[0]), url


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_a_line_of_the_table_links_to_is_a_dashboard(language):
    wall = DASHBOARDS[language, "wall"]
    table = next(panel for panel in wall["panels"] if panel["type"] == "table")
    expr = table["targets"][0]["expr"]
    boards = set(re.findall(r'"board", "(\w+)"', expr))
    assert boards
    suffix = "" if language == "en" else "-ja"
    assert {f"knockwatch-{board}{suffix}" for board in boards} <= uids(language)
    urls = {url for _, url in links(table) if "$" in url and url != PAGE}
    assert all(url.partition("?")[0].endswith("board}" + suffix) for url in urls)


@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_a_variable_that_a_link_sets_or_reads_exists(key):
    board = DASHBOARDS[key]
    declared = {variable["name"] for variable in board["templating"]["list"]}
    for _, url in links(board):
        read = {name for name in re.findall(r"\$\{(\w+)", url) if not name.startswith("__")}
        assert read <= declared
        if "var-" in url and "$" not in url.partition("?")[0]:
            uid = url.split("/")[2].partition("?")[0]
            target = next(board for board in DASHBOARDS.values() if board["uid"] == uid)
            known = {variable["name"] for variable in target["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)", url)) <= known


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_way_leads_from_the_wall_to_a_device_and_on_to_the_evidence(language):
    suffix = "" if language == "en" else "-ja"
    device = f"/d/knockwatch-devices{suffix}?var-device=${{__field.labels.device:percentencode}}"
    assert device in {url for _, url in links(DASHBOARDS[language, "wall"])}
    assert PAGE in {url for _, url in links(DASHBOARDS[language, "devices"])}


def test_the_page_is_where_the_watchdog_says():
    for board in DASHBOARDS.values():
        variable = next(v for v in board["templating"]["list"] if v["name"] == "page")
        assert variable["query"]["query"] == 'label_values(ALERTS{alertname="Watchdog"}, page_url)'
        assert variable["hide"] == 2
