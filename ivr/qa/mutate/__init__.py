"""Mutation testing: puts small faults into the flows and the rules, to see whether `ivr check` or call scripts find them.

A mutant is the flow or the rules with one such fault.
"""
