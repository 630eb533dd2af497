"""A third language, from `ivr check` to a call: its folder and its entry are all that it takes.

French lies in `data/french`, with a line of a few states, and its entry in `french.py`. It is a draft, so only calls
from this machine hear it; English and Spanish stay the only ones that are shipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from flow_lines import Caller, flows
from french import FRENCH
from sqlalchemy import Engine, select

from ivr.cli import main
from ivr.cli.record import recorded_call
from ivr.errors import IvrError, Report
from ivr.flow.call import Done
from ivr.languages import LANGUAGES
from ivr.pharmacy.load import load_folder
from ivr.pharmacy.tables import Member
from ivr.phone.handset import Handset
from ivr.phone.transport import Transport, signed, wsgi_post
from ivr.prompts.recordings.folder import RecordingsFolder
from ivr.prompts.spoken import speak
from ivr.qa.explore.explorer import explore
from ivr.qa.explore.found_calls import drafts, open_scenario
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.random_callers import make_random_calls
from ivr.qa.record.pseudonyms import NOWHERE
from ivr.qa.record.recorder import record
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.replay.coverage import cells, exercised
from ivr.qa.replay.player import play
from ivr.qa.replay.remote import Facts, Remote
from ivr.qa.scripts.names import vocabulary_of
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import DEFAULT_TO, Presses, Script
from ivr.qa.scripts.writer import write
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.simulator.scenario import URL, Scenario
from ivr.simulator.simulator import Simulator
from ivr.web.app import voice_app
from ivr.web.guard import Guard

DATA = Path(__file__).parent / "data" / "french"
TOKEN = Secret("a-token-for-tests")
NOON = datetime(2026, 12, 1, 12, 0)  # noqa: DTZ001 - where the pharmacy is


@pytest.fixture(autouse=True)
def entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, "fr", FRENCH)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(Settings(flows=DATA / "flows", prompts=DATA / "prompts"))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("flows", "prompts"):
        shutil.copytree(DATA / name, tmp_path / name)
        monkeypatch.setenv(f"IVR_{name.upper()}", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str, simulator: Simulator) -> tuple[Script, ...]:
    report = Report()
    found = read_scripts("calls.yaml", text, report, vocabulary_of(simulator.catalogues))
    report.raise_if_any()
    return found


# Values

SPOKEN = {
    ("number", 71): "soixante et onze",
    ("digits", "7304112"): "sept trois zéro, quatre un un deux",
    ("ordinal", 2): "deuxième",
    ("money", 2150): "vingt et un dollars et cinquante cents",
    ("money", 300_000_000): "trois millions de dollars",
    ("date", "2026-12-01"): "mardi premier décembre",
    ("full_date", "2026-07-14"): "mardi quatorze juillet deux mille vingt-six",
    ("time", "20:30"): "vingt heures trente",
    ("time_zone", "America/Los_Angeles"): "heure du Pacifique nord-américain",
    ("phone", "+18002457979"): "huit zéro zéro, deux quatre cinq, sept neuf sept neuf",
}


@pytest.mark.parametrize(("value", "words"), SPOKEN.items(), ids=str)
def test_values_are_spoken_in_it(value: tuple[str, str | int], words: str) -> None:
    assert speak(*value, "fr") == words


def test_numbers_agree_in_it() -> None:
    assert speak("number", 21, "fr", "ordonnances") == "vingt et une"
    assert speak("number", 21, "fr", "jours") == "vingt et un"


# Words


def checked(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["check", *arguments])
    return done.exit_code, done.output


def test_its_words_are_judged(folders: Path) -> None:
    assert folders.is_dir()
    code, output = checked("--strict")
    assert "16 states, 42 prompts in en, es and fr (draft): no problems" in output
    assert code == 0


SLIPS = {
    "a key that is not there": (
        "prompts/fr/main.yaml", "sur le un. Pour finir", "sur le deux. Pour finir",
        'prompts/fr/main.yaml:30:41: speaks of the key "deux", which "main.offered" does not take; it takes "un", which is',
    ),
    "a key misspelt": (
        "prompts/fr/main.yaml", "appuyez sur le trois.", "appuyez sur le troi.",
        'prompts/fr/main.yaml:2:97: "troi" is no key that can be pressed (did you mean "trois"?)',
    ),
    "another language's key": (
        "prompts/fr/main.yaml", "appuyez sur le trois.", "appuyez sur le deux.",
        'prompts/fr/main.yaml:2:97: offers French on the key "deux", which sets Spanish',
    ),
    "words of another language": (
        "prompts/fr/main.yaml", "goodbye: Merci. Au revoir.", "goodbye: Thank you for your call, and goodbye.",
        "prompts/fr/main.yaml:48:10: these words are English, and the folder is for French",
    ),
    "a word of another language": (
        "prompts/fr/main.yaml", "Pour finir, appuyez", "Please, pour finir, appuyez",
        'prompts/fr/main.yaml:30:8: "please" is English, not French [foreign]',
    ),
    "an accent": (
        "prompts/fr/order.yaml", "Son numéro", "Son numero", 'prompts/fr/order.yaml:1:13: "numero" lacks its accent; write "numéro" [accents]',
    ),
    "a voice of another language": (
        "prompts/fr/catalogue.yaml", "Gabrielle", "Lupe",
        'prompts/fr/catalogue.yaml:2:8: the voice "Polly.Lupe-Neural" speaks "es", and these words are "fr"',
    ),
    "a prompt that it lacks": (
        "prompts/fr/main.yaml", "goodbye: Merci. Au revoir.\n", "",
        'prompts/fr/main.yaml:1:1: lacks "goodbye"',
    ),
    "other words that offer it": (
        "prompts/en/main.yaml", "For English, press one.", "For English, press one. For French, press three.",
        'prompts/en/main.yaml:2:98: offers French, a draft that only calls from this machine hear: leave it to its own words',
    ),
    "a default that is a draft": (
        "flows/line.yaml", "default: en", "default: fr",
        'flows/line.yaml:13:12: calls begin in "fr", a draft that only calls from this machine hear: name another',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "said"), SLIPS.values(), ids=SLIPS)
def test_slips_in_it_are_told(folders: Path, file: str, old: str, new: str, said: str) -> None:
    text = (folders / file).read_text(encoding="utf-8")
    assert old in text
    (folders / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    code, output = checked("--strict")
    assert said in output
    assert code == 1


def test_a_folder_without_an_entry_is_told(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folders.is_dir()
    monkeypatch.delitem(LANGUAGES, "fr")
    code, output = checked()
    assert code == 1
    assert 'prompts/fr/amount.yaml:1:1: no language "fr" whose numbers and dates can be spoken' in output
    assert "a new one begins in ivr/languages" in output


def test_an_entry_without_a_folder_is_told(folders: Path) -> None:
    shutil.rmtree(folders / "prompts" / "fr")
    code, output = checked()
    assert code == 1
    assert 'flows/main.yaml:10:49: no prompts are written in the language "fr"' in output
    for name, line in (
        ("line", '  "+18005550133": fr\n'),
        ("main", "      3: {next: member_number, sets: {language: fr}}\n"),
    ):
        path = folders / "flows" / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(line, ""), encoding="utf-8")
    code, output = checked()
    assert code == 0
    assert "prompts/fr/catalogue.yaml:1:1: warning: French has an entry in ivr/languages and no folder" in output


# A member who speaks it


def test_a_member_who_speaks_it_is_loaded(tmp_path: Path, database: Engine) -> None:
    rows = "member_number,first_name,last_name,birth_date,language\n41299901,Amélie,Roy,1960-05-04,{}\n"
    (tmp_path / "member.csv").write_text(rows.format("fr"), encoding="utf-8")
    load_folder(database, tmp_path, date(2026, 12, 1))
    with database.connect() as connection:
        assert connection.scalars(select(Member.language)).all() == ["fr"]
    (tmp_path / "member.csv").write_text(rows.format("vi"), encoding="utf-8")
    with pytest.raises(IvrError, match='column language: expected one of en, es, fr, found "vi"'):
        load_folder(database, tmp_path, date(2026, 12, 1))


@pytest.mark.parametrize(("language", "heard"), {"es": "es", "vi": "en"}.items())
def test_a_call_goes_on_in_the_language_that_an_action_found_if_there_is_one(language: str, heard: str) -> None:
    states = "look: {do: look, outcomes: {found: bye}}\nbye: {hang_up: bye}"
    caller = Caller(flows(states, languages=("en", "es")), {"look": [Done("found", {"language": language})]})
    caller.plays("start")
    assert caller.call.language == heard


# Calls


def test_scripts_are_played_in_it(simulator: Simulator) -> None:
    whole, alike = read((DATA / "calls.yaml").read_text(encoding="utf-8"), simulator)
    played = play(whole, simulator, "fr")
    assert played.problems == ()
    everywhere = [play(alike, simulator, language) for language in alike.languages(simulator.catalogues.languages)]
    assert [(one.language, one.problems) for one in everywhere] == [("en", ()), ("es", ()), ("fr", ())]
    covered = exercised(simulator.flows, [played])
    assert {("main", "zip", "silence", "fr"), ("main", "transfer", "requested", "fr")} <= covered
    assert covered <= {cell.key for cell in cells(simulator.flows)}


def test_tools_speak_it(simulator: Simulator) -> None:
    """The search, random callers and the recorder take a language as they find it."""
    goals = Goals(simulator, set(), "fr")
    explore(goals, seconds=3)
    found = read(write(drafts(simulator.flows, goals.found)), simulator)
    assert found
    assert [one.problems for script in found if not (one := play(script, simulator, "fr")).passed] == []
    made = [*make_random_calls(simulator, range(12))]
    assert [failed for failed, _ in made if failed] == []
    with open_scenario(simulator, "nobody") as scenario:
        caller = SimulatedCaller(scenario, simulator.flows, "fr", "+15105550123", DEFAULT_TO, "nobody", "recorded")
        for keys in ("3", "41200017#", "94550", "9"):
            caller.act(Presses(NOWHERE, keys))
        caller.finish()
        recorded = recorded_call(simulator.settings, scenario.database, caller.handset.call_sid)
    (script,) = read(write([record(simulator, recorded, "Recorded")]), simulator)
    assert (script.language, play(script, simulator, "fr").problems) == ("fr", ())


# From elsewhere

ELSEWHERE: dict[str, Settings] = {
    "the carrier": Settings(twilio_auth_tokens=(TOKEN,)),
    "the carrier, by a proxy": Settings(twilio_auth_tokens=(TOKEN,), public_url="http://localhost"),
    "anybody": Settings(unsigned=True),
}
CALLED = "+18005550133"
"""Its calls begin in French."""


SID = f"CA{0:032x}"
CALL = {"CallSid": SID, "From": "+15105550123", "To": DEFAULT_TO}


@contextmanager
def line(simulator: Simulator, settings: Settings) -> Iterator[tuple[Transport, Scenario]]:
    """Give a line with these settings."""
    with simulator.open(NOON) as scenario:
        folder = RecordingsFolder(simulator.settings.prompts, lambda: 0.0)
        post = wsgi_post(voice_app(scenario.services, settings, folder, Guard(settings)))
        yield signed(post, TOKEN) if settings.twilio_auth_tokens else post, scenario


@contextmanager
def telephone(simulator: Simulator, settings: Settings, to_number: str = DEFAULT_TO) -> Iterator[Handset]:
    """Give a telephone on such a line."""
    with line(simulator, settings) as (post, scenario):
        yield Handset(post, URL, "+15105550123", to_number, SID, passes=scenario.passes)


def test_a_call_from_this_machine_hears_it(simulator: Simulator) -> None:
    with telephone(simulator, Settings()) as phone:
        assert "Pour le français" in phone.dial().text
        assert phone.press("3").text == "Entrez votre numéro de membre, puis appuyez sur dièse."
    with telephone(simulator, Settings(), CALLED) as phone:
        assert phone.dial().text.startswith("En cas d'urgence")


@pytest.mark.parametrize("settings", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_call_from_elsewhere_hears_it_once_it_is_no_draft(
    simulator: Simulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with telephone(simulator, settings, CALLED) as phone:
        heard = phone.dial().text
        assert heard.startswith("In an emergency")
        assert "oprima dos" in heard
        assert "français" not in heard
        wrong = phone.press("3").text
        assert wrong == "For English, press one. Para español, oprima dos."
        assert phone.press("2").text == "Marque su número de miembro y luego oprima numeral."
    monkeypatch.setitem(LANGUAGES, "fr", replace(FRENCH, draft=False))
    with telephone(simulator, settings) as phone:
        assert "Pour le français" in phone.dial().text
        assert phone.press("3").text == "Entrez votre numéro de membre, puis appuyez sur dièse."
    with telephone(simulator, settings, CALLED) as phone:
        assert phone.dial().text.startswith("En cas d'urgence")


@pytest.mark.parametrize("settings", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_the_line_says_by_itself_is_not_said_in_a_draft(simulator: Simulator, settings: Settings) -> None:
    for asked in ("", "?language=fr"):
        with line(simulator, settings) as (post, _):
            assert "erreur" not in post(f"{URL}/fallback{asked}", CALL, {}).body
        with line(simulator, Settings()) as (post, _):
            assert "erreur" in post(f"{URL}/fallback{asked}", CALL, {}).body


def test_scripts_are_not_played_in_a_draft_on_a_line_elsewhere(simulator: Simulator) -> None:
    facts = Facts(NOON, live=False, has_person=True, same_version=True)
    with line(simulator, ELSEWHERE["anybody"]) as (post, _):
        remote = Remote(URL, post, simulator, facts, NOON.date(), vocabulary_of(simulator.catalogues), "run")
        _, alike = read((DATA / "calls.yaml").read_text(encoding="utf-8"), simulator)
        assert remote.play(alike, "fr").skipped == "French is a draft, which a line elsewhere lets nobody hear"


def test_a_call_goes_on_in_a_language_that_has_become_a_draft(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "fr", replace(FRENCH, draft=False))
    with telephone(simulator, ELSEWHERE["anybody"]) as phone:
        phone.dial()
        phone.press("3")
        monkeypatch.setitem(LANGUAGES, "fr", FRENCH)
        assert phone.press("41200017#").text == "Entrez maintenant votre code postal, cinq chiffres."
