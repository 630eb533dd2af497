"""Joins a flow to the pharmacy and the card processor: one turn of a call, one transaction."""
