"""When packets are decided: at once where nothing more can come, or when they have waited enough.

What a batch touched goes in as the batch ends, then time, and at last the end of the program. What
is decided goes to `deciding`; what waits for hosts' reports stays in `waiting`. A defect costs the
groups of its place, and no others.
"""

from collections.abc import Iterable

from exporter.attribution.crowds import Touched
from exporter.attribution.waiting import Group, Waiting
from exporter.deciding import Deciding
from exporter.defects import Defects
from exporter.stages import Stages


class Settling:
    """Decides what is due."""

    def __init__(
        self, stages: Stages, deciding: Deciding, waiting: Waiting, defects: Defects
    ) -> None:
        """Defects are noted in `defects`, for whoever drives this to tell."""
        self._patience = stages.attributor.patience
        self._deciding = deciding
        self._waiting = waiting
        self._defects = defects

    def use(self, stages: Stages) -> None:
        """Go on with other parts."""
        self._patience = stages.attributor.patience
        self._deciding.use(stages)

    def settle(self, touched: Touched, now: float) -> None:
        """Decide what can be decided of the packets that a batch told of."""
        ripe = self._patience.ripe(now)
        for joined in touched.joined():
            left = set[int]()  # what a defect interrupted may be counted, and is not decided again
            with self._defects.survived():
                waits = self._deciding.decide(joined, ripe, now, len(joined))
                left.update(map(id, waits))
            for group in joined:
                if id(group) not in left:
                    self._waiting.remove(group)
        for groups in touched.others():
            with self._defects.survived():
                for group in self._deciding.decide(groups, ripe, now, self._waiting.room):
                    self._waiting.add(group)

    def ripen(self, now: float) -> None:
        """Decide what has waited long enough."""
        ripe = self._patience.ripe(now)
        self._decide(self._waiting.take(lambda group: ripe(group.rejection.received)), now)

    def finish(self, now: float) -> None:
        """Decide everything that waits."""
        self._decide(self._waiting.take(), now)

    def _decide(self, places: Iterable[list[Group]], now: float) -> None:
        for groups in places:
            with self._defects.survived():
                self._deciding.decide(groups, lambda _: True, now, 0)
