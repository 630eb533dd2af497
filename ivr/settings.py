"""The settings of the line: every environment variable that it takes, read once at the start into one frozen value.

`SETTINGS` describes each variable in one place; error messages and the documentation are made from it. A value that
cannot be used stops the program, and all such values are reported together. Nothing here opens a database or a socket.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr.clock import Clock, fixed_clock, system_clock
from ivr.errors import SettingError, did_you_mean
from ivr.secret import Secret

DEFAULTS = Path(__file__).parent / "defaults"
"""Where the flows and prompts that come with the program lie; in a checkout, links to the folders at its top."""
STAFF_PASSWORD_LETTERS = 12


def default_folder(name: str) -> Path:
    """Return the folder of flows or prompts ("flows", "prompts") in the current folder, else the installed one."""
    here = Path.cwd() / name
    return here if is_folder(here) else installed_folder(name)


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder that this process may look into."""
    try:
        any(path.iterdir())
    except OSError:
        return False
    return True


def installed_folder(name: str) -> Path:
    """Return the folder of flows or prompts ("flows", "prompts") that came with the program."""
    return (DEFAULTS / name).resolve()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chose; `Settings()` is what a fresh checkout runs with. Fields are explained in `SETTINGS`."""

    database_url: str = field(default="sqlite:///ivr.db", repr=False)  # it may carry a password
    twilio_auth_tokens: tuple[Secret, ...] = ()
    twilio_account_sid: str | None = None
    public_url: str | None = None
    secret_keys: tuple[Secret, ...] = ()
    unsigned: bool = False
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/Los_Angeles"))
    person_number: str | None = None
    text_from: str | None = None
    retention_days: int = 90
    staff_password: Secret | None = None
    gateway: Literal["sandbox", "stripe"] = "sandbox"
    stripe_api_key: Secret | None = None
    stripe_api_base: str | None = None
    card_capture: Literal["keypad", "pay"] = "keypad"
    flows: Path = field(default_factory=lambda: default_folder("flows"))
    prompts: Path = field(default_factory=lambda: default_folder("prompts"))
    publish: Literal["saved", "asked"] = "saved"
    now: datetime | None = None
    refill_window_days: int = 14
    unpaid_days: int = 3
    price_change_cents: int = 100
    controlled_window_days: int = 7
    controlled_multiples: bool = False
    limit_schedule_five: bool = False

    @property
    def live_key(self) -> bool:
        """Whether the processor's key moves real money."""
        return self.stripe_api_key is not None and is_live(self.stripe_api_key)

    @property
    def live_processor(self) -> bool:
        """Whether cards are really charged: Stripe is chosen, and its key is a live one."""
        return self.gateway == "stripe" and self.live_key

    def clock(self) -> Clock:
        """Return the machine's clock, or one that stands still at `now`."""
        return fixed_clock(self.now) if self.now else system_clock


def is_live(key: Secret) -> bool:
    """Tell whether a processor's key moves real money."""
    return key.reveal().startswith(("sk_live_", "rk_live_"))


def _accepting(fits: Callable[[str], object]) -> Callable[[str], str]:
    """Return a reader that gives back the value that fits, and raises ValueError for any other."""

    def read(value: str) -> str:
        if not fits(value):
            raise ValueError
        return value

    return read


def _one_of(*options: str) -> Callable[[str], str]:
    return _accepting(options.__contains__)


def _matching(pattern: str) -> Callable[[str], str]:
    return _accepting(re.compile(pattern, re.ASCII).fullmatch)


def _read_flag(value: str) -> bool:
    return _one_of("0", "1")(value) == "1"


