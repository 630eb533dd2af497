"""Lets calls that began under an earlier release go on after an upgrade.

A call keeps the version of flows and prompts that it began with, which was checked against the actions of that release.
The names of actions, the outcomes and the prompts that such a version lacks are supplied here, for one release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.flow.call import Call, Done
from ivr.flow.definition import Flows
from ivr.prompts import Catalogues, Prompt

ACTIONS: Mapping[str, str] = {
    "settle_order": "authorize_order",
    "latest_order": "urgent_order",
    "find_order": "find_by_number",
    "cancel_unpaid": "cancel_order",
}
"""An action's earlier name -> its present name."""

OUTCOMES: Mapping[tuple[str, str], str] = {
    ("find_member", "unproved"): "no_match",
    ("who_is_calling", "unproved"): "unknown",
    ("count_refillable", "no_prescriptions"): "none",
    ("count_refillable", "all_on_file"): "some",
    ("take_keyed_number", "several"): "not_found",
    ("check_card_expiry", "year_of_four"): "past",
    ("use_new_address", "from_now_on"): "changed",
    ("leave_order", "unkept"): "address_dropped",
    ("take_up_order", "with_address"): "taken_up",
    ("take_up_order", "nothing_left"): "taken_up",
    ("chosen_address", "begun"): "none",
    ("take_letters", "full"): "heard",
    ("take_zip", "same_street"): "mended",
    ("take_zip", "other_streets"): "mended",
    ("take_zip", "no_streets"): "mended",
    ("latest_order", "told"): "found",
    ("tell_order", "can_be_filled"): "held",
    ("tell_order", "late"): "sent",
    ("next_news", "unheard"): "order",
    ("list_cards", "declined"): "on_file",
    ("say_back", "card_expires"): "changed",
    ("say_payment", "card_expires"): "said",
    ("offer_days", "needs_card"): "none",
    ("say_send_now", "needs_card"): "changed",
    **{
        (action, "ended"): "changed"
        for action in ("place_order", "pay_with_other_card", "take_unpaid", "move_ship_day")
    },
    ("cancel_unpaid", "to_be_released"): "cancelled",
    ("settle_order", "cancelled"): "held",
    **{("find_order", outcome): "not_found" for outcome in ("renewal", "renewal_ready", "renewal_denied")},
    **{(action, "not_pending"): "settled" for action in ("say_unpaid", "take_unpaid", "pay_with_other_card")},
    **{(action, "under_way"): "waiting" for action in ("say_cancel", "cancel_unpaid")},
    **{
        (action, outcome): "settled"
        for action in ("say_cancel", "cancel_unpaid")
        for outcome in ("changed", "unknown", "shipping", "finished")
    },
}
"""(Action, its outcome that an older flow may not know) -> the outcome that the older flow knows instead."""


def known_outcome(flows: Flows, call: Call, done: Done) -> Done:
    """Return an action's result, with an outcome that the call's flow knows."""
    state = flows.state(call.top.flow, call.top.state)
    if done.outcome in state.outcomes:
        return done
    return replace(done, outcome=OUTCOMES.get((state.action, done.outcome), done.outcome))


def with_words_since(older_catalogues: Catalogues, current: Catalogues) -> Catalogues:
    """Return an older version's prompts, with the current version's for those that it does not have."""
    return Catalogues(
        {
            language: replace(catalogue, prompts={**_prompts(current, language), **catalogue.prompts})
            for language, catalogue in older_catalogues.by_language.items()
        }
    )


def _prompts(catalogues: Catalogues, language: str) -> Mapping[str, Prompt]:
    catalogue = catalogues.by_language.get(language)
    return catalogue.prompts if catalogue else {}
