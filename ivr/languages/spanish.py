"""Spanish as it is spoken in the United States.

The library num2words spells out numbers; this module adds the habits.
"""

from __future__ import annotations

import re
from functools import lru_cache

from num2words import num2words

from ivr.languages.language import Language, Speech, digit_keys, months, weekdays
from ivr.languages.words import CACHE_SIZE, hard_words_and_length, with_accents, word_pairs, word_set, word_table
from ivr.postal.words import STATES

_KEYS = ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")
_APOCOPE_BEFORE_MIL = ((re.compile(r"\bveintiuno mil\b"), "veintiún mil"), (re.compile(r"\buno mil\b"), "un mil"))
_NOT_COUNTED = re.compile(
    "a|al|con|del?|en|es|hasta|la|las|los|más|menos|ni|o|para|por|pero|que|si|sin|son|su|sus|u|y", re.IGNORECASE
)
_FEMININE = re.compile(".*(?:as?|ión|iones|dad|dades)|calles?|claves?|noches?|orden|órdenes|vez|veces", re.IGNORECASE)
_MASCULINE = re.compile("días?|(?:progra|proble|siste)mas?", re.IGNORECASE)
_SPANISH_ORDINALS = (
    *("primero", "segundo", "tercero", "cuarto", "quinto"),
    *("sexto", "séptimo", "octavo", "noveno", "décimo"),
)


@lru_cache(CACHE_SIZE)
def spanish_cardinal(number: int) -> str:
    """Return a number in words, 186 as "ciento ochenta y seis".

    21,000 is shortened to "veintiún mil", as people say it.
    """
    words = str(num2words(number, lang="es"))
    for long, short in _APOCOPE_BEFORE_MIL:
        words = long.sub(short, words)
    return words


def spanish_ordinal(number: int) -> str:
    """Return an ordinal number in words, 3 as "tercero"; above ten the plain number, as people say it."""
    return _SPANISH_ORDINALS[number - 1] if 1 <= number <= len(_SPANISH_ORDINALS) else spanish_cardinal(number)


def spanish_house_number(digits: str) -> str:
    """Return a house number in words: as one number, or digit by digit when it has more than four digits."""
    if len(digits) > 4:
        return " ".join(spanish_cardinal(int(digit)) for digit in digits)
    return spanish_cardinal(int(digits))


def spanish_time(hour: int, minute: int) -> str:
    """Return a time of day, 13:30 as "la una y media de la tarde"."""
    if minute == 0 and hour % 12 == 0:
        return "las doce del día" if hour else "las doce de la noche"
    parts = ((1, "noche"), (5, "madrugada"), (12, "mañana"), (19, "tarde"), (24, "noche"))
    part = next(part for end, part in parts if hour < end)
    minutes = {0: "", 15: " y cuarto", 30: " y media"}.get(minute, f" y {spanish_cardinal(minute)}")
    return f"{'la una' if hour % 12 == 1 else f'las {spanish_cardinal(hour % 12 or 12)}'}{minutes} de la {part}"


def spanish_agreement(words: str, noun: str) -> str:
    """Return the words of a number or ordinal as they agree with the word after it.

    Examples are "veintiún días", "una receta" and "primer pedido".

    The gender follows from the noun's ending, with the exceptions that a pharmacy's prompts need. Words that cannot be
    counted ("de", "y" …) change nothing.
    """
    if not noun or _NOT_COUNTED.fullmatch(noun):
        return words
    if _FEMININE.fullmatch(noun) and not _MASCULINE.fullmatch(noun):
        words = words.replace("cientos", "cientas").replace("quinientos", "quinientas")
        ordinal = words in _SPANISH_ORDINALS
        return f"{words[:-1]}a" if ordinal or words.endswith("uno") else words
    if words.endswith("veintiuno"):
        return f"{words[:-3]}ún"
    return words[:-1] if words in ("primero", "tercero") or words.endswith("uno") else words


def spanish_grade(text: str) -> float:
    """Return the school grade that a text is for, by Crawford's formula for Spanish.

    It counts the sentences and the syllables per hundred words.
    """
    words, length = hard_words_and_length(text)
    syllables = sum(map(spanish_syllables, words))
    return -0.205 * 100 / length + 0.049 * 100 * syllables / len(words) - 3.407 if words else 0.0


@lru_cache(CACHE_SIZE)
def spanish_syllables(word: str) -> int:
    """Return about how many syllables a word has: its groups of vowels.

    Two strong vowels side by side (a, e, o), or a strong one beside an accented í or ú, are two syllables.
    """
    word = re.sub("[gq]u(?=[eiéí])", "g", word.lower())
    groups = re.findall("[aeiouáéíóúü]+", word)
    apart = sum(len(re.findall("(?=[aeoáéó][aeoáéó]|[íú][aeoáéó]|[aeoáéó][íú])", group)) for group in groups)
    return max(1, len(groups) + apart)


