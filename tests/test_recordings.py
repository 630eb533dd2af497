"""Recordings: what there is to record, taking a voice talent's files, checking them, and what a caller hears."""

from __future__ import annotations

import csv
import io
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from demo_line import DemoLine, with_settings
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sounds import riff, tone, voice, wav

from ivr.errors import Report
from ivr.flow.tempo import USUAL
from ivr.flow.verbs import GoOn, Speak
from ivr.line.answer import Answer, SpokenWords
from ivr.payment.vault import Vault
from ivr.prompts import Catalogue, Catalogues, load_prompts, phrase
from ivr.prompts.recordings.add import Added, add
from ivr.prompts.recordings.check import check_recordings
from ivr.prompts.recordings.folder import RecordingsFolder
from ivr.prompts.recordings.fragments import fragments, fragments_by_name, spoken_words
from ivr.prompts.recordings.sheet import sheet_csv, sheet_html
from ivr.prompts.recordings.sound import for_telephone, is_clipped, is_silent, level, resample, trim
from ivr.prompts.recordings.wav import SoundError, read, samples, write
from ivr.prompts.spoken import Values
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.web import audio
from ivr.web.twiml import Renderer

HEAD = "language: en-US\nvoice: Polly.Joanna-Neural\nnames: {pharmacy: Meadow Mail}\n"
WORDS = """\
hello: Welcome to {pharmacy}.
total:
  say: Your total is {total:money}. To pay, press one.
  silence: ["To pay, press one.", "Welcome, to Meadow Mail!"]
  wrong: [That key does not pay.]
found:
  by: count
  one: I found {count:number} prescription.
  other: I found {count:number} prescriptions.
ending: the prescription ending in {rx:digits}
line: "{what:phrase}, {days:number} days."
"""


def catalogues(words: str = WORDS) -> Catalogues:
    report = Report()
    loaded = load_prompts({"en/catalogue.yaml": HEAD, "en/order.yaml": words}, report)
    report.raise_if_any()
    return loaded


@pytest.fixture
def english() -> Catalogue:
    return catalogues().by_language["en"]


# What there is to record


def test_every_fixed_part_is_a_fragment_and_the_same_words_are_recorded_once(english: Catalogue) -> None:
    assert [(one.name, one.words, one.also) for one in fragments(english)] == [
        ("order.hello", "Welcome to Meadow Mail.", ("order.total.silence2",)),
        ("order.total.part1", "Your total is", ()),
        ("order.total.part2", "To pay, press one.", ("order.total.silence1",)),
        ("order.total.wrong1", "That key does not pay.", ()),
        ("order.found.one.part1", "I found", ("order.found.other.part1",)),
        ("order.found.one.part2", "prescription.", ()),
        ("order.found.other.part2", "prescriptions.", ()),
        ("order.ending.part1", "the prescription ending in", ()),
        ("order.line.part1", "days.", ()),
    ]


def test_a_fragment_says_when_it_is_heard_and_in_which_sentence(english: Catalogue) -> None:
    found = fragments_by_name(fragments(english))
    assert found["order.total.part1"].occasion == "the first time"
    assert found["order.total.wrong1"].occasion == "after a wrong key, 1"
    assert found["order.found.other.part2"].occasion == "the first time (other)"
    assert found["order.total.part1"].sentence == "Your total is [total]. To pay, press one."
    assert found["order.total.silence2"] is found["order.hello"]


def test_the_sheet_gives_every_fragment_as_csv_and_to_print(english: Catalogue) -> None:
    found = fragments(english)
    rows = list(csv.DictReader(io.StringIO(sheet_csv(found))))
    assert len(rows) == len(found)
    assert rows[0]["file"] == "order.hello.wav"
    assert rows[0]["also heard in"] == "order.total.silence2"
    page = sheet_html(found, english)
    assert page.count('class="done"') == len(found)
    assert "Your total is [total]. To pay, press one." in page


def test_the_printed_sheet_escapes_words() -> None:
    loaded = catalogues("hello: Press one <for> A & B.\n").by_language["en"]
    assert "Press one &lt;for&gt; A &amp; B." in sheet_html(fragments(loaded), loaded)


