"""Actions that read a new address back and choose it once the caller accepts it."""

from __future__ import annotations

from typing import Any, Literal

from ivr.flow.call import Done
from ivr.flow.definition import LIST, Items, Phrases
from ivr.line.action import action, done
from ivr.line.actions.address import CHOSEN, as_chosen
from ivr.line.actions.address_building import AT_A_TIME, Building, Match
from ivr.line.service import Context
from ivr.line.values import OfferedStreet
from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.places import PUERTO_RICO
from ivr.pharmacy.unverified import Doubt
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

NOTES: Phrases = {
    "address.near": {},
    "address.outside": {"house": "address"},
    **{f"address.{name}": {} for name in ("unchecked", "unchecked_zip", "unchecked_urbanization", "unchecked_number")},
}

ALSO: Phrases = {
    f"address.{name}": {}
    for name in ("unit", "other_unit", "lettered_unit", "other_streets", "narrow", "narrow_urbanization", "mend")
}

MORE_PARTS: Phrases = {"address.mend_urbanization": {}}
"""The prompt for what else can be changed about an address in Puerto Rico."""

# Reading it back


@action(
    "offered",
    writes={"streets": LIST, "note": "phrase", "also": "phrase", "more_parts": "phrase"},
    items={"streets": Items({"address": "address"}, AT_A_TIME)},
    phrases={"note": NOTES, "also": ALSO, "more_parts": MORE_PARTS},
)
def offer_address(_: Context, building: Building) -> Done:
    """Put together the whole address to be read back, on each street that may be meant (at most three)."""
    streets = tuple(
        OfferedStreet(
            match.name,
            match.urbanization,
            match.doubt,
            building.line_on(match) if position else building.address(match),
        )
        for position, match in enumerate(building.offered)
    )
    more_parts = (phrase("address.mend_urbanization"),) if building.state == PUERTO_RICO else ()
    return done("offered", streets=streets, note=_note(building), also=_also(building), more_parts=more_parts)


def _note(building: Building) -> Value:
    """Return the phrases for what the caller should know before accepting."""
    offered = building.offered
    notes: list[Value] = []
    if offered[0].near:
        notes.append(phrase("address.near"))
    if not any(building.is_sure(match) for match in offered):
        notes.append(phrase(_UNSURE["" if building.urbanization else building.doubt_about(offered[0])]))
    elif all(match.outside for match in offered):
        notes.append(phrase("address.outside", house={"house_number": building.house}))
    return tuple(notes)


_UNSURE = {"": "address.unchecked", **{doubt.value: f"address.unchecked_{doubt.value}" for doubt in Doubt}}
"""Why an address has to be checked -> the prompt that says so."""


def _also(building: Building) -> Value:
    """Return the phrases for what else the caller can do about the address."""
    possibilities = {
        "address.other_unit": bool(building.unit),
        "address.lettered_unit": len(building.unit_keys) > 1,
        "address.unit": bool(building.house) and not building.unit,
        "address.other_streets": bool(building.letters),
        "address.narrow": building.has_many and not building.is_one_name,
        "address.narrow_urbanization": building.has_many and building.is_one_name,
        "address.mend": True,
    }
    return tuple(phrase(name) for name, is_possible in possibilities.items() if is_possible)


# Choosing it


@action(*("chosen", "from_now_on", "to_be_checked"), writes=CHOSEN, forgets=("building", "streets", "street_choice"))
def use_new_address(
    _: Context, building: Building, street_choice: OfferedStreet, address_for: Literal["order", "always"]
) -> Done:
    """Choose the accepted address: for this order only, or as the mailing address from this order on.

    It is inserted when the order is placed. One that could not be checked against the street directory stays
    unverified, replaces no other address, and holds the order.
    """
    chosen_street, is_mailing = street_choice, address_for == "always"
    match = Match(chosen_street.street, urbanization=chosen_street.urbanization, doubt=chosen_street.doubt)
    parts: dict[str, Any] = building.address(match)
    new_address = NewAddress(
        **parts,
        kind="mailing" if is_mailing else "shipping",
        verified=building.is_sure(match),
        keyed=" ".join(building.keyed),
    )
    outcome = "to_be_checked" if not new_address.verified else "from_now_on" if is_mailing else "chosen"
    return done(outcome, as_chosen(new_address))
