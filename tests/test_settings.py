import base64
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from demo_line import PROJECT

from ivr.clock import system_clock
from ivr.errors import SettingError
from ivr.secret import Secret
from ivr.settings import SETTINGS, Settings, load_settings

KEY = base64.urlsafe_b64encode(bytes(32)).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()


def test_nothing_set_gives_the_defaults() -> None:
    assert load_settings({}) == Settings()


def test_an_empty_value_is_an_unset_one() -> None:
    assert load_settings({"IVR_TIMEZONE": "", "IVR_PERSON_NUMBER": "  "}) == Settings()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_table_names_the_default_that_is_used(setting: object) -> None:
    (described,) = [row for row in SETTINGS if row is setting]
    if described.field is None or not described.default:
        return
    default = PROJECT / described.default if described.default in ("flows", "prompts") else described.default
    assert described.read(str(default)) == getattr(Settings(), described.field)


def test_every_field_has_exactly_one_variable() -> None:
    assert sorted(row.field for row in SETTINGS if row.field) == sorted(item.name for item in fields(Settings))


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("DATABASE_URL", "sqlite:////var/ivr.db", "database_url", "sqlite:////var/ivr.db"),
        ("DATABASE_URL", "postgresql://u:p@db/ivr", "database_url", "postgresql+psycopg://u:p@db/ivr"),
        ("DATABASE_URL", "postgres://db/ivr", "database_url", "postgresql+psycopg://db/ivr"),
        ("DATABASE_URL", "postgresql+psycopg://db/ivr", "database_url", "postgresql+psycopg://db/ivr"),
        ("DATABASE_URL", " POSTGRESQL://db/ivr \n", "database_url", "postgresql+psycopg://db/ivr"),
        ("DATABASE_URL", "postgresql:///ivr", "database_url", "postgresql+psycopg:///ivr"),
        (
            "DATABASE_URL",
            "postgresql://u:p@one:5433,[::1]/ivr?target_session_attrs=read-write",
            "database_url",
            "postgresql+psycopg://u:p@/ivr?host=one,::1&port=5433,5432&target_session_attrs=read-write",
        ),
        (
            "DATABASE_URL",
            "postgresql://u:p%40s@[::1]:5433/ivr?sslmode=require",
            "database_url",
            "postgresql+psycopg://u:p%40s@[::1]:5433/ivr?sslmode=require",
        ),
        ("DATABASE_URL", "sqlite:///memory.db", "database_url", "sqlite:///memory.db"),
        ("DATABASE_URL", "sqlite+pysqlite:///a@b.db", "database_url", "sqlite:///a@b.db"),
        ("DATABASE_URL", "sqlite:///my%20caf%C3%A9.db", "database_url", "sqlite:///my%20caf%C3%A9.db"),
        ("DATABASE_URL", "sqlite:///café.db", "database_url", "sqlite:///café.db"),
        ("DATABASE_URL", "postgresql://?dbname=ivr", "database_url", "postgresql+psycopg://?dbname=ivr"),
        ("DATABASE_URL", "postgresql:///ivr?host=/run/db", "database_url", "postgresql+psycopg:///ivr?host=/run/db"),
        ("DATABASE_URL", "postgresql:///?service=refills", "database_url", "postgresql+psycopg:///?service=refills"),
        ("TWILIO_AUTH_TOKEN", f"{'0a' * 16},{'AC' * 16}", "twilio_auth_tokens", (Secret("0a" * 16), Secret("AC" * 16))),
        ("TWILIO_AUTH_TOKEN", "new, old", "twilio_auth_tokens", (Secret("new"), Secret("old"))),
        ("TWILIO_ACCOUNT_SID", "AC" + "0a" * 16, "twilio_account_sid", "AC" + "0a" * 16),
        ("IVR_PUBLIC_URL", "https://refills.example:8443/line/", "public_url", "https://refills.example:8443/line"),
        ("IVR_PUBLIC_URL", "http://[::1]:80", "public_url", "http://[::1]:80"),
        ("IVR_SECRET_KEY", f"{KEY},{OTHER_KEY}", "secret_keys", (Secret(KEY), Secret(OTHER_KEY))),
        ("IVR_UNSIGNED", "1", "unsigned", True),
        ("IVR_TIMEZONE", "Pacific/Honolulu", "timezone", ZoneInfo("Pacific/Honolulu")),
        ("IVR_PERSON_NUMBER", "+18002457979", "person_number", "+18002457979"),
        ("IVR_TEXT_FROM", " +18005550100 ", "text_from", "+18005550100"),
        ("IVR_RETENTION_DAYS", "30", "retention_days", 30),
        ("IVR_STAFF_PASSWORD", "open sesames", "staff_password", Secret("open sesames")),
        ("STRIPE_API_KEY", "sk_test_12345", "stripe_api_key", Secret("sk_test_12345")),
        ("STRIPE_API_BASE", "http://127.0.0.1:8420/", "stripe_api_base", "http://127.0.0.1:8420"),
        ("IVR_CARD_CAPTURE", "pay", "card_capture", "pay"),
        ("IVR_PUBLISH", "asked", "publish", "asked"),
        ("IVR_REFILL_WINDOW_DAYS", "0", "refill_window_days", 0),
        ("IVR_CONTROLLED_WINDOW_DAYS", "3", "controlled_window_days", 3),
        ("IVR_CONTROLLED_MULTIPLES", "1", "controlled_multiples", True),
        ("IVR_LIMIT_SCHEDULE_FIVE", "1", "limit_schedule_five", True),
        ("IVR_NOW", "2026-03-01T09:30", "now", datetime(2026, 3, 1, 17, 30, tzinfo=UTC)),
        ("IVR_NOW", "2026-03-01 09:30:15Z", "now", datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)),
        ("IVR_NOW", "2026-03-01T09:30-05:00", "now", datetime(2026, 3, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_a_good_value_is_read(name: str, value: str, field: str, expected: object) -> None:
    assert getattr(load_settings({name: value}), field) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("IVR_TIMEZONE", "Mars", "expected an IANA time zone such as America/Los_Angeles, found 'Mars'"),
        ("IVR_TIMEZONE", "../zone", "expected an IANA time zone such as America/Los_Angeles, found '../zone'"),
        ("IVR_TIMEZONE", "America", "expected an IANA time zone such as America/Los_Angeles, found 'America'"),
        ("IVR_PERSON_NUMBER", "8002457979", "expected a telephone number in E.164 form such as +18002457979, found '8002457979'"),
        ("IVR_RETENTION_DAYS", "0", "expected days from 1 to 3650, found '0'"),
        ("IVR_RETENTION_DAYS", "٣", "expected days from 1 to 3650, found '٣'"),
        ("IVR_UNSIGNED", "yes", "expected 1 or 0, found 'yes'"),
        ("IVR_GATEWAY", "paypal", "expected sandbox or stripe, found 'paypal'"),
        ("IVR_CARD_CAPTURE", "Pay", "expected keypad or pay, found 'Pay'"),
        ("IVR_FLOWS", "/nowhere", "expected a folder that exists, found '/nowhere'"),
        ("IVR_NOW", "2026-03-01",
         "expected a date and time such as 2026-03-01T09:30, of IVR_TIMEZONE unless it names an offset, found '2026-03-01'"),
        ("IVR_TIMZONE", "UTC", 'there is no such setting (did you mean "IVR_TIMEZONE"?)'),
        ("IVR_XYLOPHONE_KEYS", "1", "there is no such setting"),
    ],
)  # fmt: skip
def test_a_bad_value_is_told_with_what_is_taken(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({name: value})
    assert str(caught.value) == f"{name}: {message}"


def test_the_processor_needs_its_key() -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"IVR_GATEWAY": "stripe"})
    assert str(caught.value) == "STRIPE_API_KEY: expected the processor's key with IVR_GATEWAY=stripe, found none"


