"""The action that takes over a card which the carrier took (`<Pay>`): its digits were never here, only a token is."""

from __future__ import annotations

import re
from typing import Annotated

from ivr import logs
from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import done, external_action
from ivr.line.actions import keyed
from ivr.line.actions.cards import NewCard, finish_exchange
from ivr.line.service import Context
from ivr.payment.cards import Brand, Expiry, ExpiryProblem, check_expiry
from ivr.payment.gateway import Token
from ivr.secret import Secret

Told = Annotated[Secret | None, keyed.CARRIER_CARD]

_LAST4 = re.compile(r"[0-9]{4}$")


@external_action(
    *("exchanged", "refused", "unavailable"),
    on={"exchanged": {"card": OPAQUE, "spoken_card": OPAQUE}},
    ask=lambda services, new_card: services.gateway.attach(new_card.given),
    finish=finish_exchange,
)
def attach_card(
    context: Context,
    member_id: int,
    carrier_token: Told,
    carrier_brand: Told,
    carrier_card_number: Told,
    carrier_expiry: Told,
) -> NewCard[Token] | Done:
    """Have the processor attach the carrier's token for a card, so that it can be charged like one exchanged here."""
    brand, last4 = _revealed(carrier_brand), _LAST4.search(_revealed(carrier_card_number))
    expiry = check_expiry(_revealed(carrier_expiry), context.today)
    if expiry is ExpiryProblem.PAST:
        return done("refused")
    if carrier_token is None or last4 is None or not isinstance(expiry, Expiry):
        logs.get_logger().error(
            "card_step_failed", result="success without a token, a card's last digits or its expiry"
        )
        return done("unavailable")
    if brand not in set(Brand):
        return done("refused")
    token = Token(carrier_token, Brand(brand), last4[0], expiry.month, expiry.year)
    return NewCard(member_id, token)


def _revealed(told: Secret | None) -> str:
    return told.reveal() if told else ""
