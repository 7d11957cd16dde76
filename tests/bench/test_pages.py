from tests.bench.pages import figures_of, fill, with_figures


def test_a_part_is_replaced_and_all_else_stays(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n<!-- day -->\n\nold\n\n<!-- end of day -->\n\nAfter.\n")
    fill(page, "day", "new")
    assert page.read_text() == "# Title\n\n<!-- day -->\n\nnew\n\n<!-- end of day -->\n\nAfter.\n"


def test_a_marked_place_without_an_end_gets_one(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n<!-- day -->\n\nAfter.\n")
    fill(page, "day", "new")
    assert page.read_text() == "# Title\n\n<!-- day -->\n\nnew\n\n<!-- end of day -->\n\nAfter.\n"


def test_a_part_that_has_no_place_comes_last(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nText.\n")
    fill(page, "day", "new")
    assert page.read_text() == "# Title\n\nText.\n\n<!-- day -->\n\nnew\n\n<!-- end of day -->\n"


def test_figures_of_all_parts_are_found_again(tmp_path):
    page = tmp_path / "page.md"
    fill(page, "one", with_figures("text", {"worker_core": 61.23456}))
    fill(page, "two", with_figures("text", {"relay_core": 12.0}))
    assert figures_of(page) == {"worker_core": 61.23, "relay_core": 12.0}


def test_a_page_that_is_not_there_has_no_figures(tmp_path):
    assert figures_of(tmp_path / "page.md") == {}