# Sound


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(wav([0, 0.5, -0.5], width=1), [0, 0.5, -0.5], id="8-bits"),
        pytest.param(wav([0, 0.5, -0.5]), [0, 0.5, -0.5], id="16-bits"),
        pytest.param(wav([0, 0.5, -0.5], width=3), [0, 0.5, -0.5], id="24-bits"),
        pytest.param(wav([0, 0.5, -0.5], width=4), [0, 0.5, -0.5], id="32-bits"),
        pytest.param(wav([0, 0.5, -0.5], channels=2), [0, 0.5, -0.5], id="stereo-is-mixed"),
        pytest.param(riff(3, 1, 8000, 32, struct.pack("<3f", 0, 0.5, -0.5)), [0, 0.5, -0.5], id="floats"),
        pytest.param(
            riff(0xFFFE, 1, 8000, 16, struct.pack("<2h", 0, 16384), struct.pack("<HHIH14x", 22, 16, 0, 1)),
            [0, 0.5],
            id="extensible",
        ),
        pytest.param(riff(3, 1, 8000, 32, struct.pack("<2f", float("nan"), 0.5)), [0, 0.5], id="not-a-number"),
        pytest.param(wav([0, 0.5])[:-1], [0], id="cut-short"),
    ],
)
def test_wav_files_of_every_uncompressed_kind_are_read(data: bytes, expected: list[float]) -> None:
    assert samples(*read(data)) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"ID3\x04 an mp3", id="mp3"),
        pytest.param(b"RIFF\x00\x00\x00\x00WAVE", id="no-chunks"),
        pytest.param(riff(2, 1, 8000, 4, b"\x00" * 8), id="adpcm"),
        pytest.param(riff(1, 0, 8000, 16, b""), id="no-channels"),
    ],
)
def test_other_files_are_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(SoundError, match="save it as"):
        read(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for content in (data, b"RIFF\x00\x00\x00\x00WAVE" + data, riff(1, 1, 8000, 16, data)):
        with suppress(SoundError):
            samples(*read(content))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_a_voice_comes_through_resampling_as_it_was(rate: int) -> None:
    made = resample(tone(1000, 0.5, rate), rate)
    assert made[400:3600] == pytest.approx(tone(1000, 0.5, 8000)[400:3600], abs=0.01)


@pytest.mark.parametrize("hertz", [4500, 6000, 9000, 15000])
def test_what_a_telephone_cannot_carry_is_filtered_out(hertz: int) -> None:
    made = resample(tone(hertz, 0.5, 44100), 44100)
    assert max(map(abs, made[400:3600])) < 0.01


def test_rests_are_trimmed_to_a_breath() -> None:
    made = trim(voice(1.0, rest=2.0))
    assert 1.0 <= len(made) / 8000 <= 1.3


@pytest.mark.parametrize("loud", [0.02, 0.1, 0.9])
def test_all_recordings_are_brought_to_one_level(loud: float) -> None:
    made = level(voice(1.0, loud=loud))
    assert made == pytest.approx(level(voice(1.0, loud=0.3)), abs=0.01)
    assert max(map(abs, made)) <= 0.9


@given(st.lists(st.floats(-1, 1), max_size=900), st.sampled_from([8000, 16000, 44100]))
def test_any_sound_is_made_fit_to_be_written(sound: list[float], rate: int) -> None:
    form, frames = read(write(for_telephone(sound, rate)))
    assert form.is_telephone
    assert len(frames) % 2 == 0


@pytest.mark.parametrize(
    ("sound", "silent", "clipped"),
    [
        pytest.param([], True, False, id="nothing"),
        pytest.param([0.001] * 100, True, False, id="silence"),
        pytest.param(voice(0.2), False, False, id="a-voice"),
        pytest.param([min(1, 3 * s) for s in voice(0.2, loud=0.9)], False, True, id="too-loud"),
        pytest.param([0, 1.0, 0, -1.0, 0], False, False, id="peaks-that-just-touch"),
    ],
)
def test_silence_and_clipping_are_found(sound: list[float], silent: bool, clipped: bool) -> None:
    assert (is_silent(sound), is_clipped(sound)) == (silent, clipped)


# Taking files, and checking


@dataclass
class Studio:
    """A folder of prompts, and files that come from a voice talent."""

    prompts: Path
    incoming: Path
    words: Catalogues

    def record(self, name: str, data: bytes) -> Added:
        file = self.incoming / f"{name}.wav"
        file.write_bytes(data)
        english = self.words.by_language["en"]
        return add(file, fragments_by_name(fragments(english))[name], self.prompts, english)

    def put(self, name: str, data: bytes, words: str) -> None:
        """Put a file where recordings are, by hand."""
        audio = self.prompts / "en" / "audio"
        audio.mkdir(parents=True, exist_ok=True)
        (audio / f"{name}.wav").write_bytes(data)
        if words:
            (audio / f"{name}.txt").write_text(words)

    def problems(self) -> list[str]:
        (checked,) = check_recordings(self.prompts, self.words)
        return [f"{Path(problem.place.file).name}: {problem.message}" for problem in checked.problems]

    def missing(self) -> list[str]:
        (checked,) = check_recordings(self.prompts, self.words)
        return [fragment.name for fragment in checked.missing]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    (tmp_path / "incoming").mkdir()
    return Studio(tmp_path / "prompts", tmp_path / "incoming", catalogues())


def test_a_file_is_converted_trimmed_levelled_and_kept_with_its_words(studio: Studio) -> None:
    added = studio.record("order.hello", wav(voice(1.5, 44100, rest=1.0), 44100, channels=2, width=3))
    assert added.faults == ()
    assert added.seconds == pytest.approx(1.5, abs=0.3)
    kept = studio.prompts / "en" / "audio" / "order.hello.wav"
    assert read(kept.read_bytes())[0].is_telephone
    assert kept.with_suffix(".txt").read_text() == "Welcome to Meadow Mail.\n"
    assert studio.problems() == []
    assert "order.hello" not in studio.missing()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param(b"ID3", "is not a WAV file; save it as WAV, uncompressed", id="mp3"),
        pytest.param(
            wav(voice(1.5, 6000), 6000), "is 6000 Hz mono, 16 bits; record it at 8000 Hz or more", id="low-rate"
        ),
        pytest.param(wav([0.0] * 8000), "is silent", id="silent"),
        pytest.param(
            wav([max(-1, min(1, 3 * s)) for s in voice(1.5, loud=0.9)]),
            "is clipped: it was recorded too loud; record it again with the level turned down",
            id="clipped",
        ),
        pytest.param(
            wav(voice(9)), "lasts 9.0 s, where its words take about 1.5 s; is it another recording?", id="other-words"
        ),
    ],
)
def test_a_bad_file_is_refused_and_the_earlier_one_stays(studio: Studio, data: bytes, fault: str) -> None:
    studio.record("order.hello", wav(voice(1.5)))
    kept = (studio.prompts / "en" / "audio" / "order.hello.wav").read_bytes()
    assert studio.record("order.hello", data).faults == (fault,)
    assert (studio.prompts / "en" / "audio" / "order.hello.wav").read_bytes() == kept


