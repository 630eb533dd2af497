"""What a version of an earlier release lacks, so that its calls go on across an upgrade: words, outcomes, and names of actions.

A call keeps the version it began with, whose flows and prompts were checked against the actions of that release. What is
listed here is kept for one release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.flow.call import Call, Done
from ivr.flow.definition import Flows
from ivr.prompts import Catalogues, Prompt

ACTIONS: Mapping[str, str] = {"settle_order": "authorize_order"}
"""Name that an action had -> the name it has."""

OUTCOMES: Mapping[tuple[str, str], str] = {
    ("find_member", "unproved"): "no_match",
    ("who_is_calling", "unproved"): "unknown",
    ("count_refillable", "no_prescriptions"): "none",
    ("take_keyed_number", "several"): "not_found",
    ("check_card_expiry", "year_of_four"): "past",
    ("use_new_address", "from_now_on"): "changed",
    ("leave_order", "unkept"): "address_dropped",
    ("take_up_order", "with_address"): "taken_up",
    ("take_letters", "full"): "heard",
    ("take_zip", "same_street"): "mended",
    ("take_zip", "other_streets"): "mended",
    ("take_zip", "no_streets"): "mended",
    **{
        (action, "not_pending"): "settled"
        for action in ("say_unpaid", "take_unpaid", "say_cancel", "pay_with_other_card", "cancel_unpaid")
    },
}
"""Action and outcome that a flow may not know yet -> the outcome that it knows for that."""


def known_outcome(flows: Flows, call: Call, done: Done) -> Done:
    """Return what an action came to, by an outcome that the flow knows."""
    state = flows.state(call.top.flow, call.top.state)
    if done.outcome in state.outcomes:
        return done
    return replace(done, outcome=OUTCOMES.get((state.action, done.outcome), done.outcome))


def with_words_since(older: Catalogues, current: Catalogues) -> Catalogues:
    """Return an older version's words, and those of the current one for prompts that it does not have."""
    return Catalogues(
        {
            language: replace(catalogue, prompts={**_prompts(current, language), **catalogue.prompts})
            for language, catalogue in older.by_language.items()
        }
    )


def _prompts(catalogues: Catalogues, language: str) -> Mapping[str, Prompt]:
    catalogue = catalogues.by_language.get(language)
    return catalogue.prompts if catalogue else {}
