"""The conservation oracle: seeded traffic and misfortune against a real `knockwatch serve`."""
