"""Writes answers as TwiML, the carrier's XML; no other module knows TwiML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from twilio.twiml.voice_response import VoiceResponse

from ivr.flow.tempo import USUAL
from ivr.flow.verbs import Dial, Gather, GoOn, HangUp
from ivr.line.answer import Answer, SpokenWords
from ivr.prompts.recordings.folder import Recording, Recordings
from ivr.prompts.recordings.playlist import recordings_and_words

DIAL_SECONDS = 30
"""How many seconds a person's telephone rings before the caller is told that nobody answers."""

MOST_LETTERS = 4096
"""The most characters that the carrier takes in one <Say>."""

_SENTENCES = re.compile(
    rf"(.{{1,{MOST_LETTERS - 1}}}[.?!](?=\s|$)|.{{1,{MOST_LETTERS}}}(?=\s|$)|.{{1,{MOST_LETTERS}}})\s*", re.DOTALL
)
"""Matches as many whole sentences as fit in one <Say>, or words if no sentence fits, or characters if no word does."""


class Signer(Protocol):
    """Signs turn URLs, which nobody may guess; in a line that takes calls it is the vault."""

    def sign(self, text: str) -> str:
        """Return the code for a text."""

    def signed(self, text: str, code: str) -> bool:
        """Return whether a code was made for a text."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes answers as TwiML.

    `vault` signs turn URLs, `path` precedes them, and `person_number` is the number that 0 connects to.
    """

    vault: Signer
    path: str
    person_number: str | None
    recordings: Callable[[], Recordings] = Recordings
    """Returns the recordings, which are played in place of the words that they say."""

    def answer(self, answer: Answer, caller_id: Callable[[], str | None] = lambda: None) -> str:
        """Return the TwiML of an answer.

        A person's telephone shows what `caller_id` returns, or else the caller's number. It is a function because few
        answers connect to a person, and judging a number takes a while.
        """
        response, url = VoiceResponse(), self.turn_url(answer.sid, answer.turn, answer.language)
        match answer.verb:
            case Gather() as gather:
                # Words are spoken within <Gather>, so that a key pressed during them counts, except for facts that
                # must be heard whole. The redirect is for a carrier that goes on when nothing was keyed.
                self.say(response, answer.words[: gather.uncut])
                gather_verb = response.gather(
                    input="dtmf",
                    action=url,
                    method="POST",
                    timeout=gather.next_key,
                    num_digits=gather.most,
                    finish_on_key="#" if gather.pound_ends else "",
                    action_on_empty_result=True,
                )
                self.say(gather_verb, answer.words[gather.uncut :])
                if gather.extra_wait > 0:
                    gather_verb.pause(length=gather.extra_wait)
                response.redirect(url, method="POST")
            case GoOn():
                self.say(response, answer.words)
                response.redirect(url, method="POST")
            case Dial():
                self.say(response, answer.words)
                self._dial(response, url, caller_id())
            case HangUp():
                self.say(response, answer.words)
                response.hangup()
        return str(response)

    def turn_url(self, sid: str, turn: int, language: str) -> str:
        """Return the URL for a call's turn, which cannot be guessed or used by another call."""
        return f"{self.path}/voice/turn/{turn}/{self.vault.sign(f'{sid} {turn}')}?language={language}"

    def is_turn_of(self, sid: str, turn: int, mac: str) -> bool:
        """Return whether a turn URL's signature was made for this call and turn."""
        return self.vault.signed(f"{sid} {turn}", mac)

    def come_back(self, words: Iterable[SpokenWords], url: str, seconds: int) -> str:
        """Return TwiML that speaks, waits some seconds and requests a URL, which is the same turn's."""
        response = VoiceResponse()
        self.say(response, words)
        response.pause(length=seconds)
        response.redirect(self.path + url, method="POST")
        return str(response)

    def dial(self, words: Iterable[SpokenWords], url: str, caller_id: str | None) -> str:
        """Return TwiML that speaks and connects the caller to a person; the carrier posts the result to `url`."""
        response = VoiceResponse()
        self.say(response, words)
        self._dial(response, self.path + url, caller_id)
        return str(response)

    def hang_up(self, words: Iterable[SpokenWords]) -> str:
        """Return TwiML that speaks and ends the call."""
        response = VoiceResponse()
        self.say(response, words)
        response.hangup()
        return str(response)

    def _dial(self, response: VoiceResponse, url: str, caller_id: str | None) -> None:
        response.dial(self.person_number, action=url, method="POST", timeout=DIAL_SECONDS, caller_id=caller_id)

    def say(self, verb: Any, words: Iterable[SpokenWords]) -> None:
        """Add words to a verb, each in its language, voice and tempo; recorded ones are played.

        A recording has only the usual tempo, so at any other all words are spoken.
        """
        for spoken in words:
            recordings = self.recordings() if spoken.rate == USUAL else Recordings()
            for part in recordings_and_words(spoken.pieces, recordings, spoken.language.partition("-")[0]):
                if isinstance(part, Recording):
                    verb.play(self.path + part.address)
                    continue
                for text in speakable(part):
                    if spoken.rate == USUAL:
                        verb.say(text, voice=spoken.voice, language=spoken.language)
                    else:
                        say = verb.say(voice=spoken.voice, language=spoken.language)
                        say.prosody(text, rate=f"{spoken.rate}%")


def speakable(text: str) -> list[str]:
    """Return a text in as few parts as the carrier's limit allows, split between sentences if possible."""
    return [text] if len(text) <= MOST_LETTERS else [part[1] for part in _SENTENCES.finditer(text)]
