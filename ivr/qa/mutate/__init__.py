"""Mutation runs: small faults put into the call flow and the rules, to tell whether checker and call scripts find them."""
