"""What call scripts are played on: a line in memory, with its own clock and rows, or the test members of another."""
