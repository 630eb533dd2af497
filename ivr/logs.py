"""Log lines: an event name with fields, in which everything is masked that could identify a member or charge a card.

Our own loggers and those of libraries go through one chain of processors, so nothing is logged around it. Masking is
the last step before a line is rendered and does not rely on whoever logs: it hides secrets, fields that are known to
hold personal data, and any run of digits that is long enough for a card number, wherever it is. Nothing here decides
what is logged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence, Set
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TextIO, cast

from ivr.secret import MASK, Secret

if TYPE_CHECKING:  # loaded when the first line is logged
    from structlog.typing import FilteringBoundLogger, Processor

# Field names whose values are never shown, compared in lower case without "_" and "-", so that the carrier's own
# spelling ("CallerZip", "Digits") is met as well.
HIDDEN_FIELDS = frozenset(
    {
        "authtoken", "birthdate", "body", "callednumber", "caller", "callercity", "callername", "callernumber",
        "callerzip", "card", "cardnumber", "code", "cvc", "digits", "drug", "drugname", "expiry", "firstname", "from",
        "fromcity", "fromnumber", "fromzip", "housenumber", "keyed", "keys", "lastname", "memberid", "membernumber",
        "name", "number", "password", "paymentcardnumber", "paymenttoken", "phone", "postalcode", "rx", "rxnumber",
        "secret", "securitycode", "street", "token", "unit", "urbanization", "zip",
    }
)  # fmt: skip

# Twelve digits or more with single spaces or dashes between; longer runs than a card's may be a card and its code.
_CARD_LIKE = re.compile(r"\d(?:[ -]?\d){11,}")

_CALL_ID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")

# What database drivers add to a message: the values of the row in question.
_DATABASE_VALUES = re.compile(r"(\[parameters: |DETAIL:\s+).*")

# Loggers of libraries that say too much below this level, some of it private.
LEVELS = {
    "alembic": logging.WARNING,
    "ivr.pharmacy.database": logging.WARNING,  # SQLAlchemy's pool, which goes by our class's name
    "sqlalchemy": logging.WARNING,  # at INFO every statement, with its values
    "stripe": logging.WARNING,
    "twilio": logging.WARNING,  # at INFO every request, with its body
    "urllib3": logging.WARNING,
    "waitress": logging.ERROR,  # at WARNING it tells of every request that waits for a thread
    "watchfiles": logging.WARNING,
    "werkzeug": logging.WARNING,
}


def _structlog() -> Any:
    """Return structlog, loaded on first use.

    It loads rich and Pygments, which a command that logs nothing need not wait for.
    """
    import structlog

    return structlog


Watch = Callable[[str, Mapping[str, Any]], None]
"""Called with each of our own events and its fields, before they are masked: whoever watches must keep neither."""


def configure(stream: TextIO, json: bool | None = None, watch: Watch = lambda *_: None) -> None:
    """Send all log lines to a stream, and tell `watch` of each of ours.

    They are readable lines on a terminal, otherwise (or with `json=True`) one JSON object each.
    """
    structlog = _structlog()
    as_json = not stream.isatty() if json is None else json
    plain = structlog.dev.plain_traceback
    render = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)
    )
    structlog.configure(
        processors=[_told_to(watch), *_chain(), render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,  # otherwise a logger that was used before keeps its old stream
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_chain()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if not isinstance(kept, _Handler)] + [handler]
    root.setLevel(logging.INFO)
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)


def get_logger() -> FilteringBoundLogger:
    """Return a logger: `log.info("turn", state="confirm", ms=12)`. Later calls of `configure` apply to it as well."""
    return cast("FilteringBoundLogger", _structlog().get_logger())


def bind_call(call_id: str) -> None:
    """Add the call's ID to every line that this thread logs from now on."""
    _structlog().contextvars.bind_contextvars(call_id=call_id)


def clear() -> None:
    """Remove the call's ID from the lines that this thread logs."""
    _structlog().contextvars.clear_contextvars()


def mask(value: object) -> object:
    """Return a value as plain JSON data, with everything private in it replaced by dots."""
    match value:
        case None | bool():
            return value
        case Secret():
            return MASK
        case int() | float():
            return MASK if _CARD_LIKE.search(str(value)) else value
        case str():
            return _mask_text(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(key): mask_field(str(key), item) for key, item in value.items()}
        case bytes() | bytearray():
            return _mask_text(value.decode(errors="replace"))
        case Sequence() | Set():
            return [mask(item) for item in value]
        case _:
            return _mask_text(_shown(value))


def mask_field(name: str, value: object) -> object:
    """Return a named value masked: all of it when the name says that it is private."""
    plain = name.lower().replace("_", "").replace("-", "")
    return MASK if plain in HIDDEN_FIELDS and value is not None else mask(value)


def _mask_text(text: str) -> str:
    if _CALL_ID.fullmatch(text):
        return text  # hexadecimal: one ID in thirty has a run of digits as long as a card number
    return _DATABASE_VALUES.sub(rf"\1{MASK}", _CARD_LIKE.sub(MASK, text))


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # a log line must not fail because something cannot show itself
        return f"<{type(value).__name__}>"


def _mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    internal = ("_record", "_from_structlog")  # removed before rendering
    return {name: value if name in internal else mask_field(name, value) for name, value in event.items()}


def _told_to(watch: Watch) -> Processor:
    def tell(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        watch(event["event"], event)
        return event

    return tell


def _chain() -> list[Processor]:
    structlog = _structlog()
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # plain traceback: local variables are never shown
        _mask_event,
    ]


class _Handler(logging.StreamHandler[TextIO]):
    """Marks our handler among those of the root logger.

    A line that it cannot write is lost, rather than shown unmasked.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002  # logging's name
        return
