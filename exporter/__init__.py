"""knockwatch: which device and which program is behind the packets that a router rejects.

Start reading at `pipeline.py`, the one file that names every stage.
"""