def _within(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of a whole number within bounds."""
    within = _accepting(lambda value: low <= int(_matching(r"\d{1,6}")(value)) <= high)
    return lambda value: int(within(value))


class UnusableValueError(ValueError):
    """Raised for a value that cannot be used.

    Says what was found, without showing a secret, and what to do about it.
    """


def _refuse_slips(value: str, messages: Mapping[str, str]) -> None:
    """Raise UnusableValueError with the message of the first pattern that is found in the value."""
    for pattern, words in messages.items():
        if re.search(pattern, value):
            raise UnusableValueError(words)


_DATABASE_SLIPS = {
    r"^[\"']|[\"']$": "quotation marks round it: leave them out",
    r"\s": "a space in it: write it as %20",
}
_DRIVERS = {"sqlite": "pysqlite", "postgres": "psycopg", "postgresql": "psycopg"}
"""Kind of database -> the driver for it that is installed."""


def _read_database_url(value: str) -> str:
    """Return the URL with the name of the installed driver; UnusableValueError for one that cannot work."""
    _refuse_slips(value, _DATABASE_SLIPS)
    try:
        plain = unquote(value, errors="strict").encode().decode()
    except UnicodeError:
        raise UnusableValueError(
            "a letter that is not in UTF-8: type it anew, or write its bytes in UTF-8 as in %C3%A9"
        ) from None
    if not plain.isprintable():
        raise UnusableValueError("a sign that cannot be seen, such as %00: leave it out")
    kind, slashes, rest = value.partition("://")
    name, _, driver = kind.lower().partition("+")
    if not slashes:
        raise UnusableValueError("no kind of database with :// in front")
    if name not in _DRIVERS:
        raise UnusableValueError(
            f"{name}://" if re.fullmatch(r"[a-z0-9]{1,20}", name) else "another word in front of ://"
        )
    if driver not in ("", _DRIVERS[name]):
        raise UnusableValueError(
            f"another driver than {_DRIVERS[name]} after the plus sign: {name}:// alone chooses it"
        )
    return f"sqlite://{_check_sqlite(rest)}" if name == "sqlite" else f"postgresql+psycopg://{_check_postgresql(rest)}"


_SQLITE_SLIPS = {
    r"[?#]": "a ? or a # after the file: an embedded database takes no options, leave out what follows it",
    r"^/file:": "file: before the name of the file: leave it out",
}


def _check_sqlite(rest: str) -> str:
    """Return the rest of an SQLite URL; UnusableValueError when it names no file."""
    if rest and not rest.startswith("/"):
        raise UnusableValueError("two slashes before a file: write three, or four for a path from the root")
    if re.fullmatch(r"/?(\?.*)?|.*(:memory:|mode=memory).*", unquote(rest)):
        raise UnusableValueError(
            "a database in memory, which no two workers share: name a file, such as sqlite:///ivr.db"
        )
    _refuse_slips(rest, _SQLITE_SLIPS)
    return rest


def _check_postgresql(rest: str) -> str:
    """Return the rest of a PostgreSQL URL; UnusableValueError when it cannot be split or names no database."""
    at_host = re.split(r"[/?#]", rest)[0]
    if rest.count("@") > 1 or ("@" in rest and "@" not in at_host):
        raise UnusableValueError(
            "a sign in the name or the password that ends it: write @ as %40, / as %2F, ? as %3F, # as %23"
        )
    user, at, hosts = at_host.rpartition("@")
    try:
        places = [urlsplit(f"postgresql://{host}") for host in hosts.split(",")]
        ports = [5432 if place.port is None else place.port for place in places]
    except ValueError:
        ports = [0]
    if 0 in ports:
        raise UnusableValueError("a port that is no number from 1 to 65535, or an IPv6 address without its brackets")
    _refuse_slips(rest, {"#": "a # in it: leave it out, nothing may follow the name of the database and its options"})
    address, _, options = rest.partition("?")
    if not (address.partition("/")[2] or parse_qs(options).keys() & _NAMING):
        raise UnusableValueError("no name of a database: write it after the host, as in postgresql://USER@HOST/NAME")
    if len(ports) == 1:
        return rest
    # Several hosts are tried in turn; the database's library takes them as options only
    tried = f"host={','.join(place.hostname or '' for place in places)}&port={','.join(map(str, ports))}"
    return f"{user}{at}{address.removeprefix(at_host)}?{tried}{'&' if options else ''}{options}"


_NAMING = {"dbname", "service"}
"""Options of a PostgreSQL URL that name the database, as the end of its path does."""

_URL_SLIPS = {
    "@": "a user name or a password with @, not shown here: leave it out",
    r"[?#]": "a ? or a # and what follows it, not shown here: leave it out",
}


def _read_url(value: str) -> str:
    _refuse_slips(value, _URL_SLIPS)
    parts = urlsplit(value)
    _ = parts.port  # reading it is what refuses a port out of range
    plain = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"[\s\\]", value)
    if not plain:
        raise ValueError
    return value.rstrip("/")


def _read_zone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError from error


def _read_folder(value: str) -> Path:
    path = Path(value).expanduser()
    if not is_folder(path):
        raise ValueError
    return path


def _read_time(value: str) -> datetime:
    """Return a date and time, aware only when it names an offset."""
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d", value):
        raise ValueError
    return datetime.fromisoformat(value)


def _read_password(value: str) -> Secret:
    if len(value) < STAFF_PASSWORD_LETTERS:
        raise ValueError
    return Secret(value)


def _read_secrets(value: str) -> tuple[Secret, ...]:
    parts = [part.strip() for part in value.split(",")]
    if not all(parts):
        raise ValueError
    return tuple(Secret(part) for part in parts)


_TOKEN_SLIPS = {
    "[\"'`\u2018-\u201d]": "quotation marks, not shown here: leave them out",
    r"\s": "a space in it, not shown here: leave it out",
    r"[^!-~]": "a letter or sign that no token has, not shown here: copy the token from the carrier's console",
    r"^AC.{32}$": "an account SID, not shown here: that is TWILIO_ACCOUNT_SID; the token stands below it in the carrier's console",
}


def _read_auth_tokens(value: str) -> tuple[Secret, ...]:
    tokens = _read_secrets(value)
    for token in tokens:
        _refuse_slips(token.reveal(), _TOKEN_SLIPS)
    return tokens


def _read_processor_key(value: str) -> Secret:
    return Secret(_matching(r"(sk|rk)_(test|live)_\w+")(value))


KEY_BYTES = 32


def encryption_keys(value: str) -> tuple[Secret, ...]:
    """Return the keys of a comma list.

    Raises UnusableValueError, which shows nothing of the value, when one is missing, is not 32 bytes or comes twice.
    """
    keys = [part.strip() for part in value.split(",")]
    seen: list[bytes] = []
    for number, key in enumerate(keys, 1):
        which = "a key" if len(keys) == 1 else f"key {number} of {len(keys)}"
        if not key:
            raise UnusableValueError(f"nothing where {which} should stand: a comma too many, or a key too few")
        try:
            raw = base64.b64decode(key, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise UnusableValueError(f"{which} that is no URL-safe base64, not shown here") from None
        if len(raw) != KEY_BYTES:
            raise UnusableValueError(f"{which} of {len(raw)} bytes, not shown here")
        if raw in seen:
            raise UnusableValueError(f"{which} that is the same as an earlier one: name each once")
        seen.append(raw)
    return tuple(map(Secret, keys))


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: what it takes and is for, and the field of `Settings` that it fills."""

    name: str
    field: str | None  # None: known here, and read elsewhere
    read: Callable[[str], object]  # raises ValueError for a value that it does not take
    takes: str
    default: str  # as it would be written; "" for none
    purpose: str
    secret: bool = False  # its value is never shown in a message


_PHONE = _matching(r"\+[1-9]\d{7,14}")
_PHONE_TAKES = "a telephone number in E.164 form such as +18002457979"
_URL_TAKES = "http:// or https://, a host and perhaps a port and a path, nothing after it"
_FLAG_TAKES = "1 or 0"

SETTINGS: tuple[Setting, ...] = (
    Setting("DATABASE_URL", "database_url", _read_database_url, "a sqlite:// or postgresql:// URL", "sqlite:///ivr.db",
            "the shared pharmacy database", secret=True),
    Setting("TWILIO_AUTH_TOKEN", "twilio_auth_tokens", _read_auth_tokens, "the account's token, or a comma list while it rotates", "",
            "checks that a request comes from the carrier; unset, only local requests are taken", secret=True),
    Setting("TWILIO_ACCOUNT_SID", "twilio_account_sid", _matching(r"AC[0-9a-fA-F]{32}"), "AC and 32 hexadecimal digits", "",
            "the carrier account that has the number, for `ivr connect`"),
    Setting("IVR_PUBLIC_URL", "public_url", _read_url, _URL_TAKES, "", "the URL the carrier sees, for signatures behind a proxy"),
    Setting("IVR_SECRET_KEY", "secret_keys", encryption_keys,
            "32 bytes in URL-safe base64; a comma list rotates, the first encrypts and all decrypt", "",
            "encrypts card entries, stored replies and call state; unset, a local key is made once beside the database", secret=True),
    Setting("IVR_UNSIGNED", "unsigned", _read_flag, _FLAG_TAKES, "0", "1 lets a line without TWILIO_AUTH_TOKEN be reached from elsewhere"),
    Setting("IVR_TIMEZONE", "timezone", _read_zone, "an IANA time zone such as America/Los_Angeles", "America/Los_Angeles",
            "the zone whose days are spoken and stored as dates"),
    Setting("IVR_PERSON_NUMBER", "person_number", _PHONE, _PHONE_TAKES, "", "where 0 leads"),
    Setting("IVR_TEXT_FROM", "text_from", _PHONE, _PHONE_TAKES, "", "the number text messages come from"),
    Setting("IVR_RETENTION_DAYS", "retention_days", _within(1, 3650), "days from 1 to 3650", "90", "how long the journal of calls is kept"),
    Setting("IVR_STAFF_PASSWORD", "staff_password", _read_password,
            f"a password of at least {STAFF_PASSWORD_LETTERS} letters", "", "opens the staff pages to requests from elsewhere", secret=True),
    Setting("IVR_TEST_POSTGRES", None, str, "a postgresql:// URL", "", "an empty database for the tests", secret=True),
    Setting("IVR_GATEWAY", "gateway", _one_of("sandbox", "stripe"), "sandbox or stripe", "sandbox", "who takes the payments"),
    Setting("STRIPE_API_KEY", "stripe_api_key", _read_processor_key, "a secret or restricted key such as sk_test_…", "",
            "the processor's key, needed with IVR_GATEWAY=stripe", secret=True),
    Setting("STRIPE_API_BASE", "stripe_api_base", _read_url, _URL_TAKES, "", "another address for the processor, such as a local stand-in"),
    Setting("IVR_CARD_CAPTURE", "card_capture", _one_of("keypad", "pay"), "keypad or pay", "",
            "who hears the card digits: this line, or the carrier; unset, pay with a live processor key, else keypad"),
    Setting("IVR_FLOWS", "flows", _read_folder, "a folder that exists", "flows",
            "the call flow; unset, ./flows where the program is run, else the one that came with it"),
    Setting("IVR_PROMPTS", "prompts", _read_folder, "a folder that exists", "prompts", "the words and recordings; unset, found as the flows are"),
    Setting("IVR_PUBLISH", "publish", _one_of("saved", "asked"), "saved or asked", "",
            "what a save of flows and prompts does: saved publishes it if it is good, asked keeps it as a draft until "
            "`ivr publish` or the studio's button; unset, asked with TWILIO_AUTH_TOKEN, else saved"),
    Setting("IVR_NOW", "now", _read_time, "a date and time such as 2026-03-01T09:30, of IVR_TIMEZONE unless it names an offset", "",
            "a time that stands still, for trials"),
    Setting("IVR_REFILL_WINDOW_DAYS", "refill_window_days", _within(0, 90), "days from 0 to 90", "14",
            "how many days before the supply ends a refill is due"),
    Setting("IVR_CONTROLLED_WINDOW_DAYS", "controlled_window_days", _within(0, 90), "days from 0 to 90", "7", "the same for controlled drugs"),
    Setting("IVR_UNPAID_DAYS", "unpaid_days", _within(1, 30), "days from 1 to 30", "3",
            "how many days an order whose card was declined is kept for another card, before it is cancelled"),
    Setting("IVR_PRICE_CHANGE_CENTS", "price_change_cents", _within(0, 100000), "cents from 0 to 100000", "100",
            "by how much the price of an order kept for a later day may rise until then without its member being asked; "
            "it is charged as it was said"),
    Setting("IVR_CONTROLLED_MULTIPLES", "controlled_multiples", _read_flag, _FLAG_TAKES, "0",
            "1 lets a controlled drug be ordered in multiples of its days' supply, up to its maximum"),
    Setting("IVR_LIMIT_SCHEDULE_FIVE", "limit_schedule_five", _read_flag, _FLAG_TAKES, "0",
            "1 holds schedule V to the limits of schedules III and IV"),
)  # fmt: skip  # one setting a row reads as the table it is


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings from environment variables.

    Raises SettingError with a line for each one that cannot be used.
    """
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    problems = list(_unknown_settings(given))
    values: dict[str, Any] = {}  # each field's reader gives it its type
    for setting in SETTINGS:
        if setting.name not in given or setting.field is None:
            continue
        try:
            values[setting.field] = setting.read(given[setting.name])
        except ValueError as error:
            problems.append(_refusal_message(setting, given[setting.name], error))
    settings = _fill_in(replace(Settings(), **values), values.keys())
    problems.extend(_conflicts(settings, given))
    if problems:
        raise SettingError("\n".join(problems))
    return settings


def _unknown_settings(given: Mapping[str, str]) -> Iterator[str]:
    names = [setting.name for setting in SETTINGS]
    for name in sorted(given):
        if name.startswith("IVR_") and name not in names:
            yield f"{name}: there is no such setting{did_you_mean(name, names)}"


def _refusal_message(setting: Setting, value: str, error: ValueError) -> str:
    found = str(error) if isinstance(error, UnusableValueError) else repr(value)
    if setting.secret and not isinstance(error, UnusableValueError):
        found = "something else, not shown here"
    return f"{setting.name}: expected {setting.takes}, found {found}"


def _fill_in(settings: Settings, given: Collection[str]) -> Settings:
    """Fill in what depends on other settings. `given` are the fields that were set."""
    if settings.now:
        local = settings.now if settings.now.tzinfo else settings.now.replace(tzinfo=settings.timezone)
        settings = replace(settings, now=local.astimezone(UTC))
    if "card_capture" not in given and settings.live_processor:
        settings = replace(settings, card_capture="pay")
    if "publish" not in given and settings.twilio_auth_tokens:
        settings = replace(settings, publish="asked")
    return settings


def _conflicts(settings: Settings, given: Mapping[str, str]) -> Iterator[str]:
    for name, folder in (("IVR_FLOWS", settings.flows), ("IVR_PROMPTS", settings.prompts)):
        if name not in given and not is_folder(folder):
            yield f"{name}: expected a folder that exists, found none at its default, {folder}"
    if settings.gateway == "stripe" and "STRIPE_API_KEY" not in given:
        yield "STRIPE_API_KEY: expected the processor's key with IVR_GATEWAY=stripe, found none"
    if settings.live_key and "IVR_NOW" in given:
        yield "IVR_NOW: expected to be unset with a live processor key, found a time"
    if settings.live_key and (settings.stripe_api_base or "https:").startswith("http:"):
        yield "STRIPE_API_BASE: expected https:// with a live processor key, found http://"
    if settings.live_key and "IVR_GATEWAY" not in given:
        yield "IVR_GATEWAY: expected stripe, or sandbox by name, with a live STRIPE_API_KEY, found none"
    if settings.gateway == "stripe" and "STRIPE_LOG" in given:
        yield "STRIPE_LOG: expected to be unset, found a level at which the processor's library prints card numbers"
