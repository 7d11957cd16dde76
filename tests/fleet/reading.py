"""Kafka's library as far as reading goes: records that lie there, and what it says of them."""

from typing import Any, NamedTuple

from confluent_kafka import KafkaError, TopicPartition


class Record(NamedTuple):
    """What the library gives of a record, or in place of one."""

    at: int
    named: bytes | None = b"home"
    holds: bytes | None = b"value"
    kind: str = "report"
    wrong: KafkaError | None = None

    def error(self) -> KafkaError | None:
        return self.wrong

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes | None:
        return self.named

    def value(self) -> bytes | None:
        return self.holds

    def timestamp(self) -> tuple[int, int]:
        return 2, 1_790_000_000_000 + self.at

    def headers(self) -> list[tuple[str, bytes | None]]:
        return [("kind", self.kind.encode()), ("relay", None)]


END = Record(0, wrong=KafkaError(KafkaError._PARTITION_EOF))


class Library:
    """A `confluent_kafka.Consumer` of one topic and its changelog."""

    def __init__(self, settings: dict[str, Any], **topics: list[Record]) -> None:
        self.topics = topics
        self.waiting: list[Record] = []

    def assign(self, places: list[TopicPartition]) -> None:
        [place] = places
        records = self.topics[place.topic.replace("-", "_")]
        self.waiting = [one for one in records if one.at >= place.offset] + [END]

    def poll(self, seconds: float) -> Record | None:
        return self.waiting.pop(0) if self.waiting else None

    def consume(self, most: int, seconds: float) -> list[Record]:
        taken, self.waiting = self.waiting[:most], self.waiting[most:]
        return taken

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        records = self.topics[place.topic.replace("-", "_")]
        return records[0].at, records[-1].at + 1

    def offsets_for_times(
        self, places: list[TopicPartition], timeout: float
    ) -> list[TopicPartition]:
        [place] = places
        first = next(r for r in self.topics["lines"] if r.timestamp()[1] >= place.offset)
        return [TopicPartition(place.topic, place.partition, first.at)]
