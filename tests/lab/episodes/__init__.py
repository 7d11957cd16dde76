"""The episodes that play in the laboratory, by what they are about; `table` lists them.

Each is a script: a generator that stops twice, so that all of them can play at the same time. After
the first stop every socket is older than a report interval; after the second the router has
forgotten all conversations, and what comes in is refused. An epilogue plays when all others are
decided, and stops once, until the router has forgotten. Each knows the truth about its packets.
"""

from collections.abc import Iterator

Script = Iterator[None]
