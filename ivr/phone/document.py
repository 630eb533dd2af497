"""Parsing of TwiML, the XML with which a line answers the carrier, into typed verbs.

It is as strict as the carrier: what would end the call raises a `CarrierError` with the carrier's error code; what the
carrier would only warn of is kept in `Document.warnings`. All URLs in the result are absolute.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from ivr.errors import IvrError
from ivr.phone.transport import NO_ANSWER, Reply
from ivr.phone.verbs import (
    CARD_STEPS,
    PROCESSING,
    TwimlDial,
    TwimlGather,
    TwimlHangup,
    TwimlPause,
    TwimlPay,
    TwimlPlay,
    TwimlPrompt,
    TwimlRedirect,
    TwimlReject,
    TwimlSay,
    TwimlSound,
    TwimlVerb,
)

_MOST_BYTES = 64 * 1024
_MOST_LETTERS = 4096
_XML_TYPES = {"text/xml", "application/xml", "text/html"}


class CarrierError(IvrError):
    """An answer that the carrier would refuse.

    `code` is the number in the carrier's error dictionary, `reason` the message and `url` the address that answered.
    """

    def __init__(self, code: int, message: str, url: str) -> None:
        self.code = code
        self.reason = message
        self.url = url
        super().__init__(f"carrier error {code} at {url}: {message}")


@dataclass(frozen=True, slots=True)
class Document:
    """The verbs of one answer, in order, and the warnings that the carrier's debugger would show."""

    verbs: tuple[TwimlVerb, ...]
    warnings: tuple[CarrierError, ...] = ()


def read_document(url: str, reply: Reply) -> Document:
    """Parse the answer from `url`; raise CarrierError where the carrier would end the call."""
    content_type = reply.content_type.split(";")[0].strip().lower()
    if reply.status == NO_ANSWER:
        raise CarrierError(11205, f"no answer: {reply.body}", url)
    if 300 <= reply.status < 400:
        raise CarrierError(11215, f"HTTP redirect {reply.status} that cannot be followed further", url)
    if not 200 <= reply.status < 300:
        raise CarrierError(11200, f"HTTP status {reply.status} instead of 200", url)
    if content_type.startswith("audio/"):
        return Document((TwimlPlay(url),))
    if not reply.body.strip():
        raise CarrierError(11770, "the answer is empty", url)
    if (size := len(reply.body.encode())) > _MOST_BYTES:
        raise CarrierError(11750, f"{size} bytes of TwiML; at most {_MOST_BYTES} are taken", url)
    if content_type in _XML_TYPES:
        return _read_xml(url, reply.body)
    if content_type == "text/plain":
        try:
            return _read_xml(url, reply.body)
        except CarrierError:  # an error page as plain text is read out to the caller
            return Document((TwimlSay(" ".join(reply.body.split())),))
    raise CarrierError(12300, f'content type "{reply.content_type}" instead of text/xml', url)


def _read_xml(url: str, body: str) -> Document:
    try:
        root = ET.fromstring(body.lstrip())  # noqa: S314 - at most 64 KB, from the line that the user chose to call
    except ET.ParseError as error:
        raise CarrierError(12100, f"not well-formed XML: {error}", url) from error
    if root.tag != "Response":
        raise CarrierError(12102, f"the root element is <{root.tag}> instead of <Response>", url)
    reader = _TwimlReader(url, [])
    reader.check(root)
    return Document(tuple(reader.verb(child) for child in root), tuple(reader.warnings))


