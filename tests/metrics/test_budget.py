import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.budget import MIN_WEIGHT, MOST_AT_ONCE, OTHER, Budget

OFFERS = st.lists(
    st.tuples(
        st.integers(0, 60).map(str),
        st.integers(1, 1_000_000) | st.integers(1, 3),
        st.booleans(),
    ),
    max_size=300,
)


def filled(limit: int, places: int) -> Budget:
    """Return a budget of which so many places are taken."""
    budget = Budget(limit)
    for number in range(places):
        budget.place(f"known-{number}")
    return budget


def packets_until_placed(budget: Budget, value: str, most: int) -> int:
    for packet in range(1, most + 1):
        if budget.label(value, 1) == value:
            return packet
    raise AssertionError(f"{value} found no place within {most} packets")


@given(st.integers(-1, 40), OFFERS)
def test_a_value_is_itself_or_other_and_once_placed_it_stays(limit, offers):
    budget = Budget(limit)
    placed: set[str] = set()
    for value, weight, attributed in offers:
        label = budget.label(value, weight, attributed=attributed)
        assert label == value or (label == OTHER and value not in placed)
        placed |= {label} - {OTHER}
        assert set(budget) == placed
        assert len(budget) == len(placed) <= max(limit, 2)


@given(st.integers(2, 20), OFFERS)
def test_what_waits_for_a_place_is_bounded_and_its_weights_add_up(limit, offers):
    budget = Budget(limit)
    for value, weight, attributed in offers:
        budget.label(value, weight, attributed=attributed)
        assert len(budget._weights) <= 2 * budget.limit
        assert budget._total == sum(budget._weights.values())


def test_until_half_is_used_a_value_earns_its_place_with_its_first_packet():
    budget = Budget(100)
    labels = [budget.label(str(port), 1) for port in range(60)]
    assert labels == [*map(str, range(50)), *[OTHER] * 10]


def test_after_half_a_value_earns_its_place_by_weight():
    budget = filled(100, 50)
    assert packets_until_placed(budget, "6881", MIN_WEIGHT) == MIN_WEIGHT
    assert [budget.label("51413", MOST_AT_ONCE) for _ in range(2)] == [OTHER, "51413"]


def test_one_line_earns_no_place_however_many_packets_it_claims():
    budget = filled(500, 250)
    for number in range(1000):
        assert budget.label(f"hostile-{number}", 999_999) == OTHER
    assert len(budget) == 250
    assert not budget.pressed


def test_lines_that_claim_many_packets_delay_nobody_more_than_many_lines_do():
    claiming, honest = filled(100, 50), filled(100, 50)
    for number in range(150):
        claiming.label(f"hostile-{number}", 999_999)
        for _ in range(MOST_AT_ONCE):
            honest.label(f"hostile-{number}", 1)
    needed = [packets_until_placed(budget, "quiet", 500) for budget in (claiming, honest)]
    assert needed[0] == needed[1]


@pytest.mark.thorough
def test_a_stream_of_one_off_values_takes_no_place_and_no_memory():
    budget = filled(500, 250)
    for number in range(100_000):
        assert budget.label(f"hostile-{number}", 1) == OTHER
    assert len(budget) == 250
    assert len(budget._weights) <= 1000


def test_a_heavy_value_earns_its_place_during_a_hostile_stream():
    budget = filled(500, 250)
    own = 0
    for number in range(20_000):
        budget.label(f"hostile-{number}", 1)
        if number >= 10_000 and number % 10 == 0:
            own += 1
            if budget.label("51413", 1) == "51413":
                break
    assert "51413" in budget
    assert own <= 2 * MIN_WEIGHT


@pytest.mark.thorough
def test_a_hostile_stream_of_small_heaps_delays_a_heavy_value_but_does_not_stop_it():
    budget = filled(500, 250)
    own = 0
    for number in range(200_000):
        budget.label(f"hostile-{number // (MIN_WEIGHT - 1)}", 1)
        if number % 20 == 0 and "51413" not in budget:
            own += 1
            budget.label("51413", 1)
    assert "51413" in budget
    assert own <= 200


def test_a_loud_value_that_has_its_place_makes_nobody_wait_longer():
    budget = filled(100, 50)
    budget.place("loud")
    assert budget.label("loud", 1_000_000) == "loud"
    assert packets_until_placed(budget, "quiet", MIN_WEIGHT) == MIN_WEIGHT


def test_the_last_tenth_is_for_attributed_values():
    budget = Budget(100)
    for number in range(200):
        for _ in range(20):
            budget.label(f"heavy-{number}", 1000)
    assert len(budget) == 90
    assert budget.pressed
    labels = [budget.label(f"ours-{number}", 1, attributed=True) for number in range(12)]
    assert labels[:10] == [f"ours-{number}" for number in range(10)]
    assert labels[10:] == [OTHER] * 2
    assert len(budget) == 100


def test_attributed_values_need_no_weight():
    budget = filled(100, 60)
    assert budget.label("49152", 1, attributed=True) == "49152"


def test_the_word_other_never_takes_a_place():
    budget = Budget(10)
    assert budget.label(OTHER, 5) == OTHER
    assert budget.label(OTHER, 5, attributed=True) == OTHER
    assert len(budget) == 0


def test_one_offs_do_not_press_a_budget():
    budget = filled(10, 9)
    for number in range(1000):
        budget.label(str(number), 1)
    assert not budget.pressed


def test_a_released_place_goes_to_who_earned_one():
    budget = filled(10, 9)
    assert [budget.label("waits", 1000) for _ in range(2)] == [OTHER] * 2
    assert budget.pressed
    budget.release("known-0")
    assert not budget.pressed
    assert "known-0" not in budget
    assert budget.label("known-0", 1) == OTHER
    assert budget.label("waits", 1) == "waits"


def test_a_budget_has_room_for_two_at_the_least():
    budget = Budget(0)
    assert [budget.label(value, 100) for value in "abbc"] == ["a", OTHER, "b", OTHER]


def test_more_room_is_given_and_none_is_taken():
    budget = Budget(2)
    for number in range(4):
        budget.label(str(number), 1, attributed=True)
    placed = set(budget)
    assert (len(placed), budget.pressed) == (2, True)
    budget.widen(1)
    assert (set(budget), budget.limit) == (placed, 2)
    budget.widen(3)
    assert (budget.limit, budget.pressed) == (3, False)
    assert budget.label("more", 1, attributed=True) == "more"
