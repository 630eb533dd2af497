"""Plays call scripts: a simulated caller does what the script says, and the results are checked and reported."""