_ATTRIBUTES = {
    "Response": "",
    "Say": "voice language loop",
    "Play": "loop digits",
    "Pause": "length",
    "Gather": "action method timeout numDigits finishOnKey actionOnEmptyResult input hints language speechTimeout"
    " speechModel profanityFilter partialResultCallback partialResultCallbackMethod enhanced bargeIn"
    " maxSpeechTime debug",
    "Redirect": "method",
    "Dial": "action method timeout timeLimit callerId answerOnBridge hangupOnStar ringTone record trim sequential"
    " recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent recordingTrack"
    " referUrl referMethod",
    "Pay": "input action statusCallback statusCallbackMethod paymentMethod bankAccountType timeout maxAttempts"
    " securityCode postalCode minPostalCodeLength paymentConnector tokenType chargeAmount currency language"
    " description validCardTypes",
    "Prompt": "for attempt cardType errorType requireMatchingInputs",
    "Parameter": "name value",
    "Hangup": "",
    "Reject": "reason",
}
_NESTED = {"Prompt", "Parameter"}  # elements that are no verbs
_BOOLEAN = ("true", "false")
_CARD_TYPES = ("visa", "mastercard", "amex", "maestro", "discover", "optima", "jcb", "diners-club", "enroute")
_PAY_VALUES: Mapping[str, tuple[str, ...]] = {
    "input": ("dtmf",),
    "paymentMethod": ("credit-card",),  # what this telephone can take; the carrier takes bank accounts too
    "securityCode": _BOOLEAN,
    "tokenType": ("one-time", "reusable", "payment-method"),
    "language": (
        "en-AU", "en-CA", "en-GB", "en-IN", "en-US", "es-ES", "es-MX", "es-US", "fr-CA", "fr-FR", "de-DE", "it-IT",
    ),
    "validCardTypes": _CARD_TYPES,
}  # fmt: skip
_PROMPT_VALUES: Mapping[str, tuple[str, ...]] = {
    "for": (*CARD_STEPS, PROCESSING),
    "attempt": tuple(map(str, range(1, 11))),
    "cardType": _CARD_TYPES,
    "errorType": (
        "timeout", "invalid-card-number", "invalid-card-type", "invalid-date", "invalid-security-code",
        "invalid-postal-code", "input-matching-failed", "internal-error",
    ),
}  # fmt: skip
_LISTS = {"validCardTypes", "attempt", "cardType", "errorType"}  # attributes of several values, separated by spaces
_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]+)?")
_MOST_CHARGED = 1_000_000
_SSML = {"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}
_RATES = {"x-slow", "slow", "medium", "fast", "x-fast", "default"}
_RATE_PERCENT = (20, 200)
_WITH_TEXT = {"Say", "Play", "Redirect", "Dial"}  # elements whose own text has a meaning


@dataclass(frozen=True, slots=True)
class _TwimlReader:
    """Converts the XML elements of one document into verbs."""

    url: str
    warnings: list[CarrierError]

    def verb(self, element: ET.Element) -> TwimlVerb:
        name = element.tag
        if name not in _ATTRIBUTES or name in _NESTED:
            raise CarrierError(12200, f"<{name}> is no verb that this telephone knows", self.url)
        self.check(element)
        match name:
            case "Gather":
                return self.gather(element)
            case "Redirect":
                return TwimlRedirect(self.address(element.text), self.method(element, 13710))
            case "Dial":
                return self.dial(element)
            case "Pay":
                return self.pay(element)
            case "Hangup":
                return TwimlHangup()
            case "Reject":
                return TwimlReject("busy" if element.get("reason") == "busy" else "no-answer")
        return self.sound(element, nested=False)

    def sound(self, element: ET.Element, *, nested: bool) -> TwimlSound:
        if element.tag == "Pause":
            return TwimlPause(self.number(element, "length", 1, 13910))
        loop = self.number(element, "loop", 1, 13322 if nested else 13510 if element.tag == "Say" else 13410, low=0)
        if element.tag == "Say":
            return self.say(element, loop)
        if nested and element.get("digits"):
            raise CarrierError(13320, "<Play digits> cannot stand inside <Gather>", self.url)
        return TwimlPlay(self.address(element.text), loop)

    def say(self, element: ET.Element, loop: int) -> TwimlSay:
        text = " ".join("".join(element.itertext()).split())
        if not text:
            self.warn(13520, "<Say> without words")
        if len(text) > _MOST_LETTERS:
            raise CarrierError(13520, f"<Say> of {len(text)} letters; at most {_MOST_LETTERS} are taken", self.url)
        breaks = sum(_seconds(element_break.get("time", "0s")) for element_break in element.iter("break"))
        rate = self.rate(element)
        return TwimlSay(text, element.get("language", "en-US"), element.get("voice", ""), loop, breaks, rate)

    def rate(self, say: ET.Element) -> int:
        """Return how fast words are spoken, in percent: of <prosody> if all of them are within one, else the usual."""
        for unknown in sorted({part.tag for part in say.iter()} - {"Say", *_SSML}):
            self.warn(13520, f"<{unknown}> cannot stand inside <Say>")
        rates = [prosody.get("rate", "100%") for prosody in say.iter("prosody")]
        for rate in rates:
            if rate not in _RATES and not _is_percent(rate, *_RATE_PERCENT):
                self.warn(13520, f'<prosody rate="{rate}">: no rate at which the carrier speaks')
        return int(rates[0][:-1]) if len(rates) == 1 and _is_percent(rates[0], *_RATE_PERCENT) else 100

    def gather(self, element: ET.Element) -> TwimlGather:
        sounds: list[TwimlSound] = []
        for child in element:
            if child.tag not in ("Say", "Play", "Pause"):
                raise CarrierError(13320, f"<{child.tag}> cannot stand inside <Gather>", self.url)
            self.check(child)
            sounds.append(self.sound(child, nested=True))
        finish = element.get("finishOnKey", "#")
        if len(finish) > 1 or finish not in "0123456789#*":
            raise CarrierError(13310, f'finishOnKey "{finish}" is not one key', self.url)
        auto = element.get("timeout") == "auto"  # for speech recognition; for keys it means the default
        return TwimlGather(
            action=self.address(element.get("action")),
            method=self.method(element, 13312),
            timeout=5 if auto else self.number(element, "timeout", 5, 13313),
            num_digits=self.number(element, "numDigits", 0, 13314) or None,
            finish_on_key=finish,
            action_on_empty_result=element.get("actionOnEmptyResult") == "true",
            sounds=tuple(sounds),
        )

    def dial(self, element: ET.Element) -> TwimlDial:
        number = "".join(element.itertext()).strip()
        if not number:
            raise CarrierError(13224, "<Dial> without a number", self.url)
        action = element.get("action")
        return TwimlDial(
            number,
            self.address(action) if action else None,
            self.method(element, 13200),
            self.number(element, "timeout", 30, 13212),
        )

    def pay(self, element: ET.Element) -> TwimlPay:
        self.check_values(element, _PAY_VALUES)
        prompts: list[TwimlPrompt] = []
        for child in element:
            if child.tag not in _NESTED:
                raise CarrierError(12200, f"<{child.tag}> cannot stand inside <Pay>", self.url)
            self.check(child)
            if child.tag == "Prompt":
                prompts.append(self.prompt(child))
        callback = element.get("statusCallback")
        return TwimlPay(
            action=self.address(element.get("action")),
            status_callback=self.address(callback) if callback else "",
            timeout=self.count(element, "timeout", 5),
            max_attempts=self.count(element, "maxAttempts", 1, most=3),
            security_code=element.get("securityCode", "true") == "true",
            postal_code=element.get("postalCode", "true") == "true",  # a code that is known is not asked for
            fewest_postal_digits=self.count(element, "minPostalCodeLength", 1),
            card_types=tuple(element.get("validCardTypes", "visa mastercard amex").split()),
            charge=self.charge(element),
            prompts=tuple(prompts),
        )

    def count(self, element: ET.Element, name: str, default: int, *, most: int = 999) -> int:
        """Return a whole number; warn of anything else, for which the carrier takes the default."""
        text = element.get(name, str(default))
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most:
            return int(text)
        self.warn(12200, f'<{element.tag} {name}="{text}">: a whole number from 1 to {most} is expected')
        return default

    def charge(self, pay: ET.Element) -> str:
        """Return the amount that a card is charged, as it is written; "" when there is none, or it is 0."""
        amount = pay.get("chargeAmount", "0")
        if not _AMOUNT.fullmatch(amount) or float(amount) > _MOST_CHARGED:
            self.warn(12200, f'<Pay chargeAmount="{amount}">: an amount up to {_MOST_CHARGED} is expected')
        return amount if amount.strip("0.") else ""

    def prompt(self, element: ET.Element) -> TwimlPrompt:
        self.check_values(element, _PROMPT_VALUES)
        sounds: list[TwimlSound] = []
        for child in element:
            if child.tag not in ("Say", "Play", "Pause"):
                raise CarrierError(12200, f"<{child.tag}> cannot stand inside <Prompt>", self.url)
            self.check(child)
            sounds.append(self.sound(child, nested=True))
        return TwimlPrompt(
            step=element.get("for", ""),
            sounds=tuple(sounds),
            attempts=tuple(int(text) for text in element.get("attempt", "").split() if text.isdecimal()),
            errors=tuple(element.get("errorType", "").split()),
            card_types=tuple(element.get("cardType", "").split()),
        )

    def check_values(self, element: ET.Element, allowed: Mapping[str, tuple[str, ...]]) -> None:
        """Warn of a value that an attribute does not take, and of a <Prompt> for no step at all."""
        for name, values in allowed.items():
            text = element.get(name, "" if name == "for" else None)
            if text is None:
                continue
            for value in (text.split() or [""]) if name in _LISTS else [text]:
                if value not in values:
                    self.warn(12200, f'<{element.tag} {name}="{text}">: {", ".join(values)} are expected')

    def check(self, element: ET.Element) -> None:
        """Warn of unknown attributes, and of text where none is spoken."""
        known_attributes = _ATTRIBUTES[element.tag].split()
        for name in sorted(set(element.keys()) - set(known_attributes)):
            self.warn(12200, f'<{element.tag}> has no attribute "{name}"')
        texts = [element.text, *(child.tail for child in element)]
        if element.tag not in _WITH_TEXT and any(text and not text.isspace() for text in texts):
            self.warn(12200, f"words directly in <{element.tag}> are not spoken")

    def number(self, element: ET.Element, name: str, default: int, code: int, *, low: int = 1) -> int:
        text = element.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < low:
            expected = f"a whole number of at least {low}"
            raise CarrierError(code, f'<{element.tag} {name}="{text}">: {expected} is expected', self.url)
        return int(text)

    def method(self, element: ET.Element, code: int) -> str:
        method = element.get("method", "POST").upper()
        if method not in ("GET", "POST"):
            raise CarrierError(code, f'<{element.tag} method="{method}">: GET or POST is expected', self.url)
        return method

    def address(self, text: str | None) -> str:
        """Return an address made absolute by the document's own; no address means the document itself."""
        try:
            address = urldefrag(urljoin(self.url, (text or "").strip())).url
            parts = urlsplit(address)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise CarrierError(11100, f'"{text}" is no http or https address', self.url)
        return address

    def warn(self, code: int, message: str) -> None:
        self.warnings.append(CarrierError(code, message, self.url))


def _is_percent(text: str, low: int, high: int) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,3}%", text)) and low <= int(text[:-1]) <= high


def _seconds(text: str) -> float:
    """Return the seconds of a break's `time`, such as `2s` or `300ms`; 0 for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text)
    return 0.0 if match is None else float(match[1]) / (1000 if match[2] == "ms" else 1)
