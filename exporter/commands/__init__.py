"""What the commands beside `serve`, `relay` and `agent` do; `cli` calls them.

`options` says how each is written, and `reaching` which exporter it means, and by which token.
"""