URL_TAKES = "http:// or https://, a host and perhaps a port and a path, nothing after it"
URL_USER = "a user name or a password with @, not shown here: leave it out"
URL_REST = "a ? or a # and what follows it, not shown here: leave it out"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        *((url, repr(url)) for url in (
            "refills.example", "ftp://refills.example", "https://", "https://a.example:99999", "https://a.example:port",
            "https://a b.example", "https://a.example\\b",
        )),
        ("https://a.example/?x=hush", URL_REST),
        ("https://a.example/#hush", URL_REST),
        ("https://user:hush@a.example", URL_USER),
        ("https://user:hush@a.example:port/?x=1", URL_USER),
        ("ftp://hush@[a.example", URL_USER),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["IVR_PUBLIC_URL", "STRIPE_API_BASE"])
def test_a_url_with_more_than_host_port_and_path_is_refused(name: str, url: str, found: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({name: url})
    assert str(caught.value) == f"{name}: expected {URL_TAKES}, found {found}"
    assert "hush" not in str(caught.value)


TOKEN_QUOTES = "quotation marks, not shown here: leave them out"
TOKEN_SIGN = "a letter or sign that no token has, not shown here: copy the token from the carrier's console"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('"hush"', TOKEN_QUOTES),
        ("'hush'", TOKEN_QUOTES),
        ("new,“hush”", TOKEN_QUOTES),
        ("hush hush", "a space in it, not shown here: leave it out"),
        ("hush\thush", "a space in it, not shown here: leave it out"),
        ("…", TOKEN_SIGN),
        ("húsh", TOKEN_SIGN),
        ("hush\x07", TOKEN_SIGN),
        ("hush\udcff", TOKEN_SIGN),
        (
            "AC" + "0a" * 16,
            "an account SID, not shown here: that is TWILIO_ACCOUNT_SID; the token stands below it in the carrier's console",
        ),
    ],
)
def test_what_cannot_be_the_carriers_token_is_told_and_not_shown(value: str, found: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"TWILIO_AUTH_TOKEN": value})
    words = f"TWILIO_AUTH_TOKEN: expected the account's token, or a comma list while it rotates, found {found}"
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IVR_STAFF_PASSWORD", "hush-hush-4"),
        ("STRIPE_API_KEY", "pk_test_hush-hush"),
        ("TWILIO_AUTH_TOKEN", "hush-hush,,"),
    ],
)
def test_a_bad_secret_is_named_but_never_shown(name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({name: value})
    message = str(caught.value)
    assert message.startswith(f"{name}: expected ")
    assert message.endswith("found something else, not shown here")
    assert "hush" not in message


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("hush-hush", "a key that is no URL-safe base64, not shown here"),
        ("hush-hush€", "a key that is no URL-safe base64, not shown here"),
        (KEY.rstrip("="), "a key that is no URL-safe base64, not shown here"),
        (base64.urlsafe_b64encode(b"hush-hush").decode(), "a key of 9 bytes, not shown here"),
        (f"{KEY},{base64.urlsafe_b64encode(b'hush' * 16).decode()}", "key 2 of 2 of 64 bytes, not shown here"),
        (f"{KEY},hush", "key 2 of 2 of 3 bytes, not shown here"),
        (f"{KEY},", "nothing where key 2 of 2 should stand: a comma too many, or a key too few"),
        (f"{KEY},,{OTHER_KEY}", "nothing where key 2 of 3 should stand: a comma too many, or a key too few"),
        (f"{KEY}, {OTHER_KEY} ,{KEY}", "key 3 of 3 that is the same as an earlier one: name each once"),
    ],
)
def test_what_is_wrong_with_an_encryption_key_is_told_in_one_line_and_not_shown(value: str, found: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"IVR_SECRET_KEY": value})
    takes = "32 bytes in URL-safe base64; a comma list rotates, the first encrypts and all decrypt"
    assert str(caught.value) == f"IVR_SECRET_KEY: expected {takes}, found {found}"


