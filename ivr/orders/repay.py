"""Shim."""

from datetime import datetime

from sqlalchemy import Connection

from ivr.orders import authorize
from ivr.orders.authorize import Progress
from ivr.orders.find import OrderFacts, order_by_id
from ivr.payment.gateway import Gateway, Token
from ivr.pharmacy.tables import OrderStatus


def pay_again(
    connection: Connection,
    gateway: Gateway,
    order: OrderFacts,
    card: int | Token,
    *,
    sid: str,
    turn: int,
    now: datetime,
    keep_card: bool,
) -> bool:
    progress = authorize.locked_progress(connection, order.id, now)
    present = order_by_id(connection, order.id)
    if present is None or present.status is not OrderStatus.PENDING or progress is not Progress.DECLINED:
        return False
    authorize.pay_with_card(connection, gateway, present, card, sid=sid, turn=turn, now=now, keep_card=keep_card)
    return True
