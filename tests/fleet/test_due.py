from exporter.fleet.due import Due


def test_what_was_taken_and_not_stored_is_due_again_and_first():
    taken, since = Due(), Due()
    taken.sites, taken.labels, taken.removals = {"a"}, {"x"}, [(b"1", None)]
    since.sites, since.labels, since.removals = {"b"}, {"x", "y"}, [(b"2", None)]
    since.put_back(taken)
    assert since.sites == {"a", "b"}
    assert since.labels == {"x", "y"}
    assert since.removals == [(b"1", None), (b"2", None)]