@pytest.mark.parametrize(
    ("name", "data", "words", "problem"),
    [
        pytest.param(
            "order.hello",
            wav(voice(1.5)),
            "Welcome to Meadow.",
            'order.hello.wav: is stale: it says "Welcome to Meadow.", and the words are now "Welcome to Meadow Mail."',
            id="stale",
        ),
        pytest.param(
            "order.hello",
            wav(voice(1.5, 44100), 44100, channels=2),
            "Welcome to Meadow Mail.",
            "order.hello.wav: is 44100 Hz stereo, 16 bits; a telephone takes 8000 Hz mono, 16 bits: add it with `ivr recordings add`",
            id="wrong-format",
        ),
        pytest.param(
            "order.hello",
            wav(voice(1.5)),
            "",
            "order.hello.wav: lacks the words it says, in order.hello.txt beside it; add it with `ivr recordings add`",
            id="without-its-words",
        ),
        pytest.param(
            "order.helo",
            wav(voice(1.5)),
            "Welcome to Meadow Mail.",
            'order.helo.wav: no prompt has words of this name to record (did you mean "order.hello"?)',
            id="misnamed",
        ),
        pytest.param(
            "order.hello", wav([0.0] * 8000), "Welcome to Meadow Mail.", "order.hello.wav: is silent", id="silent"
        ),
        pytest.param(
            "order.hello",
            b"RIFF",
            "Welcome to Meadow Mail.",
            "order.hello.wav: is not a WAV file; save it as WAV, uncompressed",
            id="no-sound",
        ),
    ],
)
def test_each_thing_wrong_with_a_recording_is_told(
    studio: Studio, name: str, data: bytes, words: str, problem: str
) -> None:
    studio.put(name, data, words)
    assert studio.problems() == [problem]


