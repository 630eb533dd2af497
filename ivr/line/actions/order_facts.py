"""The facts an order is confirmed by, as phrases made from the present rows.

They are made when the order is said back, and again before it is placed: if they differ, the caller's yes does not
count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from ivr.flow.definition import Phrases
from ivr.line.actions import refill, speech
from ivr.line.actions.address import spoken_address
from ivr.line.service import Context
from ivr.line.values import Basket, BasketLine, ChosenAddress, ChosenCard, Gathered, Identified, KeyedCard, day
from ivr.orders.cards import KeptCard, is_expired, saved_card, saved_cards
from ivr.pharmacy.addresses import NewAddress, address_of
from ivr.pharmacy.prescriptions import assess
from ivr.pharmacy.refusals import FindingKind
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

SHIP_TO: Phrases = {
    name: {"address": "address"}
    for name in ("order.ship_to", "order.ship_to_from_now_on", "order.ship_to_once_checked")
}
"""The prompts for where an order is sent."""

EXPIRING: Phrases = {"card.expires_before": {"card": "phrase", "day": "date"}}
"""That a card expires before a day on which it is to be charged."""


@dataclass(frozen=True, slots=True)
class SaidOrder(Gathered):
    """All that is about to be ordered: the basket, and the facts as phrases, which the caller confirms."""

    basket: Basket
    lines: Value = ()
    ship_to: Value = ()
    amounts: Value = ()
    paying: Value = ()
    supply_notes: Value = ()


def order_facts(
    context: Context, member: Identified, basket: Basket, address: ChosenAddress, card: ChosenCard
) -> SaidOrder | None:
    """Return the facts with their basket, or None when the chosen card or address is gone."""
    basket = tuple(judged_anew(context, member.member_id, line) or line for line in basket)
    address_words, card_words = _spoken_address(context, address), _spoken_card(context, card)
    if address_words is None or card_words is None:
        return None
    totals = refill.totals_by_day(basket)
    return SaidOrder(
        basket,
        lines=speech.lines(basket, proved=member.proved),
        ship_to=phrase(ship_to_words(address.new_address), address=address_words),
        amounts=speech.amounts(totals),
        paying=_paying(context, member.member_id, card, card_words, totals, held=address.address_held),
        supply_notes=_supply_notes(basket, context.today, proved=member.proved),
    )


def judged_anew(context: Context, member_id: int, line: BasketLine) -> BasketLine | None:
    """Return a line with its supply's present days and price, or None if it cannot be ordered any more.

    Once an order has been said back, placing it says so.
    """
    finding = assess(context.connection, member_id, line.rx_number, context.today, context.services.rules)
    supply = next((supply for supply in finding.supplies if supply.n == line.n), None)
    is_due = finding.kind.asks_for == "order" or day(finding.due_on) <= line.when
    if supply is None or not is_due:
        return None
    ends_early = finding.kind == FindingKind.RUNS_OUT_FIRST and not line.when
    ends, arrives = (day(finding.runs_out_on), day(finding.arrives_on)) if ends_early else ("", "")
    return replace(line, days=supply.days, price=supply.price_cents, ends=ends, arrives=arrives)


# The address


def _spoken_address(context: Context, chosen: ChosenAddress) -> Value | None:
    if chosen.new_address:
        return chosen.address
    if chosen.address_id is None:
        raise LookupError("an order goes to no address")
    row = address_of(context.connection, chosen.address_id)
    return spoken_address(row) if row else None


def ship_to_words(new: NewAddress | None) -> str:
    """Return the prompt for where an order is sent: to a new address, or one on file."""
    if new is None or new.kind != "mailing":
        return "order.ship_to"
    return "order.ship_to_from_now_on" if new.verified else "order.ship_to_once_checked"


# The card


def _spoken_card(context: Context, chosen: ChosenCard) -> Value | None:
    """Return the phrase for the chosen card, () for none; None when a card on file cannot be charged any more."""
    if chosen.card is None:
        return ()
    if isinstance(chosen.card, KeyedCard):
        return chosen.spoken_card
    stored_card = saved_card(context.connection, chosen.card.saved_card_id)
    if stored_card is None or (stored_card.exp_year, stored_card.exp_month) < (context.today.year, context.today.month):
        return None
    return speech.card(stored_card.brand, stored_card.last4)


def card_expiring(context: Context, chosen: ChosenCard, last_charge: str) -> Value | None:
    """Return the phrase for the chosen card if it expires before the day on which it is charged last, else None."""
    if not last_charge or chosen.card is None:
        return None
    card: KeyedCard | KeptCard | None
    if isinstance(chosen.card, KeyedCard):
        card = chosen.card
    else:
        card = saved_card(context.connection, chosen.card.saved_card_id)
    if card is None or not is_expired(card, date.fromisoformat(last_charge)):
        return None
    return phrase("card.expires_before", card=speech.card(card.brand, card.last4), day=last_charge)


def _paying(
    context: Context,
    member_id: int,
    chosen: ChosenCard,
    spoken_card: Value,
    totals: list[tuple[str, int]],
    *,
    held: bool,
) -> Value:
    """Return the phrases for which card is charged, when, and how long it is kept."""
    charged_days = [when for when, cents in totals if cents]
    if chosen.card is None or not charged_days:
        return (phrase("order.no_card"),)
    later_orders = sum(map(bool, charged_days))
    if held:
        name, waiting_orders = ("order.card_held_later" if later_orders else "order.card_held"), len(charged_days)
    else:
        name, waiting_orders = ("order.card_later" if later_orders else "order.card"), later_orders
    return (phrase(name, card=spoken_card), *keeping_words(context, member_id, chosen, waiting_orders))


def keeping_words(context: Context, member_id: int, chosen: ChosenCard, waiting_orders: int = 0) -> tuple[Value, ...]:
    """Return the phrase for how long a new card is kept.

    `waiting_orders` is the number of orders that are charged later: on their ship day, or once staff release them.
    """
    card = chosen.card
    if not isinstance(card, KeyedCard) or is_on_file(context, member_id, card.brand, card.last4):
        return ()
    if chosen.keep_card == "yes":
        return (phrase("order.keep_on_file"),)
    return (phrase("order.keep_until", count=waiting_orders) if waiting_orders else phrase("order.keep_for_order"),)


def is_on_file(context: Context, member_id: int, brand: str, last4: str) -> bool:
    """Return whether a newly keyed card is on file already; if so, it stays there whatever the caller says now."""
    on_file = saved_cards(context.connection, member_id, context.services.gateway.name, context.today)
    return any((card_on_file.brand, card_on_file.last4) == (brand, last4) for card_on_file in on_file)


# Supplies that end before they arrive


def _supply_notes(basket: Basket, today: date, *, proved: bool) -> Value:
    """Return a phrase for each supply that ends before the new one arrives, soonest first."""
    ending_early = sorted((line for line in basket if line.ends), key=lambda line: line.ends)
    return tuple(
        phrase(
            "order.supply_ended" if date.fromisoformat(line.ends) < today else "order.supply_ends",
            what=speech.medicine(line.drug, line.rx_number, proved=proved),
            day=line.ends,
            arrives=line.arrives,
        )
        for line in ending_early
    )
