"""Say the order back, and place it: one order for what goes now, and one for each later day, all or none."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.call import Done
from ivr.line import lockout, settle
from ivr.line.actions import refill, speech
from ivr.line.actions.cards import open_token
from ivr.line.actions.kinds import Action, Inside, Item, day, item, items, number, text
from ivr.line.service import Context
from ivr.pharmacy import placing
from ivr.pharmacy.fulfilment import use_card
from ivr.pharmacy.orders import OrderFacts
from ivr.pharmacy.payments import begin_payment, save_card
from ivr.pharmacy.placing import OrderRequest, Taken, WantedLine
from ivr.prompts import phrase
from ivr.wording import Value, Values


def say_back(_: Context, values: Values) -> Done:
    """Put together all that is about to be ordered."""
    basket, totals = items(values, "basket"), refill.totals(values)
    lines, amounts = speech.lines(values, basket), speech.amounts(totals)
    ship_to = phrase("order.ship_to", address=values["address"])
    paying = _paying(values, totals)
    return Done(
        "said", {"ship_to": ship_to, "lines": lines, "amounts": amounts, "paying": paying, "count": len(basket)}
    )


def _paying(values: Values, totals: list[tuple[str, int]]) -> Value:
    """Return which card is charged, when, and how long it is kept."""
    if values.get("card") is None or not any(cents for _, cents in totals):
        return phrase("order.no_card")
    card = values["spoken_card"]
    if values["address_held"]:
        return phrase("order.card_held", card=card)
    if not any(when for when, cents in totals if cents):
        return phrase("order.card", card=card)
    kept_anyway = "saved_card_id" in item(values, "card") or values["keep_card"] == "yes"
    return (phrase("order.card_later", card=card), *(() if kept_anyway else (phrase("order.card_kept"),)))


@dataclass(frozen=True, slots=True)
class _TakenError(Exception):
    """One of the orders could not be placed: none is."""

    taken: Taken


def place_order(context: Context, values: Values) -> Done:
    """Place what was said back; when a prescription was ordered elsewhere meanwhile, nothing, and it leaves the basket."""
    savepoint = context.connection.begin_nested()
    try:
        orders = [_place(context, values, when, cents) for when, cents in refill.totals(values)]
    except _TakenError as error:
        savepoint.rollback()
        return _without(values, error.taken)
    savepoint.commit()
    lockout.remember_phone(context, number(values, "member_id"))
    first = orders[0]
    told: dict[str, Value] = {
        "order_id": first.id,
        "order_number": first.order_number,
        "arrives_on": day(first.expected_by),
        "placed": tuple(speech.placed(order) for order in orders),
        "basket": (),
    }
    pending = next((order for order in orders if order.status == "pending"), None)
    return Done("pending" if pending else "placed", told)


def _without(values: Values, taken: Taken) -> Done:
    basket = items(values, "basket")
    gone = next(line for line in basket if line["rx_number"] == taken.rx_number)
    left = tuple(line for line in basket if line is not gone)
    what = speech.medicine_of(values, str(gone["drug"]), taken.rx_number)
    return Done("taken" if left else "all_taken", {"basket": left, "what": what})


def _place(context: Context, values: Values, when: str, cents: int) -> OrderFacts:
    ship_on, held = refill.later(when), bool(values["address_held"])
    lines = [line for line in items(values, "basket") if line["when"] == when]
    request = OrderRequest(
        member_id=number(values, "member_id"),
        lines=tuple(WantedLine(number(line, "prescription_id"), number(line, "n")) for line in lines),
        ship_to_id=number(values, "address_id"),
        status="held" if held else "scheduled" if ship_on else "pending" if cents else "placed",
        request_key=f"{context.caller.sid}-{context.turn}-{when}",
        ship_on=ship_on,
        held_reason="address" if held else None,
    )
    context_time = {"now": context.now, "today": context.today}
    outcome = placing.place_order(
        context.connection,
        request,
        rules=context.line.rules,
        draw=context.line.draw,
        **context_time,  # type: ignore[arg-type]
    )
    if isinstance(outcome, Taken):
        raise _TakenError(outcome)
    attach_card(context, values, outcome.order)
    return outcome.order


def attach_card(context: Context, values: Values, order: OrderFacts) -> None:
    """Note the card an order is to be charged to, and begin its payment if it is due now."""
    if not order.total_cents:
        return
    card = item(values, "card")
    use_card(context.connection, order.id, _card_id(context, card, order))
    if order.status == "pending":
        begin_paying(context, values, order.id, order.total_cents)


def _card_id(context: Context, card: Item, order: OrderFacts) -> int:
    if "saved_card_id" in card:
        return number(card, "saved_card_id")
    return save_card(
        context.connection,
        order.member_id,
        gateway=context.line.gateway.name,
        token=open_token(context.line.vault, text(card, "sealed_token"), context.now),
        brand=text(card, "brand"),
        last4=text(card, "last4"),
        exp_month=number(card, "exp_month"),
        exp_year=number(card, "exp_year"),
        only_for_order_id=order.id,
    )


def begin_paying(context: Context, values: Values, order_id: int, cents: int) -> None:
    """Write the payment down as pending, under a key made of call and turn."""
    card = item(values, "card")
    begin_payment(
        context.connection,
        order_id,
        gateway=context.line.gateway.name,
        brand=text(card, "brand"),
        last4=text(card, "last4"),
        amount_cents=cents,
        request_key=f"{context.caller.sid}-{context.turn}-{order_id}",
        now=context.now,
    )
    keep = text(values, "keep_card") == "yes"
    settle.begin(context.connection, order_id, context.caller.sid, context.now, keep_card=keep)


ACTIONS: dict[str, Action] = {
    "say_back": Inside(say_back),
    "place_order": Inside(place_order),
}