def test_words_without_a_recording_are_told(studio: Studio) -> None:
    studio.put("order.hello", wav(voice(1.5)), "Welcome to Meadow Mail.")
    (studio.prompts / "en" / "audio" / "order.hello.wav").unlink()
    assert studio.problems() == ["order.hello.txt: has no recording beside it"]


def test_commas_do_not_make_a_recording_stale(studio: Studio) -> None:
    studio.put("order.hello", wav(voice(1.5)), "welcome, to Meadow Mail!")
    assert studio.problems() == []


# What a caller hears


Hear = Callable[..., list[str]]


@pytest.fixture
def hear(studio: Studio) -> Hear:
    """Render a prompt as a reply, and return what is said and played."""

    def heard(prompt: str, values: Values, rate: int = USUAL) -> list[str]:
        folder = RecordingsFolder(studio.prompts, lambda: 0.0)
        english = studio.words.by_language["en"]
        spoken = SpokenWords(english.pieces(prompt, values), english.locale, english.voice, rate)
        vault = Vault((Secret("A" * 43 + "="),))
        renderer = Renderer(vault, "/line", None, recordings=lambda: folder.recordings)
        answer = Answer("CA1", 1, "en", GoOn((Speak(prompt, "en", values),)), (spoken,))
        names = {one.address: one.path.stem for one in folder.recordings.by_words.values()}
        return [
            f"♪ {names[(verb.text or '').removeprefix('/line')]}" if verb.tag == "Play" else "".join(verb.itertext())
            for verb in ET.fromstring(renderer.answer(answer))  # noqa: S314 - our own reply
            if verb.tag in ("Play", "Say")
        ]

    return heard


def test_without_recordings_all_is_spoken_at_once(hear: Hear) -> None:
    assert hear("order.total", {"total": 2500}) == ["Your total is twenty-five dollars. To pay, press one."]


def test_what_is_recorded_is_played_and_values_are_spoken(studio: Studio, hear: Hear) -> None:
    studio.record("order.total.part1", wav(voice(1.0)))
    assert hear("order.total", {"total": 2500}) == ["♪ order.total.part1", "twenty-five dollars. To pay, press one."]
    studio.record("order.total.part2", wav(voice(1.5)))
    assert hear("order.total", {"total": 2500}) == ["♪ order.total.part1", "twenty-five dollars", "♪ order.total.part2"]
    slower = hear("order.total", {"total": 2500}, 85)
    assert slower == ["Your total is twenty-five dollars. To pay, press one."], "a recording cannot be slowed"


def test_phrases_within_a_prompt_are_played_too(studio: Studio, hear: Hear) -> None:
    studio.record("order.ending.part1", wav(voice(1.2)))
    assert hear("order.line", {"what": phrase("order.ending", rx="552"), "days": 90}) == [
        "♪ order.ending.part1",
        "five five two, ninety days.",
    ]


def test_no_sentence_is_made_of_a_lone_comma(studio: Studio, hear: Hear) -> None:
    loaded = catalogues('pair: "{a:phrase}, {b:phrase}."\none: The first one here\ntwo: The second one here\n')
    studio.words = loaded
    studio.record("order.one", wav(voice(1.5)))
    studio.record("order.two", wav(voice(1.4)))
    assert hear("order.pair", {"a": phrase("order.one"), "b": phrase("order.two")}) == ["♪ order.one", "♪ order.two"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(wav(voice(1.5)), "Welcome to Meadow.", id="stale"),
        pytest.param(wav([0.0] * 8000), "Welcome to Meadow Mail.", id="silent"),
        pytest.param(wav(voice(1.5), 44100), "Welcome to Meadow Mail.", id="wrong-format"),
        pytest.param(b"RIFF", "Welcome to Meadow Mail.", id="broken"),
    ],
)
def test_a_recording_that_is_no_good_is_never_heard(studio: Studio, hear: Hear, data: bytes, words: str) -> None:
    studio.put("order.hello", data, words)
    assert hear("order.hello", {}) == ["Welcome to Meadow Mail."]


