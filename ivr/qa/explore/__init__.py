"""Calls that nobody wrote down: searched for, made at random, and held to what must always be so."""
