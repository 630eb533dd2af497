"""The command line. Each command puts together the parts that it needs; a user's mistake is reported in one line.

Exit codes: 0 done, 1 problems found, 2 wrong usage. Each module has the commands of one subject and is loaded when one
of them is run. All commands are listed here.
"""

from ivr.cli.group import main

main.modules = {
    "check": "staff",
    "connect": "connect",
    "db": "service",
    "dial": "service",
    "draw": "draw",
    "explore": "explore",
    "forget": "forget",
    "hand-overs": "hand_overs",
    "init": "init",
    "mutate": "mutate",
    "pharmacy": "pharmacy",
    "publish": "versions",
    "record": "record",
    "recordings": "recordings",
    "replay": "qa",
    "rollback": "versions",
    "say": "words",
    "schema": "staff",
    "serve": "serve",
    "streets": "streets",
    "sweep": "service",
    "versions": "versions",
}

__all__ = ["main"]
