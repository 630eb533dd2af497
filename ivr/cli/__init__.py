"""The commands. Each wires the parts for one job; a user's mistake is one clean line.

Exit codes: 0 done, 1 problems found, 2 wrong usage. One module a subject, loaded when one of its commands is run;
all of them are listed here.
"""

from ivr.cli.group import main

main.modules = {
    "check": "staff",
    "db": "service",
    "dial": "service",
    "draw": "draw",
    "explore": "explore",
    "mutate": "mutate",
    "pharmacy": "pharmacy",
    "publish": "versions",
    "record": "record",
    "recordings": "recordings",
    "replay": "qa",
    "rollback": "versions",
    "say": "words",
    "schema": "staff",
    "serve": "service",
    "streets": "streets",
    "sweep": "service",
    "versions": "versions",
}

__all__ = ["main"]