SPANISH = Language(
    tag="es",
    title="Spanish",
    pay_locale="es-ES",
    cardinal=spanish_cardinal,
    ordinal=spanish_ordinal,
    year=spanish_cardinal,
    day_of_month=lambda day: "primero" if day == 1 else spanish_cardinal(day),
    house_number=spanish_house_number,
    agree=spanish_agreement,
    weekdays=weekdays("es"),
    months=months("es"),
    date="{weekday} {day} de {month}",
    time_of_day=spanish_time,
    with_year="{date} de {year}",
    dollar=("dólar", "dólares"),
    cent=("centavo", "centavos"),
    dollars_and_cents="{dollars} con {cents}",
    millions_of=" de ",
    plus="más",
    dash="guion",
    point="punto",
    dot="punto",
    leading_zero="cero",
    fractions=word_table("""
        1/2 y medio; 1/4 y un cuarto; 3/4 y tres cuartos; 1/3 y un tercio; 2/3 y dos tercios;
        1/8 y un octavo; 3/8 y tres octavos; 5/8 y cinco octavos; 7/8 y siete octavos
    """),
    fractions_alone=word_table("1/2 un medio; 1/4 un cuarto; 3/4 tres cuartos; 1/3 un tercio; 2/3 dos tercios"),
    urbanization="urbanización",
    between_parts=", ",
    designators={"": "unidad"}
    | word_table("""
        APT apartamento; BSMT sótano; BLDG edificio; DEPT departamento; FL piso; FRNT al frente; HNGR hangar; KEY llave;
        LBBY vestíbulo; LOT lote; LOWR planta baja; OFC oficina; PH penthouse; PIER muelle; REAR al fondo; RM habitación;
        SIDE lado; SLIP atracadero; SPC espacio; STOP parada; STE oficina; TOWR torre; TRLR remolque; UNIT unidad;
        UPPR planta alta;
        PMB buzón; BOX casilla; PO_BOX apartado postal; RR ruta rural; HC ruta de contrato; PSC P S C; CMR C M R;
        GENERAL_DELIVERY entrega general; KM kilómetro; HM hectómetro
    """),
    directions=word_table("""
        North Norte; South Sur; East Este; West Oeste; Northeast Noreste; Northwest Noroeste; Southeast Sureste;
        Southwest Suroeste
    """),
    states={
        **STATES,
        **word_table("""
            DC Distrito de Columbia; HI Hawái; LA Luisiana; MI Míchigan; MS Misisipi; MO Misuri; NH Nuevo Hampshire;
            NJ Nueva Jersey; NM Nuevo México; NY Nueva York; NC Carolina del Norte; ND Dakota del Norte; OR Oregón;
            PA Pensilvania; SC Carolina del Sur; SD Dakota del Sur; WV Virginia Occidental; AS Samoa Americana;
            MP Islas Marianas del Norte; VI Islas Vírgenes; MH Islas Marshall; AA Fuerzas Armadas Américas;
            AE Fuerzas Armadas Europa; AP Fuerzas Armadas Pacífico
        """),
    },
    speech=Speech(
        keys=digit_keys(*_KEYS) | word_pairs("asterisco star estrella star numeral pound gato pound almohadilla pound"),
        pressing=word_set(
            "oprima presione pulse marque oprime presiona pulsa marca oprimir presionar pulsar aprieta apriete opcion"
        ),
        keying=r"\bm[aá]rque(?:lo|la|los|las)?\b",
        fillers=word_set("la el tecla numero boton solo solamente opcion"),
        links=word_set("o y u e ni"),
        after_key=word_set("o y u no para si al luego cuando en otra ahora abajo por"),
        counted=word_set("de teclas veces letras digitos mas"),
        spans=word_set("al a hasta"),
        slips=word_pairs(
            "un uno una uno do dos doz dos tre tres quatro cuatro sinco cinco seiz seis ocha ocho diez diez"
        ),
        before_option=r"(?:para|si)",
        light=word_set("un una el la los las por favor ahora eso esto lo su sus ya"),
        idle=word_set(
            "un una uno el la los las por favor ahora eso esto lo su sus ya para si o y a al de del en con que le les "
            "se es me mi usted aqui ahi esta este otra otro vez"
        ),
        typical=word_set("el los las una su sus para oprima tecla por que usted número receta pedido"),
        common=word_set(
            "la de del con en es se al lo le un y o si no está más hasta cuando sin desde marque gracias código tarjeta "
            "llamada dirección nuestro nuestra luego esa ese eso está siento ya fue puede hay nada hoy otra otro este "
            "esta todo todos todas pagar antes después aquí mi me le les son era ha han sido tiene muy también"
        ),
        openings={"?": "¿", "!": "¡"},
        unaccented=with_accents(
            "número números dirección código códigos día días dígito dígitos médico médica teléfono teléfonos página "
            "crédito débito último última últimos últimas próximo próxima prescripción opción menú miércoles sábado "
            "aquí allí ahí así también después más están podrá envío según todavía ningún algún línea cápsula cápsulas "
            "farmacéutico información atención oír español inglés márquelo márquela cancelación confirmación operación "
            "únicamente válido válida electrónico electrónica técnico título tamaño años mañana señor señora pequeño "
            "pequeños compañía fácil rápido vencía recibirá farmacéutica sección aplicación"
        ),
        grade=spanish_grade,
    ),
)
