"""Hearing a prompt without a call: made-up values, those somebody chose, and the commands of the words' owners."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from folders import read_folder
from sounds import voice, wav

from ivr.cli import main
from ivr.errors import IvrError, Report
from ivr.flow.loader import read_flows
from ivr.line.actions import SPECS
from ivr.line.examples import Examples, read_value
from ivr.prompts import load_prompts
from ivr.prompts.recordings.wav import duration_seconds
from ivr.prompts.recordings.wav import read as read_wav
from ivr.prompts.spoken import Value
from ivr.settings import Settings

FLOWS = """\
flow: main
start: supply
states:
  supply:
    menu: main.supply
    choices: {of: supplies, option: main.option, save: supply, next: bye}
    keys: {9: bye}
  bye: {hang_up: main.bye}
"""
LINE = """\
start: main
menu_keys: {star: repeat}
ask_keys: {star: repeat}
too_many: main
too_long: main
failed: main
limits: {silence: 3, wrong: 3, first_key: 5, next_key: 4}
longest_call: 600
most_actions: 9
languages: {default: en}
"""
ENGLISH = """\
supply:
  say: "How much? {options:phrase}"
  silence: ["Please choose.", "{options:phrase} Please choose."]
  wrong: [That is no choice.]
option: "For {days:number} days at {price:money}, press {key:digits}."
found:
  by: count
  one: I found {count:number} order for {total:money}.
  other: I found {count:number} orders for {total:money}.
order: "{what:phrase} comes on {day:date} to {address:address}. Call {phone:phone}."
named: "{drug:text}"
bye: Goodbye.
"""
SPANISH = """\
supply:
  say: "¿Cuánto? {options:phrase}"
  silence: ["Escoja.", "{options:phrase} Escoja."]
  wrong: [No es una opción.]
option: "Para {days:number} días por {price:money}, oprima {key:digits}."
found:
  by: count
  one: Encontré {count:number} pedido por {total:money}.
  other: Encontré {count:number} pedidos por {total:money}.
order: "{what:phrase} llega el {day:date} a {address:address}. Llame al {phone:phone}."
named: "{drug:text}"
bye: Adiós.
"""
TODAY = date(2026, 11, 24)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Write a small line's flows and prompts."""
    texts = {
        "flows/line.yaml": LINE,
        "flows/main.yaml": FLOWS,
        "prompts/en/catalogue.yaml": "language: en-US\nvoice: Polly.Joanna-Neural\n",
        "prompts/en/main.yaml": ENGLISH,
        "prompts/es/catalogue.yaml": "language: es-US\nvoice: Polly.Lupe-Neural\n",
        "prompts/es/main.yaml": SPANISH,
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(folders: Path, *arguments: str) -> Result:
    settings = {"IVR_FLOWS": str(folders / "flows"), "IVR_PROMPTS": str(folders / "prompts")}
    return CliRunner().invoke(main, arguments, env={**settings, "IVR_NOW": "2026-11-24T09:00:00Z"})


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.strip() for line in result.stdout.splitlines()]


