"""Goes on with the next member in the same call: of the one before, nothing is left in it."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.line import card_entries
from ivr.line.action import action, done
from ivr.line.service import Context

MOST_MEMBERS = 4
"""How many members one call serves."""

OF_THE_CALLER = ("language",)
"""The values that are no member's, but of whoever holds the telephone: how they want to hear the line."""


@action(
    *("next", "no_more"),
    on={"next": {"whose_turn": "ordinal"}, "no_more": {"most_members": "number"}},
    keeps={"next": OF_THE_CALLER},
    tells={"next": ("whose_turn",), "no_more": ("most_members",)},
)
def next_member(context: Context, whose_turn: int = 1) -> Done:
    """Forget everything of the member before, for the next one to be identified, unless the call has served enough."""
    if whose_turn >= MOST_MEMBERS:
        return done("no_more", most_members=MOST_MEMBERS)
    card_entries.delete_entry(context)
    return done("next", whose_turn=whose_turn + 1)
