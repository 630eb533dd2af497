"""Tests of the call flows by call scripts: writing them, playing them, measuring coverage, and finding new ones.

A call script is a YAML description of one call: what the caller does and what they should hear.
"""
