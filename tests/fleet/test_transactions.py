"""What brokers answer only when things go wrong; tests/system shows what they do otherwise."""

from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from exporter.fleet.transactions import Aborted, Broken, Stored, Transactions


class Brokers:
    """Answers as it is told to: for each call a list of errors, after which it succeeds."""

    def __init__(self, **errors: list[Exception]) -> None:
        self.errors = errors
        self.calls: list[str] = []
        self.records: list[tuple[object, ...]] = []
        self.offsets: list[tuple[object, ...]] = []

    def __getattr__(self, call: str) -> Any:
        def answer(*arguments: Any) -> None:
            self.calls.append(call)
            if self.errors.get(call):
                raise self.errors[call].pop(0)
            if call == "produce":
                self.records.append(arguments)
            if call == "send_offsets_to_transaction":
                offsets, generation, _ = arguments
                self.offsets += [(o.topic, o.partition, o.offset, generation) for o in offsets]

        return answer


def kafka(code: int, **how: bool) -> KafkaException:
    return KafkaException(KafkaError(code, "as told", **how))


def transactions(brokers: Brokers) -> Transactions:
    return Transactions(cast("Producer", brokers), "lines", "lines-changelog")


STORED = Stored([(1, b"a", b"1"), (2, b"b", None)], {1: 10, 2: 20}, "generation 7")
AWAY = {"code": KafkaError._TIMED_OUT, "retriable": True}


def test_records_and_offsets_go_into_one_transaction_under_the_groups_generation():
    brokers = Brokers()
    transactions(brokers).commit(STORED)
    assert brokers.records == [
        ("lines-changelog", b"1", b"a", 1),
        ("lines-changelog", None, b"b", 2),
    ]
    assert brokers.offsets == [
        ("lines", 1, 10, "generation 7"),
        ("lines", 2, 20, "generation 7"),
    ]
    assert brokers.calls[0] == "begin_transaction"
    assert brokers.calls[-1] == "commit_transaction"


@pytest.mark.parametrize("call", ["send_offsets_to_transaction", "commit_transaction"])
def test_what_brokers_do_not_answer_is_asked_again_until_they_do(call):
    brokers = Brokers(**{call: [kafka(**AWAY), kafka(**AWAY)]})
    transactions(brokers).commit(STORED)
    assert brokers.calls.count(call) == 3
    assert brokers.calls.count("begin_transaction") == 1
    assert "abort_transaction" not in brokers.calls


def test_a_full_queue_is_waited_for():
    brokers = Brokers(produce=[BufferError("full")])
    transactions(brokers).commit(STORED)
    assert [key for _, _, key, _ in brokers.records] == [b"a", b"b"]
    assert "poll" in brokers.calls


@pytest.mark.parametrize(
    ("code", "expelled"),
    [
        (KafkaError.ILLEGAL_GENERATION, True),
        (KafkaError.UNKNOWN_MEMBER_ID, True),
        (KafkaError.NOT_ENOUGH_REPLICAS, False),
    ],
)
def test_a_refused_transaction_is_aborted_and_says_whether_the_group_gave_us_up(code, expelled):
    brokers = Brokers(send_offsets_to_transaction=[kafka(code, txn_requires_abort=True)])
    ours = transactions(brokers)
    with pytest.raises(Aborted) as aborted:
        ours.commit(STORED)
    assert aborted.value.expelled is expelled
    assert brokers.calls[-1] == "abort_transaction"
    ours.commit(STORED)
    assert brokers.calls[-1] == "commit_transaction"


def test_a_record_that_is_too_large_aborts():
    brokers = Brokers(produce=[kafka(KafkaError.MSG_SIZE_TOO_LARGE)])
    with pytest.raises(Aborted):
        transactions(brokers).commit(STORED)
    assert brokers.calls == ["begin_transaction", "produce", "abort_transaction"]


@pytest.mark.parametrize(
    "errors",
    [
        {"commit_transaction": [kafka(KafkaError._FENCED, fatal=True)]},
        {"begin_transaction": [kafka(KafkaError._FATAL, fatal=True)]},
        {
            "commit_transaction": [kafka(KafkaError.NOT_COORDINATOR, txn_requires_abort=True)],
            "abort_transaction": [kafka(KafkaError._FENCED, fatal=True)],
        },
    ],
)
def test_what_cannot_even_be_aborted_ends_the_producer(errors):
    brokers = Brokers(**errors)
    with pytest.raises(Broken):
        transactions(brokers).commit(STORED)


def test_who_gives_up_waits_no_longer():
    brokers = Brokers(commit_transaction=[kafka(**AWAY)] * 9)
    ours = transactions(brokers)
    ours.give_up()
    with pytest.raises(Broken, match="given up"):
        ours.commit(STORED)
    assert brokers.calls.count("commit_transaction") == 1


def test_it_opens_as_soon_as_a_broker_answers():
    ours = transactions(Brokers(init_transactions=[kafka(**AWAY)]))
    assert not ours.open()
    assert ours.open()


def test_it_does_not_open_without_the_right_to():
    refused = kafka(KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, fatal=True)
    with pytest.raises(Broken, match="as told"):
        transactions(Brokers(init_transactions=[refused])).open()
