"""What outlives the program: two SQLite files in its state folder.

`state` holds the counters and, as `remembered` takes it from the stages, what else must outlive a
restart; `storing` says when. `evidence_file` holds the decisions of the last days, which `archive`
writes and asks. `database` is how either is opened, and set aside when it is damaged.
"""
