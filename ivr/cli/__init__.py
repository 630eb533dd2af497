"""The commands. Each wires the parts for one job; a user's mistake is one clean line.

Exit codes: 0 done, 1 problems found, 2 wrong usage. One module a subject; all of them are listed here.
"""

from ivr.cli.draw import draw
from ivr.cli.group import main
from ivr.cli.pharmacy import pharmacy
from ivr.cli.qa import replay
from ivr.cli.recordings import recordings
from ivr.cli.service import db, dial, serve, sweep
from ivr.cli.staff import check, schema
from ivr.cli.streets import streets
from ivr.cli.versions import rollback, versions
from ivr.cli.words import say

for command in (
    serve,
    dial,
    check,
    schema,
    sweep,
    db,
    pharmacy,
    replay,
    recordings,
    say,
    rollback,
    versions,
    draw,
    streets,
):
    main.add_command(command)

__all__ = ["main"]
