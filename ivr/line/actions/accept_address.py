"""Who may give a new address, how it is read back, and what is kept of it once it is accepted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from ivr.flow.call import Done
from ivr.line import lockout
from ivr.line.actions.address_building import Building
from ivr.line.actions.kinds import Action, Inside, item, number, text
from ivr.line.service import Context
from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.members import born_on, is_own_prescription
from ivr.prompts import phrase
from ivr.wording import Value, Values

# The third proof


def third_proof(context: Context, values: Values) -> Done:
    """Say whether this call has shown more than number and ZIP, which is needed before mail may go elsewhere."""
    if values.get("proved"):
        return Done("proved")
    return Done("locked" if lockout.is_locked(context, _subject(values)) else "unproved")


def check_third_proof(context: Context, values: Values) -> Done:
    """Take a prescription number of the member, or the birth date as month, day and year."""
    keyed, member_id = text(values, "keyed_proof"), number(values, "member_id")
    if lockout.is_locked(context, _subject(values)):
        return Done("locked", forgets=("keyed_proof",))
    own = is_own_prescription(context.connection, member_id, keyed)
    if own or _birth_date(keyed) == born_on(context.connection, member_id):
        return Done("proved", {"proved": True}, ("keyed_proof",))
    lockout.count_failure(context, _subject(values))
    return Done("wrong", forgets=("keyed_proof",))


def _subject(values: Values) -> str:
    return f"proof of {number(values, 'member_id')}"


def _birth_date(keyed: str) -> date | str:
    """Read MMDDYYYY; what is no date is nobody's birth date."""
    try:
        return date(int(keyed[4:]), int(keyed[:2]), int(keyed[2:4])) if len(keyed) == 8 else ""
    except ValueError:
        return ""


# Read back


def offer_address(_: Context, values: Values) -> Done:
    """Put together what is known so far, to be heard whole: with each street that may be meant, at most three."""
    building = Building.of(values)
    offered = building.offered
    streets: tuple[Value, ...] = tuple(
        {"street": match.name, "address": building.at(match.name) if at else building.address(match.name)}
        for at, match in enumerate(offered)
    )
    return Done("offered", {"streets": streets, "note": _note(building), "also": _also(building)})


def _note(building: Building) -> Value:
    """Return what the caller should know before accepting."""
    offered = building.offered
    notes: list[Value] = []
    if building.street and not building.checked:
        notes.append(phrase("address.unchecked"))
    elif offered[0].near:
        notes.append(phrase("address.near"))
    if all(match.outside for match in offered):
        notes.append(phrase("address.outside", house={"house_number": building.house}))
    return tuple(notes)


def _also(building: Building) -> Value:
    """Return what else can be done about the address, as far as there is any of it."""
    wanted = {
        "address.other_unit": bool(building.unit),
        "address.lettered_unit": len(building.unit_keys) > 1,
        "address.unit": bool(building.house) and not building.unit,
        "address.other_streets": bool(building.letters),
        "address.narrow": building.has_many,
        "address.mend": True,
    }
    return tuple(phrase(name) for name, here in wanted.items() if here)


# Kept


def use_new_address(_: Context, values: Values) -> Done:
    """Choose the address that was accepted: for this order, or as the mailing address from the order on.

    It is written when the order is placed. One that could not be held against the directory stays unverified, replaces
    nothing, and holds the order.
    """
    building = Building.of(values)
    street, always = text(item(values, "street_choice"), "street"), text(values, "address_for") == "always"
    new = NewAddress(
        kind="mailing" if always else "shipping",
        house_number=building.house or None,
        street=street,
        unit=building.unit or None,
        city=building.city,
        state=building.state,
        zip=building.zip,
        verified=building.checked,
        keyed=" ".join(building.keyed),
    )
    outcome = "to_be_checked" if not building.checked else "from_now_on" if always else "chosen"
    kept: dict[str, Value] = {"address_id": None, "new_address": asdict(new), "address": building.address(street)}
    kept |= {"address_held": not building.checked}
    return Done(outcome, kept, ("building", "streets", "street_choice"))


ACTIONS: dict[str, Action] = {
    "third_proof": Inside(third_proof),
    "check_third_proof": Inside(check_third_proof),
    "offer_address": Inside(offer_address),
    "use_new_address": Inside(use_new_address),
}
