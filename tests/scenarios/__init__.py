"""Scenarios as data: what devices reported and what a router logged, and what people must be told.

Each runs through the real pipeline, from bytes to the sentence. `networks.tsv` says which invented
networks the documentation addresses belong to; other addresses are looked up in our own table.
Whose it is, cause and verdict are written by hand; `record` writes the sentences.
"""
