"""The real programs that the system tests are made of, each a context manager.

Each stops only what it started, and by its process id. Nothing here asserts: the tests do.
"""
