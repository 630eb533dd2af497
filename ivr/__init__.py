"""A telephone refill line: a call flow in YAML, a keypad, and a shared pharmacy database."""
