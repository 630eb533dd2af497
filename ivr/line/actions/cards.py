"""How to pay: a card on file, or a new one keyed digit by digit and exchanged for the processor's token.

In the call's values a card is its kind, its last four digits and either the id of a card on file or the token,
sealed. Its number and code never get there.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime

from ivr.flow.call import Done
from ivr.line import card_entries
from ivr.line.actions import refill, speech
from ivr.line.actions.kinds import Action, Inside, Outside, item, number
from ivr.line.card_entries import Entry
from ivr.line.service import Context, Line
from ivr.line.specs.cards import MOST_CARDS
from ivr.orders.authorize import is_our_fault
from ivr.orders.cards import expired_cards, saved_cards
from ivr.payment.cards import (
    Brand,
    Card,
    Expiry,
    ExpiryProblem,
    NumberProblem,
    check_code,
    check_expiry,
    check_number,
    month_before_year_of_four,
)
from ivr.payment.gateway import Refused, Token, Unavailable
from ivr.payment.vault import Vault
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values
from ivr.secret import Secret


def add_up(_: Context, values: Values) -> Done:
    """Add up what is due, now and on each later day."""
    totals = refill.totals(values)
    told: dict[str, Value] = {"amounts": speech.amounts(totals), "total": dict(totals).get("", 0)}
    return Done(
        "due" if any(cents for _, cents in totals) else "nothing_due", {**told, "card": None, "keep_card": "no"}
    )


def list_cards(context: Context, values: Values) -> Done:
    """List the cards on file that can still be used."""
    found = saved_cards(context.connection, number(values, "member_id"), context.line.gateway.name, context.today)
    listed = tuple(
        {
            "card": speech.card(card.brand, card.last4),
            "brand": card.brand,
            "last4": card.last4,
            "saved_card_id": card.id,
        }
        for card in found[:MOST_CARDS]
    )
    gone = expired_cards(context.connection, number(values, "member_id"), context.line.gateway.name, context.today)
    expired = tuple(phrase("card.expired", card=speech.card(card.brand, card.last4)) for card in gone)
    return Done("on_file" if listed else "none", {"cards": listed, "expired": expired})


def use_card_on_file(_: Context, values: Values) -> Done:
    """Choose the card on file."""
    chosen = item(values, "card_choice")
    return Done("chosen", {"card": chosen, "spoken_card": chosen["card"], "keep_card": "no"})


def check_card_number(context: Context, _: Values) -> Done:
    """Check the number as it is keyed, and keep it for the questions to come."""
    keyed = context.held.get("card_number")
    brand = check_number(keyed) if keyed else NumberProblem.TOO_SHORT
    if keyed is None or isinstance(brand, NumberProblem):
        return Done(brand.value)
    card_entries.keep(context, Entry(keyed, brand.value))
    return Done("good")


def check_card_expiry(context: Context, _: Values) -> Done:
    """Check the expiry date; the outcome says how long the security code is."""
    keyed, entry = context.held.get("card_expiry"), card_entries.take(context)
    if entry is None:
        return Done("lost")
    if keyed and (month := month_before_year_of_four(keyed, context.today)):
        card_entries.keep(context, replace(entry, exp_month=month, exp_year=0))
        return Done("year_of_four")
    return _expiry(context, entry, keyed)


def check_rest_of_expiry(context: Context, _: Values) -> Done:
    """Take the last two digits of a year that was keyed with four."""
    rest, entry = context.held.get("card_expiry_rest"), card_entries.take(context)
    if entry is None or not entry.exp_month:
        return Done("lost")
    return _expiry(context, entry, Secret(f"{entry.exp_month:02}{rest.reveal()}") if rest else None)


def _expiry(context: Context, entry: Entry, keyed: Secret | None) -> Done:
    expiry = check_expiry(keyed, context.today) if keyed else ExpiryProblem.NOT_FOUR_DIGITS
    if not isinstance(expiry, Expiry):
        return Done("past" if expiry is ExpiryProblem.PAST else "no_such_date")
    card_entries.keep(context, replace(entry, exp_month=expiry.month, exp_year=expiry.year))
    return Done("code_of_four" if entry.brand == Brand.AMEX else "code_of_three")


def _prepare_exchange(context: Context, _: Values) -> Card | Done:
    entry, code = card_entries.take(context), context.held.get("card_code")
    if entry is None or code is None or not entry.exp_year or not check_code(Brand(entry.brand), code):
        card_entries.wipe(context)
        return Done("lost")
    return Card(entry.number, entry.exp_month, entry.exp_year, code)


def _perform_exchange(line: Line, card: Card) -> Token | Refused | Unavailable:
    return line.gateway.tokenize(card)


def _finish_exchange(context: Context, _: Values, __: Card, answer: Token | Refused | Unavailable) -> Done:
    card_entries.wipe(context)
    if is_our_fault(answer, None):
        return Done("unavailable")
    match answer:
        case Token():
            sealed = seal_token(context.line.vault, answer.token, context.now)
            card: dict[str, Value] = {
                "brand": answer.brand.value,
                "last4": answer.last4,
                "exp_month": answer.exp_month,
                "exp_year": answer.exp_year,
                "sealed_token": sealed,
            }
            return Done("exchanged", {"card": card, "spoken_card": speech.card(answer.brand.value, answer.last4)})
        case Refused():
            return Done("refused")
        case Unavailable():
            return Done("unavailable")


def seal_token(vault: Vault, token: Secret, now: datetime) -> str:
    """Return a token as text that may lie in a call's state."""
    return base64.b85encode(vault.seal(token.reveal().encode(), now)).decode()


def open_token(vault: Vault, sealed: str, now: datetime) -> Secret:
    """Return the token that was sealed; ValueError when it cannot be opened."""
    opened = vault.open(base64.b85decode(sealed), None, now)
    if opened is None:
        raise ValueError("a card's token cannot be opened: it was sealed with another key")
    return Secret(opened.decode())


ACTIONS: dict[str, Action] = {
    "add_up": Inside(add_up),
    "list_cards": Inside(list_cards),
    "use_card_on_file": Inside(use_card_on_file),
    "check_card_number": Inside(check_card_number),
    "check_card_expiry": Inside(check_card_expiry),
    "check_rest_of_expiry": Inside(check_rest_of_expiry),
    "exchange_card": Outside(_prepare_exchange, _perform_exchange, _finish_exchange),
}