# Values


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "Dr. Ortega", "Dr. Ortega"),
        ("digits", "0612", "0612"),
        ("number", "3", 3),
        ("money", "24.50", 2450),
        ("money", "$24", 2400),
        ("date", "2026-12-01", "2026-12-01"),
        (
            "address",
            "1204 Fulton Street, San Francisco, CA, 94117",
            {
                "house_number": "1204",
                "street": "Fulton Street",
                "unit": "",
                "city": "San Francisco",
                "state": "CA",
                "zip": "94117",
            },
        ),
    ],
)
def test_values_are_typed_as_people_write_them(kind: str, text: str, value: Value) -> None:
    assert read_value(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("number", "many", "a whole number is written in figures, as in 3"),
        ("money", "24.5", "an amount is written in dollars, as in 24.50"),
        ("money", "a lot", "an amount is written in dollars, as in 24.50"),
        ("date", "tomorrow", "a day is written as in 2026-12-01"),
        ("address", "here", "an address is written as in 1204 Fulton Street, Apt 3, San Francisco, CA, 94117"),
    ],
)
def test_a_value_typed_wrong_says_how_it_is_written(kind: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        read_value(kind, text)


def test_every_prompt_of_the_line_can_be_heard_with_made_up_values() -> None:
    settings, report = Settings(), Report()
    catalogues = load_prompts(read_folder(settings.prompts), report)
    _, flows = read_flows(read_folder(settings.flows), report)
    examples = Examples(catalogues, flows, SPECS, TODAY, {})
    for catalogue in catalogues.by_language.values():
        for prompt in catalogue.prompts.values():
            for values in examples.counts(prompt, catalogue.language):
                assert catalogue.words(prompt.name, values), prompt.name


def test_a_phrase_that_is_no_prompt_is_refused() -> None:
    report = Report()
    catalogues = load_prompts(read_folder(Settings().prompts), report)
    prompt = catalogues.prompt("order.line")
    assert prompt is not None
    examples = Examples(catalogues, {}, SPECS, TODAY, {"what": "medicine.namde"})
    with pytest.raises(
        IvrError, match=r'what: there is no prompt "medicine.namde" \(did you mean "medicine.named"\?\)'
    ):
        examples.values(prompt)


# ivr say


def test_a_prompt_is_said_for_every_occasion_with_its_seconds(folders: Path) -> None:
    assert lines(run(folders, "say", "main.supply")) == [
        "main.supply (en-US, Polly.Joanna-Neural)",
        "first time    8.4 s  How much? For thirty days at twenty-four dollars and fifty cents, press one. "
        "For sixty days at forty-nine dollars, press two.",
        "silence 1     0.7 s  Please choose.",
        "silence 2     8.4 s  For thirty days at twenty-four dollars and fifty cents, press one. "
        "For sixty days at forty-nine dollars, press two. Please choose.",
        "wrong key 1   1.5 s  That is no choice.",
    ]


def test_plural_forms_are_said_one_after_the_other(folders: Path) -> None:
    assert [line[21:] for line in lines(run(folders, "say", "main.found", "--language", "es"))[1:]] == [
        "Encontré un pedido por veinticuatro dólares con cincuenta centavos.",
        "Encontré dos pedidos por veinticuatro dólares con cincuenta centavos.",
    ]


def test_values_given_are_said_at_any_depth(folders: Path) -> None:
    said = lines(
        run(
            folders,
            *("say", "main.order", "what=main.named", "drug=Aspirin", "day=2026-12-01", "phone=+18005550199"),
            "address=12 Oak Street, Oakland, CA, 94601",
        )
    )
    assert said[1].endswith(
        "Aspirin comes on Tuesday, December first to twelve Oak Street, Oakland, California, nine four six zero one. "
        "Call eight zero zero, five five five, zero one nine nine."
    )


def test_several_languages_are_said_side_by_side(folders: Path) -> None:
    said = lines(run(folders, "say", "main.bye", "--language", "en", "--language", "es"))
    assert [said[0], said[2]] == ["main.bye (en-US, Polly.Joanna-Neural)", "main.bye (es-US, Polly.Lupe-Neural)"]


def test_only_one_occasion_is_said_when_asked_for(folders: Path) -> None:
    assert [line.split("  ")[0] for line in lines(run(folders, "say", "main.supply", "--when", "silence"))[1:]] == [
        "silence 1",
        "silence 2",
    ]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["main.by"], 1, 'there is no prompt "main.by" (did you mean "main.bye"?)\n'),
        (["main.found", "totl=2"], 2, 'Error: "main.found" speaks no "totl" (did you mean "total"?)\n'),
        (["main.found", "total"], 2, 'Error: a value is written name=value, found "total"\n'),
        (["main.found", "total=x"], 1, "total=x: an amount is written in dollars, as in 24.50\n"),
        (["main.bye", "--language", "fr"], 2, 'Error: no language "fr"; there are en, es\n'),
    ],
    ids=["unknown-prompt", "unknown-value", "no-value", "bad-value", "unknown-language"],
)
def test_a_slip_is_told_in_one_line(folders: Path, arguments: list[str], exit_code: int, message: str) -> None:
    result = run(folders, "say", *arguments)
    assert result.exit_code == exit_code
    assert result.output.endswith(message)


