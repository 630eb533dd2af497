"""How a new address is read back, and what is kept of it once it is accepted."""

from __future__ import annotations

from typing import Any, Literal

from ivr.flow.call import Done
from ivr.flow.definition import LIST, Items, Phrases
from ivr.line.action import action, done
from ivr.line.actions.address import CHOSEN, chosen
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
"""What else can be changed about an address in Puerto Rico."""

# Read back


@action(
    "offered",
    writes={"streets": LIST, "note": "phrase", "also": "phrase", "more_parts": "phrase"},
    items={"streets": Items({"address": "address"}, AT_A_TIME)},
    phrases={"note": NOTES, "also": ALSO, "more_parts": MORE_PARTS},
)
def offer_address(_: Context, building: Building) -> Done:
    """Put together what is known so far, to be heard whole: with each street that may be meant, at most three."""
    streets = tuple(
        OfferedStreet(
            match.name, match.urbanization, match.doubt, building.at(match) if at else building.address(match)
        )
        for at, match in enumerate(building.offered)
    )
    more_parts = (phrase("address.mend_urbanization"),) if building.state == PUERTO_RICO else ()
    return done("offered", streets=streets, note=_note(building), also=_also(building), more_parts=more_parts)


def _note(building: Building) -> Value:
    """Return what the caller should know before accepting."""
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
"""Why an address has to be checked -> the words for it."""


def _also(building: Building) -> Value:
    """Return what else can be done about the address, as far as there is any of it."""
    wanted = {
        "address.other_unit": bool(building.unit),
        "address.lettered_unit": len(building.unit_keys) > 1,
        "address.unit": bool(building.house) and not building.unit,
        "address.other_streets": bool(building.letters),
        "address.narrow": building.has_many and not building.alike,
        "address.narrow_urbanization": building.has_many and building.alike,
        "address.mend": True,
    }
    return tuple(phrase(name) for name, here in wanted.items() if here)


# Kept


@action(*("chosen", "from_now_on", "to_be_checked"), writes=CHOSEN, forgets=("building", "streets", "street_choice"))
def use_new_address(
    _: Context, building: Building, street_choice: OfferedStreet, address_for: Literal["order", "always"]
) -> Done:
    """Choose the address that was accepted: for this order, or as the mailing address from the order on.

    It is written when the order is placed. One that could not be held against the directory stays unverified, replaces
    nothing, and holds the order.
    """
    choice, always = street_choice, address_for == "always"
    match = Match(choice.street, urbanization=choice.urbanization, doubt=choice.doubt)
    parts: dict[str, Any] = building.address(match)
    new = NewAddress(
        **parts,
        kind="mailing" if always else "shipping",
        verified=building.is_sure(match),
        keyed=" ".join(building.keyed),
    )
    outcome = "to_be_checked" if not new.verified else "from_now_on" if always else "chosen"
    return done(outcome, chosen(new))
