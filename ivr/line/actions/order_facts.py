"""What an order is confirmed by: its facts in words, made from the rows as they stand.

They are put together when the order is said back, and once more before it is placed: a yes to other words is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from ivr.line.actions import refill, speech
from ivr.line.actions.address import spoken
from ivr.line.service import Context
from ivr.line.values import Basket, BasketLine, ChosenAddress, ChosenCard, Gathered, Identified, KeyedCard, day
from ivr.orders.cards import saved_card, saved_cards
from ivr.pharmacy.addresses import NewAddress, address_of
from ivr.pharmacy.prescriptions import assess
from ivr.pharmacy.refusals import FindingKind
from ivr.prompts import phrase
from ivr.prompts.spoken import Value


@dataclass(frozen=True, slots=True)
class SaidOrder(Gathered):
    """All that is about to be ordered: the basket, and the facts in words that the caller's yes is to."""

    basket: Basket
    lines: Value = ()
    ship_to: Value = ()
    amounts: Value = ()
    paying: Value = ()
    supply_notes: Value = ()


def order_facts(
    context: Context, member: Identified, basket: Basket, address: ChosenAddress, card: ChosenCard
) -> SaidOrder | None:
    """Return the facts, with the basket they tell of; None when the card or the address that was chosen is gone."""
    basket = tuple(_judged_anew(context, member.member_id, line) for line in basket)
    spoken_address, spoken_card = _address(context, address), _card(context, card)
    if spoken_address is None or spoken_card is None:
        return None
    totals = refill.totals(basket)
    return SaidOrder(
        basket,
        lines=speech.lines(basket, proved=member.proved),
        ship_to=phrase(_ship_to_words(address.new_address), address=spoken_address),
        amounts=speech.amounts(totals),
        paying=_paying(context, member.member_id, card, spoken_card, totals, held=address.address_held),
        supply_notes=_supply_notes(basket, context.today, proved=member.proved),
    )


def _judged_anew(context: Context, member_id: int, line: BasketLine) -> BasketLine:
    """Return a line with its supply's days and price as they are now; placing says what cannot be ordered any more."""
    finding = assess(context.connection, member_id, line.rx_number, context.today, context.services.rules)
    supply = next((supply for supply in finding.supplies if supply.n == line.n), None)
    if supply is None or not (finding.kind.asks_for == "order" or line.when):
        return line
    late = finding.kind == FindingKind.RUNS_OUT_FIRST and not line.when
    ends, arrives = (day(finding.runs_out_on), day(finding.arrives_on)) if late else ("", "")
    return replace(line, days=supply.days, price=supply.price_cents, ends=ends, arrives=arrives)


# The address


def _address(context: Context, chosen: ChosenAddress) -> Value | None:
    if chosen.new_address:
        return chosen.address
    if chosen.address_id is None:
        raise LookupError("an order goes to no address")
    found = address_of(context.connection, chosen.address_id)
    return spoken(found) if found else None


def _ship_to_words(new: NewAddress | None) -> str:
    if new is None or new.kind != "mailing":
        return "order.ship_to"
    return "order.ship_to_from_now_on" if new.verified else "order.ship_to_once_checked"


# The card


def _card(context: Context, chosen: ChosenCard) -> Value | None:
    """Return the card in words; one on file as its row is now, None when it cannot be charged any more."""
    if chosen.card is None:
        return ()
    if isinstance(chosen.card, KeyedCard):
        return chosen.spoken_card
    kept_card = saved_card(context.connection, chosen.card.saved_card_id)
    if kept_card is None or (kept_card.exp_year, kept_card.exp_month) < (context.today.year, context.today.month):
        return None
    return speech.card(kept_card.brand, kept_card.last4)


def _paying(
    context: Context,
    member_id: int,
    chosen: ChosenCard,
    spoken_card: Value,
    totals: list[tuple[str, int]],
    *,
    held: bool,
) -> Value:
    """Return which card is charged, when, and how long it is kept."""
    charged = [when for when, cents in totals if cents]
    if chosen.card is None or not charged:
        return (phrase("order.no_card"),)
    later = sum(map(bool, charged))
    if held:
        name, waits = ("order.card_held_later" if later else "order.card_held"), len(charged)
    else:
        name, waits = ("order.card_later" if later else "order.card"), later
    return (phrase(name, card=spoken_card), *kept(context, member_id, chosen, waits))


def kept(context: Context, member_id: int, chosen: ChosenCard, waits: int = 0) -> tuple[Value, ...]:
    """Return for how long a new card is kept; `waits` are the orders it is kept for until their day, or the staff's."""
    card = chosen.card
    if not isinstance(card, KeyedCard) or is_on_file(context, member_id, card.brand, card.last4):
        return ()
    if chosen.keep_card == "yes":
        return (phrase("order.keep_on_file"),)
    return (phrase("order.keep_until", count=waits) if waits else phrase("order.keep_for_order"),)


def is_on_file(context: Context, member_id: int, brand: str, last4: str) -> bool:
    """Say whether a card that was keyed anew stands on file already, and so stays there whatever is said now."""
    on_file = saved_cards(context.connection, member_id, context.services.gateway.name, context.today)
    return any((known.brand, known.last4) == (brand, last4) for known in on_file)


# Supplies that end before they arrive


def _supply_notes(basket: Basket, today: date, *, proved: bool) -> Value:
    """Return what the caller takes into account: each supply that ends before it arrives, soonest first."""
    late = sorted((line for line in basket if line.ends), key=lambda line: line.ends)
    return tuple(
        phrase(
            "order.supply_ended" if date.fromisoformat(line.ends) < today else "order.supply_ends",
            what=speech.medicine(line.drug, line.rx_number, proved=proved),
            day=line.ends,
            arrives=line.arrives,
        )
        for line in late
    )
