"""Calls that nobody wrote down: found by a search or made at random, and checked against what must hold of any call."""
