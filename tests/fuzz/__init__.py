"""Coverage-guided fuzzing of what strangers send: `make fuzz`, or `python -m tests.fuzz.run`.

`targets` says what must hold of any bytes, and needs no fuzzer: `test_targets` replays through it
what the fuzzer kept (`kept/*.txt`) and every failure it has ever found (`regressions.txt`).
"""
