"""`ivr connect`: leads a number that the carrier has for us to this line, by the carrier's API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import click
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from ivr.cli.group import settings
from ivr.errors import IvrError, SettingError, UnreachableError
from ivr.settings import Settings

URLS = (
    ("A call comes in", "voice_url", "voice_method", "/voice"),
    ("Primary handler fails", "voice_fallback_url", "voice_fallback_method", "/voice/fallback"),
    ("Call status changes", "status_callback", "status_callback_method", "/voice/status"),
)
"""What a number's page in the carrier's console calls it, the API's names for the URL and its method, our path."""

OVERRIDES = (("TwiML App", "voice_application_sid"), ("SIP trunk", "trunk_sid"))
"""What takes a number's calls in the place of its URLs: the console's name and the API's."""

PCI_MODE = (
    "PCI mode: the carrier's API does not tell whether it is on. Look in the console at Voice, Settings, General, and "
    "switch it on there before real cards are keyed: for the whole account, and for good."
)
TIMEOUT_S = 15
MOST_LISTED = 20
"""How many of the account's numbers are printed when it does not have the one that was asked for."""


def _e164(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return a telephone number without the spaces, hyphens and the like that people write in it."""
    plain = re.sub(r"[\s().-]", "", value)
    if not re.fullmatch(r"\+[1-9]\d{7,14}", plain, re.ASCII):
        raise click.BadParameter(f'expected a telephone number in E.164 form such as +18002457979, found "{value}"')
    return plain


@click.command()
@click.argument("number", callback=_e164)
@click.option("--yes", is_flag=True, help="Set what is shown; without it nothing is changed.")
def connect(number: str, yes: bool) -> None:
    """Show what NUMBER, one of the carrier account's, does with a call, and what leads its calls to IVR_PUBLIC_URL.

    Example: ivr connect +18002457979
    """
    chosen = settings()
    _check_complete(chosen)
    try:
        connect_number(carrier(chosen), number, _wanted(str(chosen.public_url)), yes=yes)
    except TwilioException as error:  # an answer that its library cannot read
        raise IvrError(f"the carrier's API answers otherwise than expected: {error.args[0]}") from None


def _check_complete(chosen: Settings) -> None:
    """Raise SettingError if settings are missing, a line for each."""
    console_page = "from the front page of the carrier's console"
    missing = [] if chosen.twilio_account_sid else [f"TWILIO_ACCOUNT_SID: expected the account's SID, {console_page}"]
    if not chosen.twilio_auth_tokens:
        missing.append(f"TWILIO_AUTH_TOKEN: expected the account's token, {console_page}")
    if not chosen.public_url:
        missing.append("IVR_PUBLIC_URL: expected the https:// URL at which the carrier reaches this line")
    problems = [f"{line}, found none" for line in missing]
    if chosen.public_url and not chosen.public_url.startswith("https:"):
        problems.append(
            f"IVR_PUBLIC_URL: expected https://, since members' data are posted to it, found {chosen.public_url}"
        )
    if problems:
        raise SettingError("\n".join(problems))


def carrier(chosen: Settings, base: str | None = None) -> Client:
    """Return the carrier's client; `base` is the address of a stand-in for its API."""
    token = chosen.twilio_auth_tokens[0].reveal()
    return Client(chosen.twilio_account_sid, token, http_client=CarrierHttp(base))


def connect_number(client: Client, number: str, wanted: Mapping[str, str], *, yes: bool) -> None:
    """Print what a number of the account does and what changes; make the changes if `yes`.

    `wanted` are values of the number's resource by the API's names. Raises IvrError if the account does not have the
    number, or the carrier does not do what it was asked to.
    """
    found = _number_resource(client, number)
    now = _values(found, wanted)
    for line in _comparison(now, wanted):
        click.echo(line)
    click.echo(PCI_MODE)
    if now == wanted:
        click.echo(f"{number} leads to this line; there is nothing to change")
    elif not yes:
        click.echo("nothing was changed: --yes makes these changes")
    else:
        _change(client, found.sid, now, wanted)
        click.echo(f"{number} leads to this line now")


def _number_resource(client: Client, number: str) -> Any:
    """Return the API's resource of a number. Raises IvrError, with the numbers there are, if the account has it not."""
    matching = client.incoming_phone_numbers.list(phone_number=number)  # the API looks for a part of a number, too
    for resource in matching:
        if resource.phone_number == number:
            return resource
    others = [resource.phone_number for resource in client.incoming_phone_numbers.list(limit=MOST_LISTED + 1)]
    listed = ", ".join(others[:MOST_LISTED]) + (" and more" if len(others) > MOST_LISTED else "")
    raise IvrError(f"the account {client.account_sid} does not have the number {number}; it has {listed or 'none'}")


def _wanted(public_url: str) -> dict[str, str]:
    """Return what a number of this line has, by the API's names."""
    urls = {name: f"{public_url}{path}" for _, name, _, path in URLS}
    methods = {method: "POST" for _, _, method, _ in URLS}
    return {**urls, **methods, **{name: "" for _, name in OVERRIDES}}


def _values(resource: Any, names: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a number's resource; "" where it has none."""
    return {name: getattr(resource, name) or "" for name in names}


def _comparison(now: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    """Yield lines that say what is set now, and below it what would be."""
    for label, url, method, _ in URLS:
        before = f"{now[method]} {now[url]}" if now[url] else "nothing"
        after = f"{wanted[method]} {wanted[url]}"
        yield f"{label:<22} {before}{' (stays)' if before == after else ''}"
        if before != after:
            yield f"{'becomes':>22} {after}"
    for label, name in OVERRIDES:
        if now[name]:
            yield f"{label:<22} {now[name]}, which takes the calls in the place of these URLs"
            yield f"{'becomes':>22} none"


def _change(client: Client, sid: str, now: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Let the carrier make a number's values the wanted ones. Raises IvrError if they are not so afterwards."""
    resource = client.incoming_phone_numbers(sid)
    changes = {name: wanted[name] for name in wanted if name != "trunk_sid" and now[name] != wanted[name]}
    if changes:
        resource.update(**changes)
    if now["trunk_sid"]:  # last, so that no call meets the URLs there were; the API has it let go by the trunk
        client.trunking.v1.trunks(now["trunk_sid"]).phone_numbers(sid).delete()
    after = _values(resource.fetch(), wanted)
    kept = [name for name, value in wanted.items() if after[name] != value]
    if kept:
        raise IvrError(f"the carrier answered, but kept its own {', '.join(kept)}: set it in the console")


class CarrierHttp:
    """Sends the requests of the carrier's library, to a stand-in at `base` if there is one.

    Every answer that is not the one hoped for raises an IvrError of one line, without the token.
    """

    is_async = False

    def __init__(self, base: str | None = None) -> None:
        self._base = base
        self._http = TwilioHttpClient(timeout=TIMEOUT_S)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send a request, and return the library's response with a JSON object in it."""
        parts = urlsplit(url)
        if self._base:
            url = urljoin(self._base, parts._replace(scheme="", netloc="").geturl())
        try:
            response = self._http.request(method, url, **options)
        except OSError as error:  # all of the HTTP library's exceptions are
            raise UnreachableError(
                f"the carrier's API at {parts.netloc} does not answer: {type(error).__name__}"
            ) from None
        body = _json_object(response.text)
        if response.status_code >= 300 or (body is None and response.text):
            raise IvrError(_api_refusal(response.status_code, body))
        return response


def _json_object(text: str) -> dict[str, object] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _api_refusal(status: int, body: Mapping[str, object] | None) -> str:
    """Return one line on an answer that is an error."""
    match status:
        case 401:
            return (
                "the carrier does not take TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN: copy both anew from its console"
            )
        case 404:
            return "the carrier knows no such account, or the number is gone: is TWILIO_ACCOUNT_SID that of the number's account?"
        case 429:
            return "the carrier takes no more requests for now: try again in a minute"
        case _ if status >= 500:
            return f"the carrier's API failed ({status}): run this again later, it shows what is set by then"
    if body is None:
        return f"what answered ({status}) is not the carrier's API: is there a proxy between?"
    return f"the carrier refused the request ({status}): {body.get('message', 'without saying why')}"
