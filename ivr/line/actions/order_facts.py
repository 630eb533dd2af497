"""What an order is confirmed by: its facts in words, made from the rows as they stand.

They are put together when the order is said back, and once more before it is placed: a yes to other words is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date

from ivr.line.actions import refill, speech
from ivr.line.actions.address import SPOKEN, new_address
from ivr.line.actions.kinds import Item, day, item, items, number, text
from ivr.line.service import Context
from ivr.orders.cards import saved_card, saved_cards
from ivr.pharmacy.addresses import address_of
from ivr.pharmacy.prescriptions import assess
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values

Facts = dict[str, Value]


def order_facts(context: Context, values: Values) -> Facts | None:
    """Return the facts, with the basket they tell of; None when the card or the address that was chosen is gone."""
    basket = _judged_anew(context, values)
    address, card = _address(context, values), _card(context, values)
    if address is None or card is None:
        return None
    totals = refill.totals({"basket": basket})
    return {
        "basket": basket,
        "lines": speech.lines(values, basket),
        "ship_to": phrase(_ship_to_words(values), address=address),
        "amounts": speech.amounts(totals),
        "paying": _paying(context, values, card, totals),
        "supply_notes": _supply_notes(context, values, basket),
    }


def alike(said: Values, now: Facts) -> bool:
    """Say whether the facts are now as they were said; a call that was stored comes back with lists for tuples."""
    return all(_plain(said.get(name)) == _plain(value) for name, value in now.items())


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value


def _judged_anew(context: Context, values: Values) -> tuple[Item, ...]:
    member_id = number(values, "member_id")

    def judged(line: Item) -> Item:
        rx_number = str(line["rx_number"])
        finding = assess(context.connection, member_id, rx_number, context.today, context.line.rules)
        return _with_supply(line, finding)

    return tuple(judged(line) for line in items(values, "basket"))


def _with_supply(line: Item, finding: Finding) -> Item:
    """Return a line with its supply's days and price as they are now; placing says what cannot be ordered any more."""
    supply = next((supply for supply in finding.supplies if supply.n == line["n"]), None)
    if supply is None or not (finding.kind.asks_for == "order" or line["when"]):
        return line
    kept = {name: value for name, value in line.items() if name not in ("ends", "arrives")}
    late = finding.kind == FindingKind.RUNS_OUT_FIRST and not line["when"]
    ends = {"ends": day(finding.runs_out_on), "arrives": day(finding.arrives_on)} if late else {}
    return {**kept, "days": supply.days, "price": supply.price_cents, **ends}


# The address


def _address(context: Context, values: Values) -> Value | None:
    if new_address(values):
        return values["address"]
    found = address_of(context.connection, number(values, "address_id"))
    parts = asdict(found) if found else {}
    return {name: parts[name] for name in SPOKEN} if parts else None


def _ship_to_words(values: Values) -> str:
    new = new_address(values)
    if new is None or new.kind != "mailing":
        return "order.ship_to"
    return "order.ship_to_from_now_on" if new.verified else "order.ship_to_once_checked"


# The card


def _card(context: Context, values: Values) -> Value | None:
    """Return the card in words; one on file as its row is now, None when it cannot be charged any more."""
    if values.get("card") is None:
        return ()
    card = item(values, "card")
    if "saved_card_id" not in card:
        return values["spoken_card"]
    kept_card = saved_card(context.connection, number(card, "saved_card_id"))
    if kept_card is None or (kept_card.exp_year, kept_card.exp_month) < (context.today.year, context.today.month):
        return None
    return speech.card(kept_card.brand, kept_card.last4)


def _paying(context: Context, values: Values, card: Value, totals: list[tuple[str, int]]) -> Value:
    """Return which card is charged, when, and how long it is kept."""
    charged = [when for when, cents in totals if cents]
    if values.get("card") is None or not charged:
        return (phrase("order.no_card"),)
    later = sum(map(bool, charged))
    if values["address_held"]:
        name, waits = ("order.card_held_later" if later else "order.card_held"), len(charged)
    else:
        name, waits = ("order.card_later" if later else "order.card"), later
    return (phrase(name, card=card), *kept(context, values, waits))


def kept(context: Context, values: Values, waits: int = 0) -> tuple[Value, ...]:
    """Return for how long a new card is kept; `waits` are the orders it is kept for until their day, or the staff's."""
    card = item(values, "card")
    if "saved_card_id" in card or is_on_file(context, number(values, "member_id"), card):
        return ()
    if keeps_card(values):
        return (phrase("order.keep_on_file"),)
    return (phrase("order.keep_until", count=waits) if waits else phrase("order.keep_for_order"),)


def keeps_card(values: Values) -> bool:
    """Say whether the caller wants the new card on file."""
    return text(values, "keep_card") == "yes"


def is_on_file(context: Context, member_id: int, card: Item) -> bool:
    """Say whether a card that was keyed anew stands on file already, and so stays there whatever is said now."""
    on_file = saved_cards(context.connection, member_id, context.line.gateway.name, context.today)
    return any((known.brand, known.last4) == (card["brand"], card["last4"]) for known in on_file)


# Supplies that end before they arrive


def _supply_notes(context: Context, values: Values, basket: Iterable[Item]) -> Value:
    """Return what the caller takes into account: each supply that ends before it arrives, soonest first."""
    late = sorted((line for line in basket if line.get("ends")), key=lambda line: str(line["ends"]))
    return tuple(_supply_note(context, values, line) for line in late)


def _supply_note(context: Context, values: Values, line: Item) -> Value:
    what = speech.medicine_of(values, str(line["drug"]), str(line["rx_number"]))
    ended = date.fromisoformat(str(line["ends"])) < context.today
    name = "order.supply_ended" if ended else "order.supply_ends"
    return phrase(name, what=what, day=line["ends"], arrives=line["arrives"])
