"""Who may report for which device, how devices get a token, and what a person knows already."""