def test_a_problem_in_the_prompts_is_told_with_its_place(folders: Path) -> None:
    with (folders / "prompts/en/main.yaml").open("a") as file:
        file.write("bad: It costs {total:mony}.\n")
    result = run(folders, "say", "main.bye")
    assert result.exit_code == 1
    assert (
        'prompts/en/main.yaml:13:22: {total:mony} has the unknown kind "mony" (did you mean "money"?)' in result.output
    )


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_what_a_caller_hears_is_written_as_a_file(folders: Path, tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    run(folders, "say", "main.found", "count=2", "--wav", str(heard))
    form, frames = read_wav(heard.read_bytes())
    assert form.is_telephone
    assert 2 < duration_seconds(form, frames) < 8


# ivr recordings


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder


def test_a_script_is_written_a_language_each(folders: Path, tmp_path: Path) -> None:
    said = lines(run(folders, "recordings", "sheet", "--out", str(tmp_path / "sheets")))
    assert [line.partition("sheets/")[2] for line in said] == [
        "recordings-en.csv and .html: 13 lines, 0.1 minutes",
        "recordings-es.csv and .html: 13 lines, 0.1 minutes",
    ]
    assert (tmp_path / "sheets/recordings-es.csv").read_text("utf-8-sig").startswith("file,words,seconds,when,")
    assert "Escoja." in (tmp_path / "sheets/recordings-es.html").read_text()


def test_files_are_taken_and_then_checked(folders: Path, incoming: Path) -> None:
    (incoming / "main.bye.wav").write_bytes(wav(voice(0.8, 44100), 44100, channels=2))
    assert lines(run(folders, "recordings", "add", str(incoming), "--language", "en"))[-1] == "1 recordings taken"
    assert (
        lines(run(folders, "recordings", "check", "--language", "en"))[-1] == "en: 1 of 13 lines recorded, 0 problems"
    )
    assert run(folders, "recordings", "check", "--complete").exit_code == 1
    assert lines(run(folders, "say", "main.bye"))[1].endswith("Goodbye.  ♪ recorded")


def test_files_that_cannot_be_taken_are_told_and_the_rest_is_taken(folders: Path, incoming: Path) -> None:
    (incoming / "main.bye.wav").write_bytes(wav(voice(0.8)))
    (incoming / "main.by.wav").write_bytes(wav(voice(0.8)))
    (incoming / "main.supply.wrong1.wav").write_bytes(b"ID3")
    result = run(folders, "recordings", "add", str(incoming), "--language", "es")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f'{incoming}/main.by.wav: no prompt has words of this name to record (did you mean "main.bye"?)',
        f"{incoming}/main.supply.wrong1.wav: is not a WAV file; save it as WAV, uncompressed",
    ]
    assert result.stdout.splitlines()[-1] == "1 recordings taken, 2 problems"


def test_a_recording_of_older_words_is_told(folders: Path, incoming: Path) -> None:
    (incoming / "main.bye.wav").write_bytes(wav(voice(0.8)))
    run(folders, "recordings", "add", str(incoming), "--language", "en")
    words = folders / "prompts/en/main.yaml"
    words.write_text(words.read_text().replace("Goodbye.", "Thank you for calling."))
    result = run(folders, "recordings", "check", "--language", "en")
    assert result.exit_code == 1
    assert (
        'main.bye.wav:1:1: is stale: it says "Goodbye.", and the words are now "Thank you for calling."'
        in result.output
    )
