"""French, a third language for tests, as a module of ivr/languages would define it.

Its prompts are in `data/french`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from num2words import num2words

from ivr.languages import Language, Speech
from ivr.languages.language import digit_keys, months, weekdays
from ivr.languages.words import CACHE_SIZE, hard_words_and_length, with_accents, word_pairs, word_set, word_table
from ivr.postal.words import STATES

_FEMININE = re.compile("(?:ordonnance|commande|capsule|pilule|touche|carte|adresse)s?")


@lru_cache(CACHE_SIZE)
def french_cardinal(number: int) -> str:
    """Return a number in words, 186 as "cent quatre-vingt-six"."""
    return str(num2words(number, lang="fr"))


def french_ordinal(number: int) -> str:
    """Return an ordinal number in words, 2 as "deuxième"."""
    return str(num2words(number, lang="fr", to="ordinal"))


def french_day(day: int) -> str:
    """Return a day of the month in words: "premier" for the first, plain numbers for the others."""
    return "premier" if day == 1 else french_cardinal(day)


def french_house_number(digits: str) -> str:
    """Return a house number in words: as one number, or digit by digit when it has more than four digits."""
    if len(digits) > 4:
        return " ".join(french_cardinal(int(digit)) for digit in digits)
    return french_cardinal(int(digits))


def french_time(hour: int, minute: int) -> str:
    """Return a time of day, 20:30 as "vingt heures trente"."""
    hours = "une heure" if hour == 1 else f"{french_cardinal(hour)} heures" if hour else "zéro heure"
    return f"{hours} {french_cardinal(minute)}" if minute else hours


def french_agreement(words: str, noun: str) -> str:
    """Return the words of a number as they agree with the word after it: "vingt et une ordonnances"."""
    return re.sub(r"\bun$", "une", words) if _FEMININE.fullmatch(noun) else words


def french_grade(text: str) -> float:
    """Return the school grade that a text is for, by the reading ease of Kandel and Moles.

    100 is easy, and every ten less is a grade more.
    """
    words, length = hard_words_and_length(text)
    syllables = sum(max(1, len(re.findall("[aeiouyàâéèêëîïôùûü]+", word.removesuffix("e")))) for word in words)
    return (1.015 * length + 73.6 * syllables / len(words) - 107) / 10 if words else 0.0


FRENCH = Language(
    tag="fr",
    pay_locale="fr-FR",
    title="French",
    cardinal=french_cardinal,
    ordinal=french_ordinal,
    year=french_cardinal,
    day_of_month=french_day,
    house_number=french_house_number,
    agree=french_agreement,
    weekdays=weekdays("fr"),
    months=months("fr"),
    date="{weekday} {day} {month}",
    time_of_day=french_time,
    with_year="{date} {year}",
    dollar=("dollar", "dollars"),
    cent=("cent", "cents"),
    dollars_and_cents="{dollars} et {cents}",
    millions_of=" de ",
    plus="plus",
    dash="tiret",
    point="point",
    dot="point",
    leading_zero="zéro",
    fractions=word_table("1/2 et demi; 1/4 un quart; 3/4 trois quarts"),
    fractions_alone=word_table("1/2 un demi; 1/4 un quart; 3/4 trois quarts"),
    urbanization="urbanisation",
    between_parts=", ",
    designators={"": "unité"}
    | word_table("""
        APT appartement; BSMT sous-sol; BLDG bâtiment; DEPT département; FL étage; FRNT avant; HNGR hangar; KEY clé;
        LBBY hall; LOT lot; LOWR bas; OFC bureau; PH penthouse; PIER quai; REAR arrière; RM chambre; SIDE côté; SLIP cale;
        SPC place; STOP arrêt; STE bureau; TOWR tour; TRLR remorque; UNIT unité; UPPR haut; PMB boîte; BOX boîte;
        PO_BOX boîte postale; RR route rurale; HC route de contrat; PSC P S C; CMR C M R;
        GENERAL_DELIVERY poste restante; KM kilomètre; HM hectomètre
    """),
    directions={},
    states=STATES,
    speech=Speech(
        keys=digit_keys("zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
        | word_pairs("etoile star diese pound carre pound"),
        pressing=word_set("appuyez appuyer tapez pressez"),
        keying=r"\b(?:entrez|composez)\b",
        fillers=word_set("sur le la touche numero"),
        links=word_set("ou et ni puis"),
        after_key=word_set("ou et puis pour si quand"),
        counted=word_set("touches fois chiffres lettres jours"),
        spans=word_set("a"),
        slips=word_pairs("deus deux troi trois set sept dix dix"),
        before_option=r"(?:pour|si)",
        light=word_set("un une le la les maintenant ici ce cette votre vos"),
        idle=word_set(
            "un une le la les de du des sur pour si ou et a au ce cette votre vos vous je il est puis maintenant"
        ),
        typical=word_set("vous votre vos les des pour appuyez avec que est sur une ordonnance numéro sont"),
        common=word_set(
            "le la un de du en et ou il elle je ne pas ce cette au aux à a par qui dans merci entrez composez"
        ),
        openings={},
        unaccented=with_accents("numéro numéros étoile dièse zéro français été réentendre décembre février août"),
        grade=french_grade,
    ),
    draft=True,
)
