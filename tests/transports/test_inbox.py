import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from exporter.events import Batch
from exporter.transports.inbox import Inbox
from tests.transports import NOW, Drops, rest, take


def batch(*messages, sender="192.0.2.1", listener="udp"):
    return Batch(received=NOW, sender=sender, listener=listener, messages=list(messages))


def test_batches_come_out_in_the_order_of_their_arrival():
    async def scenario():
        inbox = Inbox(Drops())
        inbox.offer(batch(b"1", b"2"))
        inbox.put(batch(b"3", sender="192.0.2.2"))
        inbox.offer(batch(b"4"))
        assert await take(inbox, 4) == [b"1", b"2", b"3", b"4"]

    asyncio.run(scenario())


def test_the_newest_messages_are_dropped_and_counted_when_it_is_full():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=3)
        inbox.offer(batch(b"1", b"2"))
        inbox.offer(batch(b"3", b"4", b"5"))
        inbox.offer(batch(b"6"))
        assert drops.counts == {("udp", "queue_full"): 3}
        assert [kept.messages for kept in await rest(inbox)] == [[b"1", b"2"], [b"3"]]

    asyncio.run(scenario())


def test_few_large_messages_fill_it_too():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_bytes=1000)
        inbox.offer(batch(b"x" * 1000))
        inbox.offer(batch(b"y"))
        assert drops.counts == {("udp", "queue_full"): 1}
        assert await take(inbox, 1) == [b"x" * 1000]
        inbox.offer(batch(b"z"))
        assert await take(inbox, 1) == [b"z"]

    asyncio.run(scenario())


def test_what_a_waiting_sender_hands_over_is_never_dropped():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=2)
        for _ in range(5):
            inbox.put(batch(b"line", listener="tcp"))
        assert inbox.messages == 5
        assert await take(inbox, 5) == [b"line"] * 5
        assert not drops.total()

    asyncio.run(scenario())


def test_senders_that_can_wait_leave_room_for_those_that_cannot():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=10)
        while not inbox.pressed:
            inbox.put(batch(b"backlog", listener="tcp"))
        inbox.offer(batch(*[b"datagram"] * 5))
        assert not drops.total()

    asyncio.run(scenario())


def test_a_waiting_sender_goes_on_once_there_is_room_and_not_before():
    async def scenario():
        inbox = Inbox(Drops(), max_messages=1000)
        inbox.put(batch(*[b"x"] * 400))
        inbox.put(batch(*[b"x"] * 400))
        resumed = []
        inbox.when_relieved(lambda: resumed.append(inbox.messages))
        assert inbox.pressed
        assert not resumed
        await inbox.get()
        await inbox.get()
        assert resumed == [400]

    asyncio.run(scenario())


def test_a_closed_inbox_gives_what_is_left_and_then_the_end():
    async def scenario():
        inbox = Inbox(Drops())
        inbox.offer(batch(b"last"))
        inbox.close()
        assert [left.messages for left in await inbox.get()] == [[b"last"]]
        assert await inbox.get() == []

    asyncio.run(scenario())


def test_closing_wakes_the_consumer():
    async def scenario():
        inbox = Inbox(Drops())
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            consumer = group.create_task(inbox.get())
            await asyncio.sleep(0)
            inbox.close()
        assert consumer.result() == []

    asyncio.run(scenario())


def test_a_busy_consumer_lets_others_run():
    async def scenario():
        inbox = Inbox(Drops())
        ran = []
        for _ in range(3):
            inbox.offer(batch(*[b"x"] * 300))
        asyncio.get_running_loop().call_soon(lambda: ran.append(inbox.messages))
        await inbox.get()
        assert ran == [900]

    asyncio.run(scenario())


@given(
    offers=st.lists(st.integers(1, 8)),
    puts=st.lists(st.integers(1, 8)),
    bound=st.integers(1, 20),
)
def test_every_message_is_delivered_or_counted(offers, puts, bound):
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=bound)
        for size in offers:
            inbox.offer(batch(*[b"x"] * size))
            assert inbox.messages <= bound
        for size in puts:
            inbox.put(batch(*[b"x"] * size, listener="tcp"))
        delivered = sum(len(left.messages) for left in await rest(inbox))
        assert delivered + drops.total() == sum(offers) + sum(puts)
        assert inbox.messages == 0

    asyncio.run(scenario())


def test_threads_may_offer_while_the_consumer_sleeps_and_takes():
    async def scenario():
        drops, heard = Drops(), {"a": [], "b": [], "c": []}
        inbox = Inbox(drops, max_messages=100)

        def offer(sender):
            for number in range(3000):
                inbox.offer(batch(b"%d" % number, sender=sender))
                if number % 100 == 0:
                    time.sleep(0.0001)  # let the consumer fall asleep

        async def offer_all():
            await asyncio.gather(*(asyncio.to_thread(offer, sender) for sender in heard))
            inbox.close()

        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(offer_all())
            while batches := await inbox.get():
                for one in batches:
                    heard[one.sender] += map(int, one.messages)
        assert sum(map(len, heard.values())) + drops.total() == 9000
        assert all(numbers == sorted(numbers) for numbers in heard.values())
        assert inbox.messages == 0
        assert inbox.room == 100

    asyncio.run(scenario())


def test_who_can_wait_waits_while_the_consumer_has_nowhere_to_put_it():
    async def scenario():
        inbox, resumed = Inbox(Drops()), []
        inbox.hold(True)
        assert inbox.pressed
        inbox.when_relieved(lambda: resumed.append(1))
        inbox.offer(batch(b"1"))  # a datagram finds room
        assert await take(inbox, 1) == [b"1"]
        assert resumed == []
        inbox.hold(False)
        assert resumed == [1]
        assert not inbox.pressed

    asyncio.run(scenario())
