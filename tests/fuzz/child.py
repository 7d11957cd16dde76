"""One process that fuzzes one target: `python -m tests.fuzz.child TARGET FINDINGS ARGUMENTS…`.

The arguments are libFuzzer's, FINDINGS is the folder for what is found. `run` starts it.
"""

import shlex
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["exporter"]):
    from tests.fuzz.targets import TARGETS
from tests.fuzz import kept
from tests.fuzz.findings import Findings, watched
from tests.fuzz.mutation import Mutation
from tests.fuzz.timing import Stopwatch


def main() -> None:
    """Fuzz until libFuzzer's arguments say that it is enough."""
    target, folder, *arguments = sys.argv[1:]
    is_stream = target == "framing"  # which may be as long as it likes; a message is timed
    measure = None if is_stream else Stopwatch().seconds
    mutation = Mutation(kept.seeds(target), native, streams=is_stream)
    once = watched(TARGETS[target], Findings(Path(folder)), measure)
    # Merging runs the program again, by what stands in front of its arguments, in a shell.
    program = shlex.join([sys.executable, "-m", "tests.fuzz.child", target, folder])
    atheris.Setup([program, *arguments], once, custom_mutator=mutation)
    atheris.Fuzz()


def native(data: bytes, size: int) -> bytes:
    """Change bytes as libFuzzer does; Setup replaces the function, so it is looked up late."""
    changed: bytes = atheris.Mutate(data, size)
    return changed


if __name__ == "__main__":
    main()