IN_MEMORY = "a database in memory, which no two workers share: name a file, such as sqlite:///ivr.db"
NO_KIND = "no kind of database with :// in front"
NO_PORT = "a port that is no number from 1 to 65535, or an IPv6 address without its brackets"
PSYCOPG = "another driver than psycopg after the plus sign: postgresql:// alone chooses it"
SIGN = "a sign in the name or the password that ends it: write @ as %40, / as %2F, ? as %3F, # as %23"
NO_NAME = "no name of a database: write it after the host, as in postgresql://USER@HOST/NAME"
NOT_UTF8 = "a letter that is not in UTF-8: type it anew, or write its bytes in UTF-8 as in %C3%A9"
UNSEEN = "a sign that cannot be seen, such as %00: leave it out"
FILE = "file: before the name of the file: leave it out"
OPTIONS = "a ? or a # after the file: an embedded database takes no options, leave out what follows it"
HASH = "a # in it: leave it out, nothing may follow the name of the database and its options"
SLASHES = "two slashes before a file: write three, or four for a path from the root"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql://root:hush@db/ivr", "mysql://"),
        ("root:hush@db://ivr", "another word in front of ://"),
        ("postgresql+psycopg2://u:hush@db/ivr", PSYCOPG),
        ("postgresql+asyncpg://u:hush@db/ivr", PSYCOPG),
        ("sqlite+aiosqlite:///ivr.db", "another driver than pysqlite after the plus sign: sqlite:// alone chooses it"),
        ("localhost:5432/db", NO_KIND),
        ("u:hush@db/ivr", NO_KIND),
        ("postgresql:/u:hush@db/ivr", NO_KIND),
        ("ivr.db", NO_KIND),
        ("'postgresql://u:hush@db/ivr'", "quotation marks round it: leave them out"),
        ('"sqlite:///ivr.db"', "quotation marks round it: leave them out"),
        ("postgresql://u:hush hush@db/ivr", "a space in it: write it as %20"),
        ("postgresql://u:hush@db:port/ivr", NO_PORT),
        ("postgresql://u:hush@db:99999/ivr", NO_PORT),
        ("postgresql://u:hush@db:0/ivr", NO_PORT),
        ("postgresql://u:hush@one:5432,two:port/ivr", NO_PORT),
        ("postgresql://u:hush@::1:5432/ivr", NO_PORT),
        ("postgresql://u:hush@[::1/ivr", NO_PORT),
        ("postgresql://u:hu@sh@db/ivr", SIGN),
        ("postgresql://u:hu/sh@db/ivr", SIGN),
        ("postgresql://u:hu#sh@db/ivr", SIGN),
        ("postgresql://u:hu?sh@db/ivr", SIGN),
        ("sqlite://", IN_MEMORY),
        ("sqlite:///", IN_MEMORY),
        ("sqlite:///:memory:", IN_MEMORY),
        ("sqlite:///file::memory:?cache=shared&uri=true", IN_MEMORY),
        ("sqlite:///file:ivr?mode=memory&uri=true", IN_MEMORY),
        ("sqlite:///x.db?mode=ro", OPTIONS),
        ("sqlite:///x.db?foo=hush", OPTIONS),
        ("sqlite:///file:x.db?uri=true", OPTIONS),
        ("sqlite:///x.db#hush", OPTIONS),
        ("sqlite:///\udcff.db", NOT_UTF8),
        ("sqlite:///%FF.db", NOT_UTF8),
        ("postgresql://db/\udcff", NOT_UTF8),
        ("postgresql://u:hush@db/%FF", NOT_UTF8),
        ("sqlite:///x%00.db", UNSEEN),
        ("postgresql://u:hush@db/x\x07", UNSEEN),
        ("sqlite:///file:x.db", FILE),
        ("sqlite:///%3Amemory%3A", IN_MEMORY),
        ("postgresql://", NO_NAME),
        ("postgresql:///", NO_NAME),
        ("postgresql://u:hush@127.0.0.1", NO_NAME),
        ("postgresql://127.0.0.1:5432/", NO_NAME),
        ("postgresql://127.0.0.1?sslmode=require", NO_NAME),
        ("postgresql://127.0.0.1?dbname=", NO_NAME),
        ("postgresql:///?host=/run/dbname=ivr", NO_NAME),
        ("postgresql://db/ivr#hush", HASH),
        ("sqlite://ivr.db", SLASHES),
        ("sqlite://:memory:", SLASHES),
    ],
)
def test_a_slip_in_the_url_of_the_database_is_told_without_its_password(url: str, found: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"DATABASE_URL": url})
    assert str(caught.value) == f"DATABASE_URL: expected a sqlite:// or postgresql:// URL, found {found}"
    assert "hush" not in str(caught.value)


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"IVR_TIMEZONE": "Mars", "IVR_UNSIGNED": "2", "IVR_GATWAY": "stripe"})
    names = [line.split(":")[0] for line in str(caught.value).splitlines()]
    assert names == ["IVR_GATWAY", "IVR_UNSIGNED", "IVR_TIMEZONE"]