@given(st.text(max_size=40))
def test_the_words_of_a_recording_are_found_whatever_their_commas(text: str) -> None:
    assert spoken_words(f" {text},\n") == spoken_words(text)


# Serving


@pytest.fixture
def client(studio: Studio) -> FlaskClient:
    studio.record("order.hello", wav(voice(1.5)))
    app = Flask("recordings")
    app.register_blueprint(audio.audio_blueprint(RecordingsFolder(studio.prompts, lambda: 0.0)))
    return app.test_client()


def where(studio: Studio) -> str:
    (found,) = RecordingsFolder(studio.prompts, lambda: 0.0).recordings.by_words.values()
    return found.address


def test_a_recording_is_served_to_be_kept_for_ever(studio: Studio, client: FlaskClient) -> None:
    reply = client.get(where(studio))
    assert reply.status_code == 200
    assert reply.content_type == "audio/wav"
    assert reply.data == (studio.prompts / "en" / "audio" / "order.hello.wav").read_bytes()
    assert reply.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    again = client.get(where(studio), headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_a_recording_is_served(studio: Studio, client: FlaskClient) -> None:
    reply = client.get(where(studio), headers={"Range": "bytes=0-3"})
    assert (reply.status_code, reply.data) == (206, b"RIFF")


@pytest.mark.parametrize(
    "path",
    [
        "/audio/en/order.hello.wav",
        "/audio/en/..%2f..%2fcatalogue.wav",
        "/audio/../en/audio/order.hello.wav",
        "/audio/es/{hash}.wav",
        "/audio/en/{hash}",
    ],
)
def test_nothing_but_a_recording_s_own_address_is_served(studio: Studio, client: FlaskClient, path: str) -> None:
    name = where(studio).split("/")[-1].removesuffix(".wav")
    assert client.get(path.replace("{hash}", name)).status_code == 404


def test_a_file_that_has_changed_is_not_served_at_its_old_address(studio: Studio, client: FlaskClient) -> None:
    address = where(studio)
    studio.put("order.hello", wav(voice(1.6)), "Welcome to Meadow Mail.")
    assert client.get(address).status_code == 404


def test_a_running_line_takes_a_new_recording_within_two_seconds(studio: Studio) -> None:
    now = [0.0]
    folder = RecordingsFolder(studio.prompts, lambda: now[0])
    studio.record("order.hello", wav(voice(1.5)))
    assert folder.recordings.saying("en", "Welcome to Meadow Mail.") is None
    now[0] = 2.0
    assert folder.recordings.saying("en", "Welcome to Meadow Mail.") is not None
    (studio.prompts / "en" / "audio" / "order.hello.wav").unlink()
    now[0] = 4.0
    assert folder.recordings.saying("en", "Welcome to Meadow Mail.") is None


def test_a_recording_knows_its_length(studio: Studio) -> None:
    studio.put("order.hello", wav(voice(1.5)), "Welcome to Meadow Mail.")
    found = RecordingsFolder(studio.prompts, lambda: 0.0).recordings.saying("en", "Welcome to Meadow Mail.")
    assert found is not None
    assert found.seconds == 1.5
    assert replace(found, seconds=0.0) != found


# A call


def test_a_caller_hears_a_recording_and_their_keys_count_meanwhile(demo_line: DemoLine, tmp_path: Path) -> None:
    audio = tmp_path / "en" / "audio"
    audio.mkdir(parents=True)
    (audio / "main.language.wav").write_bytes(wav(voice(3.0)))
    words = demo_line.services.versions.current.catalogues.by_language["en"].words("main.language", {})
    (audio / "main.language.txt").write_text(words)
    recorded = with_settings(demo_line, replace(Settings(), prompts=tmp_path))
    phone, heard = recorded.call()
    english, spanish = heard.words
    assert english.text == ""
    assert spanish.language == "es-US"
    fetched = recorded.app.test_client().get(english.url.removeprefix("http://localhost"))
    assert fetched.data == (audio / "main.language.wav").read_bytes()
    phone.press("1")
    assert recorded.last_prompts == ["main.menu"]
