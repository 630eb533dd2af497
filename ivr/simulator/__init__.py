"""The line in memory: its clock, its rows, what a version of it would answer."""
