"""How values are spoken, in English and in Spanish."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.languages import LANGUAGES
from ivr.prompts.spoken import KINDS, Value, clean, count_words, group_digits, speak, speaking_seconds, us_phone
from ivr.secret import Secret

IN_BOTH = pytest.mark.parametrize("language", sorted(LANGUAGES))


@pytest.mark.parametrize(
    ("kind", "value", "english", "spanish"),
    [
        ("text", "Metformin 500 mg", "Metformin 500 mg", "Metformin 500 mg"),
        ("text", "R&D <x>\x00\x1b\x85!", "R&D <x>!", "R&D <x>!"),
        ("number", 0, "zero", "cero"),
        ("number", "90", "ninety", "noventa"),
        ("number", 101, "one hundred one", "ciento uno"),
        ("number", 1204, "one thousand two hundred four", "mil doscientos cuatro"),
        ("number", 21_000, "twenty-one thousand", "veintiún mil"),
        ("number", 31_031, "thirty-one thousand thirty-one", "treinta y un mil treinta y uno"),
        ("number", 101_000, "one hundred one thousand", "ciento un mil"),
        ("ordinal", 1, "first", "primero"),
        ("ordinal", 12, "twelfth", "doce"),
        ("ordinal", 186, "one hundred eighty-sixth", "ciento ochenta y seis"),
        ("money", 0, "zero dollars", "cero dólares"),
        ("money", 1, "one cent", "un centavo"),
        ("money", 50, "fifty cents", "cincuenta centavos"),
        ("money", 100, "one dollar", "un dólar"),
        ("money", 101, "one dollar and one cent", "un dólar con un centavo"),
        ("money", 1250, "twelve dollars and fifty cents", "doce dólares con cincuenta centavos"),
        ("money", 2121, "twenty-one dollars and twenty-one cents", "veintiún dólares con veintiún centavos"),
        ("money", 10_100, "one hundred one dollars", "ciento un dólares"),
        ("money", 100_000_000, "one million dollars", "un millón de dólares"),
        ("date", "2026-12-01", "Tuesday, December first", "martes primero de diciembre"),
        ("date", dt.date(2026, 7, 31), "Friday, July thirty-first", "viernes treinta y uno de julio"),
        (
            "full_date",
            "2026-02-28",
            "Saturday, February twenty-eighth, twenty twenty-six",
            "sábado veintiocho de febrero de dos mil veintiséis",
        ),
        (
            "full_date",
            "2005-01-02",
            "Sunday, January second, two thousand five",
            "domingo dos de enero de dos mil cinco",
        ),
        ("time", "00:00", "midnight", "las doce de la noche"),
        ("time", "00:15", "twelve fifteen in the morning", "las doce y cuarto de la noche"),
        ("time", "08:00", "eight in the morning", "las ocho de la mañana"),
        ("time", "11:05", "eleven oh five in the morning", "las once y cinco de la mañana"),
        ("time", "12:00", "noon", "las doce del día"),
        ("time", "12:30", "twelve thirty in the afternoon", "las doce y media de la tarde"),
        ("time", "13:00", "one in the afternoon", "la una de la tarde"),
        ("time_zone", "America/Los_Angeles", "Pacific Time", "hora del Pacífico"),
        ("time_zone", "America/New_York", "Eastern Time", "hora oriental"),
        ("time_zone", "America/Phoenix", "Mountain Standard Time", "hora estándar de las Montañas Rocosas"),
        ("time_zone", "UTC", "Coordinated Universal Time", "tiempo universal coordinado"),
        ("time", "20:45", "eight forty-five in the evening", "las ocho y cuarenta y cinco de la noche"),
    ],
)
def test_values_are_spoken_in_both_languages(kind: str, value: Value, english: str, spanish: str) -> None:
    assert (speak(kind, value, "en"), speak(kind, value, "es")) == (english, spanish)


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [
        pytest.param("552", "five five two", id="last three"),
        pytest.param("4242", "four two four two", id="last four"),
        pytest.param("98133", "nine eight one three three", id="zip code"),
        pytest.param("5551234", "five five five, one two three four", id="seven"),
        pytest.param("10000042", "one zero zero zero, zero zero four two", id="eight"),
        pytest.param("8002457979", "eight zero zero, two four five, seven nine seven nine", id="ten"),
        pytest.param("555-12 34", "five five five, one two three four", id="marks are left out"),
        pytest.param("1z999aa1", "one Z nine nine, nine A A one", id="letters of a tracking number"),
    ],
)
def test_digits_come_in_groups_to_write_along(digits: str, spoken: str) -> None:
    assert speak("digits", digits, "en") == spoken


def test_digits_are_spoken_in_spanish() -> None:
    assert speak("digits", "5551234", "es") == "cinco cinco cinco, uno dos tres cuatro"


@pytest.mark.parametrize(
    ("length", "sizes"),
    [
        (1, [1]),
        (3, [3]),
        (4, [4]),
        (5, [5]),
        (6, [3, 3]),
        (7, [3, 4]),
        (8, [4, 4]),
        (9, [3, 3, 3]),
        (10, [3, 3, 4]),
        (11, [3, 4, 4]),
        (12, [4, 4, 4]),
        (13, [3, 3, 3, 4]),
        (14, [3, 3, 4, 4]),
        (15, [3, 4, 4, 4]),
        (16, [4, 4, 4, 4]),
    ],
)
def test_groups_are_even_and_the_longer_ones_last(length: int, sizes: list[int]) -> None:
    assert [len(group) for group in group_digits("1" * length)] == sizes


@given(st.text("0123456789", min_size=1, max_size=60))
def test_groups_lose_no_digit_and_stay_short(digits: str) -> None:
    groups = group_digits(digits)
    assert "".join(groups) == digits
    assert all(1 <= len(group) <= 5 for group in groups)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        pytest.param("+18002457979", "eight zero zero, two four five, seven nine seven nine", id="american"),
        pytest.param(
            "+525512345678", "plus five two, five five, one two three four, five six seven eight", id="mexican"
        ),
        pytest.param("8002457979", "eight zero zero, two four five, seven nine seven nine", id="without a country"),
    ],
)
def test_telephone_numbers_are_grouped_as_they_are_written(number: str, spoken: str) -> None:
    assert speak("phone", number, "en") == spoken


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        pytest.param("8005550142", "+18005550142", id="toll-free"),
        pytest.param("4139391234", "+14139391234", id="a state"),
        pytest.param("7877220000", "+17877220000", id="a territory"),
        pytest.param("4163921234", None, id="Canada"),
        pytest.param("4135550142", None, id="films"),
        pytest.param("4135551212", None, id="directory assistance"),
        pytest.param("5551234567", None, id="no such area"),
        pytest.param("0114420794", None, id="the beginning of one abroad"),
        pytest.param("1800555014", None, id="the beginning of one with the country's code"),
        pytest.param("9004561234", None, id="premium rate"),
        pytest.param("5005550142", None, id="personal"),
        pytest.param("413939123", None, id="short"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_telephone_numbers_of_the_united_states_are_told_from_others(digits: str, number: str | None) -> None:
    assert us_phone(digits) == number


@pytest.mark.parametrize(
    ("address", "language", "spoken"),
    [
        ("goldenfinch.example", "en", "G O L, D E N F, I N C H, dot example"),
        ("Finch-Rx.com", "es", "F I N C H, guion, R X, punto com"),
        ("rx.finch2.org", "en", "R X, dot, F I N, C H two, dot org"),
    ],
)
def test_web_addresses_are_spelled(address: str, language: str, spoken: str) -> None:
    assert speak("spelled", address, language) == spoken


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        pytest.param(("number", 1, "receta"), "una", id="feminine one"),
        pytest.param(("number", 1, "día"), "un", id="masculine in a"),
        pytest.param(("number", 21, "días"), "veintiún", id="masculine apocope"),
        pytest.param(("number", 31, "recetas"), "treinta y una", id="feminine thirty-one"),
        pytest.param(("number", 200, "recetas"), "doscientas", id="feminine hundreds"),
        pytest.param(("number", 500, "órdenes"), "quinientas", id="feminine without a"),
        pytest.param(("number", 90, "días"), "noventa", id="nothing to change"),
        pytest.param(("number", 21, "de"), "veintiuno", id="not before a little word"),
        pytest.param(("number", 21, ""), "veintiuno", id="at the end"),
        pytest.param(("ordinal", 1, "pedido"), "primer", id="first before masculine"),
        pytest.param(("ordinal", 3, "receta"), "tercera", id="third before feminine"),
        pytest.param(("ordinal", 2, "pedido"), "segundo", id="second before masculine"),
        pytest.param(("money", 2100, "recetas"), "veintiún dólares", id="only numbers agree"),
    ],
)
def test_spanish_numbers_agree_with_what_they_count(words: tuple[str, int, str], spoken: str) -> None:
    kind, value, noun = words
    assert speak(kind, value, "es", noun) == spoken


def test_english_numbers_never_change() -> None:
    assert speak("number", 21, "en", "days") == "twenty-one"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", None),
        ("text", True),
        ("digits", ""),
        ("digits", 5),
        ("number", "x"),
        ("number", True),
        ("number", -1),
        ("number", 10**12),
        ("number", "9" * 5000),
        ("ordinal", None),
        ("money", "12.50"),
        ("date", "2026-02-30"),
        ("date", ""),
        ("full_date", 20260101),
        ("spelled", "meadowlark"),
        ("spelled", "https://meadowlark.example/refills"),
        ("time", "24:00"),
        ("time", "8:00"),
        ("time_zone", "Pacific"),
        ("time_zone", "../etc"),
        ("time_zone", ""),
        ("phone", ""),
        ("address", "1204 Main"),
    ],
)
@IN_BOTH
def test_a_value_its_kind_cannot_take_is_refused(kind: str, value: Value, language: str) -> None:
    with pytest.raises(ValueError, match="to speak"):
        speak(kind, value, language)


def test_a_secret_cannot_be_spoken() -> None:
    with pytest.raises(ValueError, match="expected text, found Secret"):
        speak("digits", Secret("4242424242424242"), "en")  # type: ignore[arg-type]


def test_a_refused_value_is_not_in_the_message() -> None:
    with pytest.raises(ValueError, match="expected a day") as refused:
        speak("date", "1950-13-13", "en")
    assert "1950" not in str(refused.value)


@IN_BOTH
@given(amount=st.integers(0, 10**9))
def test_any_amount_is_spoken_without_figures(language: str, amount: int) -> None:
    spoken = speak("money", amount, language)
    assert not any(character.isdigit() for character in spoken)
    assert LANGUAGES[language].dollar[0][:3] in spoken or LANGUAGES[language].cent[0][:3] in spoken


@IN_BOTH
@given(amounts=st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)))
def test_two_amounts_never_sound_alike(language: str, amounts: tuple[int, int]) -> None:
    one, other = amounts
    assert (speak("money", one, language) == speak("money", other, language)) == (one == other)


@IN_BOTH
@given(day=st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)))
def test_any_day_is_spoken_without_figures(language: str, day: dt.date) -> None:
    assert not any(character.isdigit() for character in speak("full_date", day, language))


@given(st.text())
def test_cleaned_text_has_only_characters_that_xml_knows(text: str) -> None:
    assert all(
        c in "\t\n\r" or " " <= c <= "~" or "\xa0" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        for c in clean(text)
    )
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("Press one.", 2), ("twenty-one days", 3), ("It's 911, don't wait", 6), ("  ", 0), ("medicación crónica", 2)],
)
def test_words_are_counted_as_a_voice_says_them(text: str, count: int) -> None:
    assert count_words(text) == count


def test_a_voice_says_165_words_in_a_minute() -> None:
    assert speaking_seconds("word " * 165) == pytest.approx(60)


def test_every_kind_is_told_apart() -> None:
    kinds = (
        "text",
        "digits",
        "number",
        "ordinal",
        "money",
        "date",
        "full_date",
        "time",
        "time_zone",
        "phone",
        "spelled",
        "address",
        "medicine",
    )
    assert tuple(KINDS) == kinds


def test_an_unknown_kind_or_language_is_a_mistake_in_code() -> None:
    with pytest.raises(KeyError, match="monie"):
        speak("monie", 1, "en")
    with pytest.raises(KeyError, match="fr"):
        speak("money", 1, "fr")
