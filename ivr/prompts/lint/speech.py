"""What is looked for in the words of each language: names of keys, how keys are spoken of, how hard words are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_COMMA = re.compile(r",\s")
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
_WORDS = 4096
"""Words that are remembered: prompts use few, over and over."""


@dataclass(frozen=True, eq=False)
class Speech:
    """One language, as far as checks of its words need it."""

    name: str
    keys: Mapping[str, str]
    """Spoken name of a key -> how definitions write it."""
    pressing: frozenset[str]
    """Words that have a key pressed, without accents: "press"."""
    keying: str
    """A pattern of the words that have a number keyed: "enter"."""
    fillers: frozenset[str]
    """Words that may stand between those and the key: "press *the* star *key*"."""
    links: frozenset[str]
    """Words between one key and the next: "one *or* two"."""
    after_key: frozenset[str]
    """Words that can follow a key: "press one *to* order"."""
    counted: frozenset[str]
    """Words that make a number of a key's name: "press two *keys*"."""
    spans: frozenset[str]
    """Words between the first and the last of several keys: "one *to* four"."""
    slips: Mapping[str, str]
    """Words that are meant for a key, but are none."""
    before_option: str
    """A pattern of the words that begin an option: "*for* refills"."""
    light: frozenset[str]
    """Words that can be left out or exchanged without saying something else."""
    idle: frozenset[str]
    """Words that do not tell one option from another."""
    typical: frozenset[str]
    """Words by which the language is recognised, and which no other one has."""
    common: frozenset[str]
    """More of them, any of which may be a name in another language."""
    openings: Mapping[str, str]
    """Marks that are opened at the beginning of a sentence -> how they are opened."""
    unaccented: Mapping[str, str]
    """Words that are written with an accent, as those write them who leave it out -> with the accent."""
    grade: Callable[[str], float]
    """The years of school it takes to follow a text."""

    @cached_property
    def press(self) -> re.Pattern[str]:
        """The words that have a key pressed."""
        return re.compile(rf"\b(?:{'|'.join(sorted(self.pressing))})\b", re.IGNORECASE)

    @cached_property
    def key_first(self) -> re.Pattern[str]:
        """A key before what it is for, the key as its group: "press *one* for refills"."""
        keys = "|".join(map(re.escape, self.keys))
        return re.compile(rf"{self.press.pattern}\s+({keys})\s+{self.before_option}\b", re.IGNORECASE)

    @cached_property
    def tells_nothing(self) -> frozenset[str]:
        """Words that do not tell one option from another, those that have a key pressed among them."""
        return self.idle | self.pressing


def sentences(text: str) -> list[str]:
    """Split a text into its sentences."""
    return [sentence for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence]


def english_grade(text: str) -> float:
    """The grade by Flesch and Kincaid: long sentences and long words make a text hard."""
    words, length = _measured(text)
    syllables = sum(map(english_syllables, words))
    return 0.39 * length + 11.8 * syllables / len(words) - 15.59 if words else 0.0


def spanish_grade(text: str) -> float:
    """The grade by Crawford, made for Spanish: of a hundred words, how many sentences and syllables."""
    words, length = _measured(text)
    syllables = sum(map(spanish_syllables, words))
    return -0.205 * 100 / length + 0.049 * 100 * syllables / len(words) - 3.407 if words else 0.0


def _measured(text: str) -> tuple[list[str], float]:
    """Return the words of a text that can be hard, and the length of its sentences in words.

    Names are not hard, whatever their length; and what is told one by one, between commas, is followed one by one.
    """
    words: list[str] = []
    clauses = 0
    for sentence in sentences(text):
        first, *others = WORD.findall(sentence) or [""]
        words += [word for word in (first, *others) if word and (word is first or not word[0].isupper())]
        commas = len(_COMMA.findall(sentence))
        clauses += 1 + (commas if commas > 1 else 0)
    return words, len(words) / max(1, clauses)


