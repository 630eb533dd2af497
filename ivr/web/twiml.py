"""Verbs to TwiML. The only place that knows how the carrier wants to be told things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from twilio.twiml.voice_response import VoiceResponse

from ivr.flow.verbs import Dial, Gather, GoOn, HangUp
from ivr.line.answer import Answer, SpokenWords
from ivr.prompts.recordings.folder import Recording, Recordings
from ivr.prompts.recordings.playlist import heard

DIAL_SECONDS = 30
"""How long a person's telephone rings before the caller is told that nobody answers."""

MOST_LETTERS = 4096
"""What the carrier takes in one <Say>."""

_SENTENCES = re.compile(
    rf"(.{{1,{MOST_LETTERS - 1}}}[.?!](?=\s|$)|.{{1,{MOST_LETTERS}}}(?=\s|$)|.{{1,{MOST_LETTERS}}})\s*", re.DOTALL
)
"""As many whole sentences as fit, or words where no sentence ends in time, or letters where no word does."""


class Signer(Protocol):
    """Signs what nobody may guess: the vault, in a line that takes calls."""

    def sign(self, text: str) -> str:
        """Return a code for a text."""

    def signed(self, text: str, mac: str) -> bool:
        """Say whether a code was made for a text."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes answers: needs the key that signs turn URLs, the path they begin with, and where 0 leads."""

    vault: Signer
    path: str
    person_number: str | None
    recordings: Callable[[], Recordings] = Recordings
    """What a person has recorded."""

    def answer(self, answer: Answer, caller_id: str | None = None) -> str:
        """Return the reply to one request; a person's telephone is shown `caller_id`, or the caller's own number."""
        response, url = VoiceResponse(), self.turn_url(answer.sid, answer.turn, answer.language)
        match answer.verb:
            case Gather() as gather:
                # Words stand inside, so that a key pressed during them counts, but for facts that are to be heard
                # whole; the redirect after it is for a carrier that goes on when nothing was keyed.
                self.say(response, answer.words[: gather.uncut])
                inner = response.gather(
                    input="dtmf",
                    action=url,
                    method="POST",
                    timeout=gather.next_key,
                    num_digits=gather.most,
                    finish_on_key="#" if gather.pound_ends else "",
                    action_on_empty_result=True,
                )
                self.say(inner, answer.words[gather.uncut :])
                if gather.extra_wait > 0:
                    inner.pause(length=gather.extra_wait)
                response.redirect(url, method="POST")
            case GoOn():
                self.say(response, answer.words)
                response.redirect(url, method="POST")
            case Dial():
                self.say(response, answer.words)
                self._dial(response, url, caller_id)
            case HangUp():
                self.say(response, answer.words)
                response.hangup()
        return str(response)

    def turn_url(self, sid: str, turn: int, language: str) -> str:
        """Return where a call's next turn is asked for; it cannot be guessed, nor used by another call."""
        return f"{self.path}/voice/turn/{turn}/{self.vault.sign(f'{sid} {turn}')}?language={language}"

    def is_turn_of(self, sid: str, turn: int, mac: str) -> bool:
        """Say whether a turn URL was made for this call."""
        return self.vault.signed(f"{sid} {turn}", mac)

    def come_back(self, words: Iterable[SpokenWords], url: str, seconds: int) -> str:
        """Return a reply that speaks, waits and asks for the same turn again."""
        response = VoiceResponse()
        self.say(response, words)
        response.pause(length=seconds)
        response.redirect(self.path + url, method="POST")
        return str(response)

    def dial(self, words: Iterable[SpokenWords], url: str, caller_id: str | None) -> str:
        """Return a reply that connects to a person; what comes of it is told to a URL of the line."""
        response = VoiceResponse()
        self.say(response, words)
        self._dial(response, self.path + url, caller_id)
        return str(response)

    def hang_up(self, words: Iterable[SpokenWords]) -> str:
        """Return a reply that ends the call."""
        response = VoiceResponse()
        self.say(response, words)
        response.hangup()
        return str(response)

    def _dial(self, response: VoiceResponse, url: str, caller_id: str | None) -> None:
        response.dial(self.person_number, action=url, method="POST", timeout=DIAL_SECONDS, caller_id=caller_id)

    def say(self, verb: Any, words: Iterable[SpokenWords]) -> None:
        """Add words, each in its language and voice; those that a person has recorded are played."""
        for spoken in words:
            for part in heard(spoken.pieces, self.recordings(), spoken.language.partition("-")[0]):
                if isinstance(part, Recording):
                    verb.play(self.path + part.address)
                    continue
                for text in speakable(part):
                    verb.say(text, voice=spoken.voice, language=spoken.language)


def speakable(text: str) -> list[str]:
    """Return words as the carrier takes them, in one piece or in as few as it must be: at sentences where it can."""
    return [text] if len(text) <= MOST_LETTERS else [found[1] for found in _SENTENCES.finditer(text)]
