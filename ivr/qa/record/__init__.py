"""Turns recorded calls into call scripts."""