def test_variables_of_others_are_left_alone() -> None:
    assert load_settings({"PATH": "/bin", "TWILIO_REGION": "ie1"}) == Settings()


@pytest.mark.parametrize(
    ("environ", "live", "capture"),
    [
        ({}, False, "keypad"),
        ({"IVR_GATEWAY": "stripe", "STRIPE_API_KEY": "sk_test_1"}, False, "keypad"),
        ({"IVR_GATEWAY": "stripe", "STRIPE_API_KEY": "sk_live_1"}, True, "pay"),
        ({"IVR_GATEWAY": "stripe", "STRIPE_API_KEY": "rk_live_1"}, True, "pay"),
        ({"IVR_GATEWAY": "sandbox", "STRIPE_API_KEY": "sk_live_1"}, False, "keypad"),
        ({"IVR_GATEWAY": "stripe", "STRIPE_API_KEY": "sk_live_1", "IVR_CARD_CAPTURE": "keypad"}, True, "keypad"),
    ],
    ids=["sandbox", "test key", "live key", "live restricted key", "live key unused", "keypad chosen"],
)
def test_a_live_key_leaves_the_card_digits_to_the_carrier(environ: dict[str, str], live: bool, capture: str) -> None:
    settings = load_settings(environ)
    assert (settings.live_processor, settings.card_capture) == (live, capture)


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_a_fixed_time_is_refused_with_a_live_key(key: str) -> None:
    with pytest.raises(SettingError, match=r"^IVR_NOW: expected to be unset with a live processor key, found a time$"):
        load_settings({"IVR_GATEWAY": "sandbox", "STRIPE_API_KEY": key, "IVR_NOW": "2026-03-01T09:30"})


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_a_live_key_does_not_fall_to_the_sandbox_unsaid(key: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"STRIPE_API_KEY": key})
    words = "IVR_GATEWAY: expected stripe, or sandbox by name, with a live STRIPE_API_KEY, found none"
    assert str(caught.value) == words
    assert load_settings({"IVR_GATEWAY": "sandbox", "STRIPE_API_KEY": key}).gateway == "sandbox"
    assert load_settings({"STRIPE_API_KEY": key.replace("live", "test")}).gateway == "sandbox"