@lru_cache(_WORDS)
def english_syllables(word: str) -> int:
    """Count groups of vowels; a silent e at the end is none."""
    word = word.lower()
    groups = len(re.findall("[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    ending = word.endswith("ed") and not word.endswith(("ted", "ded")) and groups > 1
    return max(1, groups - silent - ending)


@lru_cache(_WORDS)
def spanish_syllables(word: str) -> int:
    """Count groups of vowels; two strong ones, or an accented weak one, stand apart."""
    word = re.sub("[gq]u(?=[eiéí])", "g", word.lower())
    groups = re.findall("[aeiouáéíóúü]+", word)
    apart = sum(len(re.findall("(?=[aeoáéó][aeoáéó]|[íú][aeoáéó]|[aeoáéó][íú])", group)) for group in groups)
    return max(1, len(groups) + apart)


@lru_cache(_WORDS)
def plain(word: str) -> str:
    """Return a word in small letters without accents."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))


_ENGLISH_KEYS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPANISH_KEYS = ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pairs(text: str) -> dict[str, str]:
    """Return words, each with the one after it."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _accents(text: str) -> dict[str, str]:
    return {plain(word): word for word in text.split()}


_FIGURES = {str(number): str(number) for number in range(10)} | {"*": "star", "#": "pound"}

SPEECHES: Mapping[str, Speech] = {
    "en": Speech(
        name="English",
        keys=_FIGURES
        | {name: str(number) for number, name in enumerate(_ENGLISH_KEYS)}
        | _pairs("star star asterisk star pound pound hash pound"),
        pressing=_words("press pressing hit push dial enter option"),
        keying=r"\b(?:key (?:it |them |one )?in|enter)\b",
        fillers=_words("the key number button just only option"),
        links=_words("or and nor"),
        after_key=_words("or for to if then and when on at any again now once key button sign twice"),
        counted=_words("of keys times more letters digits presses hundred"),
        spans=_words("to through thru"),
        slips=_pairs(
            "on one won one to two too two tow two tree three free three for four fore four five five fife five sex six "
            "sicks six ate eight nin nine start star ten ten eleven eleven twelve twelve"
        ),
        before_option=r"(?:for|to|if)",
        light=_words("a an the please now that this it your just"),
        idle=_words(
            "a an the please now that this it its your just you to for if of or and in on with by at from is are be as "
            "one do does then when go can we i me my them they here there again another"
        ),
        typical=_words("the your you and is are press with please key for of this that have will was not"),
        common=_words(
            "to on or it by at from be has can we if our press key order number call card when then it's they an "
            "number digits again goodbye sorry there what which been but could nothing else today due in i my here do "
            "does did as so all any more would should cannot after before until now yet into out up its them their"
        ),
        openings={},
        unaccented={},
        grade=english_grade,
    ),
    "es": Speech(
        name="Spanish",
        keys=_FIGURES
        | {name: str(number) for number, name in enumerate(_SPANISH_KEYS)}
        | _pairs("asterisco star estrella star numeral pound gato pound almohadilla pound"),
        pressing=_words(
            "oprima presione pulse marque oprime presiona pulsa marca oprimir presionar pulsar aprieta apriete opcion"
        ),
        keying=r"\bm[aá]rque(?:lo|la|los|las)?\b",
        fillers=_words("la el tecla numero boton solo solamente opcion"),
        links=_words("o y u e ni"),
        after_key=_words("o y u no para si al luego cuando en otra ahora abajo por"),
        counted=_words("de teclas veces letras digitos mas"),
        spans=_words("al a hasta"),
        slips=_pairs("un uno una uno do dos doz dos tre tres quatro cuatro sinco cinco seiz seis ocha ocho diez diez"),
        before_option=r"(?:para|si)",
        light=_words("un una el la los las por favor ahora eso esto lo su sus ya"),
        idle=_words(
            "un una uno el la los las por favor ahora eso esto lo su sus ya para si o y a al de del en con que le les "
            "se es me mi usted aqui ahi esta este otra otro vez"
        ),
        typical=_words("el los las una su sus para oprima tecla por que usted número receta pedido"),
        common=_words(
            "la de del con en es se al lo le un y o si no está más hasta cuando sin desde marque gracias código tarjeta "
            "llamada dirección nuestro nuestra luego esa ese eso está siento ya fue puede hay nada hoy otra otro este "
            "esta todo todos todas pagar antes después aquí mi me le les son era ha han sido tiene muy también"
        ),
        openings={"?": "¿", "!": "¡"},
        unaccented=_accents(
            "número números dirección código códigos día días dígito dígitos médico médica teléfono teléfonos página "
            "crédito débito último última últimos últimas próximo próxima prescripción opción menú miércoles sábado "
            "aquí allí ahí así también después más están podrá envío según todavía ningún algún línea cápsula cápsulas "
            "farmacéutico información atención oír español inglés márquelo márquela cancelación confirmación operación "
            "únicamente válido válida electrónico electrónica técnico título tamaño años mañana señor señora pequeño "
            "pequeños compañía fácil rápido vencía recibirá farmacéutica sección aplicación"
        ),
        grade=spanish_grade,
    ),
}
