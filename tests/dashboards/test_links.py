"""Whoever taps on something gets somewhere."""

import re

import pytest

from tests.dashboards.generated import DASHBOARDS, FLEET_KEYS, HOME_KEYS, KEYS, walk

PAGE = "${page}/"  # a path that the exporter answers
CHOSEN = r"knockwatch-\$\{__data\.fields\.board\}"  # by the line of the table that is tapped


def beside(key):
    """Return the dashboards that are in the same Grafana and language, by uid."""
    keys = HOME_KEYS if key in HOME_KEYS else FLEET_KEYS
    boards = (DASHBOARDS[other] for other in keys if other[0] == key[0])
    return {board["uid"]: board for board in boards}


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
            assert target[1] in beside(key), url


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_a_line_of_the_table_links_to_is_a_dashboard(language):
    wall = DASHBOARDS[language, "wall"]
    table = next(panel for panel in wall["panels"] if panel["type"] == "table")
    expr = table["targets"][0]["expr"]
    boards = set(re.findall(r'"board", "(\w+)"', expr))
    assert boards
    suffix = "" if language == "en" else "-ja"
    assert {f"knockwatch-{board}{suffix}" for board in boards} <= beside((language, "wall")).keys()
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
            known = {one["name"] for one in beside(key)[uid]["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)", url)) <= known


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_way_leads_from_the_wall_to_a_device_and_on_to_the_evidence(language):
    suffix = "" if language == "en" else "-ja"
    device = f"/d/knockwatch-devices{suffix}?var-device=${{__field.labels.device:percentencode}}"
    assert device in {url for _, url in links(DASHBOARDS[language, "wall"])}
    assert PAGE in {url for _, url in links(DASHBOARDS[language, "devices"])}


def test_the_page_is_where_the_watchdog_says():
    for board in (DASHBOARDS[key] for key in HOME_KEYS):
        variable = next(v for v in board["templating"]["list"] if v["name"] == "page")
        assert variable["query"]["query"] == 'label_values(ALERTS{alertname="Watchdog"}, page_url)'
        assert variable["hide"] == 2


@pytest.mark.parametrize("key", FLEET_KEYS, ids="-".join)
def test_a_fleets_dashboards_lead_to_no_page_and_keep_the_site(key):
    board = DASHBOARDS[key]
    for _, url in links(board):
        assert "page" not in url
        if not url.startswith(f"/d/knockwatch-fleet{'' if key[0] == 'en' else '-ja'}"):
            assert "?var-site=${" in url or key[1] == "fleet/fleet"
    variable = board["templating"]["list"][0]
    assert (variable["name"], variable["multi"]) == ("site", key[1] == "fleet/fleet")
