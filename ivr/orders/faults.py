"""Logs the card processor's answers that are nobody's card: a request that it refused, or no answer at all."""

from __future__ import annotations

from ivr import logs
from ivr.payment.gateway import REQUEST_REASONS, Refused, Unavailable


def is_our_fault(answer: object, order_number: str | None) -> bool:
    """Return whether the processor refused the request itself, whatever the card. That, or no answer, is logged."""
    match answer:
        case Refused(reason) if reason in REQUEST_REASONS:
            logs.get_logger().error("processor_refused_request", order=order_number, reason=reason.value)
            return True
        case Unavailable(why):
            logs.get_logger().warning("processor_away", order=order_number, reason=why)
    return False
