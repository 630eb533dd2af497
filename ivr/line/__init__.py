"""Connects flows with the pharmacy and the card processor. Each turn of a call is one transaction."""
