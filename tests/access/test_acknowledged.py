"""What is known, until when, and what ends by itself."""

from exporter.access.acknowledged import MAX_KNOWN, Acknowledgements

NOW = 1_795_000_000.0


def known(*pairs: tuple[str, str, float]) -> Acknowledgements:
    made = Acknowledgements()
    for device, process, seconds in pairs:
        made.add(device, process, NOW + seconds)
    return made


def test_a_program_of_a_device_is_known_until_it_ends():
    made = known(("ANNA-PC", "a.exe", 60.0))
    assert made.at(NOW) == {("anna-pc", "a.exe"): NOW + 60.0}
    assert made.at(NOW + 60.0) == {}


def test_devices_have_no_case_and_programs_have():
    made = known(("ANNA-PC", "a.exe", 60.0), ("anna-pc", "a.exe", 90.0), ("ANNA-PC", "A.EXE", 30.0))
    assert made.at(NOW) == {("anna-pc", "a.exe"): NOW + 90.0, ("anna-pc", "A.EXE"): NOW + 30.0}


def test_it_can_be_taken_back():
    made = known(("ANNA-PC", "a.exe", 60.0), ("ANNA-PC", "b.exe", 60.0))
    assert made.withdraw("anna-pc", "a.exe")
    assert not made.withdraw("anna-pc", "a.exe")
    assert list(made.at(NOW)) == [("anna-pc", "b.exe")]


def test_a_device_is_forgotten_as_a_whole():
    made = known(("ANNA-PC", "a", 60.0), ("anna-pc", "b", 60.0), ("NAS", "a", 60.0))
    assert made.forget("Anna-PC") == 2
    assert list(made.at(NOW)) == [("nas", "a")]
    assert made.forget("Anna-PC") == 0


def test_what_has_not_ended_outlives_a_restart():
    made = known(("ANNA-PC", "a", 60.0), ("NAS", "b", -1.0))
    again = Acknowledgements()
    again.restore(made.all(NOW))
    assert again.at(NOW) == made.at(NOW)
    assert [one.device for one in made.all(NOW)] == ["ANNA-PC"]


def test_the_one_that_ends_first_makes_room():
    made = known(*((f"pc{n}", "a", 1000.0 - n) for n in range(MAX_KNOWN + 1)))
    assert len(made.at(NOW)) == MAX_KNOWN
    assert (f"pc{MAX_KNOWN}", "a") not in made.at(NOW - 9999.0)
    assert ("pc0", "a") in made.at(NOW)