def test_a_live_key_is_never_sent_in_clear() -> None:
    with pytest.raises(SettingError, match=r"^STRIPE_API_BASE: expected https://"):
        load_settings({"STRIPE_API_KEY": "sk_live_1", "STRIPE_API_BASE": "http://10.0.0.1"})


def test_the_processors_library_must_not_print_what_it_sends() -> None:
    with pytest.raises(SettingError, match=r"^STRIPE_LOG: expected to be unset"):
        load_settings({"IVR_GATEWAY": "stripe", "STRIPE_API_KEY": "sk_test_1", "STRIPE_LOG": "debug"})
    assert load_settings({"STRIPE_LOG": "debug"}) == Settings()


def test_the_clock_stands_still_only_when_told_to() -> None:
    assert load_settings({}).clock() is system_clock
    clock = load_settings({"IVR_NOW": "2026-03-01T00:00Z"}).clock()
    assert clock() == clock() == datetime(2026, 3, 1, tzinfo=UTC)


def test_secrets_do_not_show_in_the_settings(tmp_path: Path) -> None:
    environ = {
        "DATABASE_URL": "postgresql://u:hush@db/ivr",
        "TWILIO_AUTH_TOKEN": "hush",
        "IVR_SECRET_KEY": KEY,
        "IVR_STAFF_PASSWORD": "hush-hush-hush",
        "STRIPE_API_KEY": "sk_test_hush",
        "IVR_FLOWS": str(tmp_path),
    }
    shown = repr(load_settings(environ))
    assert "hush" not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    ("environ", "publish"),
    [
        ({}, "saved"),
        ({"IVR_UNSIGNED": "1"}, "saved"),
        ({"TWILIO_AUTH_TOKEN": "token"}, "asked"),
        ({"TWILIO_AUTH_TOKEN": "token", "IVR_PUBLISH": "saved"}, "saved"),
        ({"IVR_PUBLISH": "asked"}, "asked"),
    ],
)
def test_a_line_that_the_carrier_calls_publishes_when_asked(environ: dict[str, str], publish: str) -> None:
    assert load_settings(environ).publish == publish
