import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcatcher.search import words as search_words
from mailcatcher.search.words import contains_words, flat, fold, starts_word, words

# Letters, marks, blanks and symbols of many scripts, densely: of all characters, few would ever make a word.
CHARACTERS = (
    st.sampled_from("abzAZ019 .-_@<>*\n\0éÉßÅſİıΣςя\u0439日本がｶﾞ한กิ\u0301\u00ad\u200d\u034f\ufe0f🎉€½ﬃ\ufffd“\u0430") | st.characters()
)
TEXTS = st.text(CHARACTERS, max_size=40).map(lambda text: text.encode("utf-8", "replace").decode())


@pytest.fixture(scope="module")
def fts():
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE VIRTUAL TABLE mail USING fts5(text, tokenize='ascii')")
    connection.execute("CREATE VIRTUAL TABLE term USING fts5vocab(mail, instance)")
    return connection


@given(TEXTS)
@example("\x80\x85\xa0")
def test_words_are_what_the_tokenizer_of_the_index_finds_in_the_folded_text(fts, text):
    fts.execute("DELETE FROM mail")
    fts.execute("INSERT INTO mail(rowid, text) VALUES (1, ?)", (fold(text),))
    assert words(text) == [term for (term,) in fts.execute("SELECT term FROM term ORDER BY offset")]


@given(TEXTS, st.data())
def test_words_follow_each_other_exactly_where_the_index_says_so(fts, text, data):
    found = words(text)
    if found:
        start = data.draw(st.integers(0, len(found) - 1))
        sought = found[start : start + data.draw(st.integers(1, 3))]
    else:
        sought = ["a"]
    end = data.draw(st.integers(1, len(sought[-1])))
    sought[data.draw(st.sampled_from([0, -1]))] = data.draw(st.sampled_from([sought[-1][:end], sought[0], "a"]))
    prefix = data.draw(st.booleans())

    fts.execute("DELETE FROM mail")
    fts.execute("INSERT INTO mail(rowid, text) VALUES (1, ?)", (fold(text),))
    match = f'"{" ".join(sought)}"{" *" if prefix else ""}'
    in_index = fts.execute("SELECT count(*) FROM mail WHERE mail MATCH ?", (match,)).get
    assert contains_words(fold(text), tuple(sought), prefix) == bool(in_index)


@given(TEXTS)
def test_folding_twice_changes_nothing_but_blanks(text):
    assert fold(fold(text)).split() == fold(text).split()
    assert flat(flat(text)) == flat(text)


@given(TEXTS, TEXTS)
def test_folding_goes_character_by_character_so_a_part_stays_a_part(left, right):
    assert fold(left + right) == fold(left) + fold(right)
    assert flat(right) in flat(left + right)


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_folded_text_can_be_stored_and_searched(text):
    folded = flat(text)
    folded.encode()
    assert not {"\0", "\n", "\r", "  "} & set(folded)


def test_every_character_folds_to_a_form_that_stays_and_memory_is_bounded():
    for start in range(0, 0x110000, 0x1000):
        text = " ".join(map(chr, range(start, start + 0x1000)))
        assert fold(fold(text)).split() == fold(text).split(), hex(start)
    assert len(search_words._TABLE) == search_words._MAX_TABLE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don't e-mail a_b@example.org", ["don", "t", "e", "mail", "a", "b", "example", "org"]),
        ("École Straße İstanbul Ångström ﬃ Ａｂｃ", ["ecole", "strasse", "istanbul", "angstrom", "ffi", "abc"]),
        ("e\u0301cole", ["ecole"]),
        ("ΣΊΣΥΦΟΣ σίσυφος", ["σισυφοσ", "σισυφοσ"]),
        ("Йогурт", ["иогурт"]),
        ("注文1042番", ["注", "文", "1042", "番"]),
        ("ガ ｶﾞ カ", ["カ", "\u3099", "カ", "\u3099", "カ"]),
        ("한국어 메일", ["한국어", "메일"]),
        ("กิน", ["ก", "ิ", "น"]),
        ("हिन्दी", ["हिनदी"]),
        ("su\u00adper\u200dmar\u034fket\ufeff", ["supermarket"]),
        ("Sale🎉👍🏽 €12", ["sale", "🎉", "👍", "🏽", "€", "12"]),
        ("“quoted” — a…b", ["quoted", "a", "b"]),
        ("\u115f\u3164\ufffd\u2003\x85", []),
    ],
)
def test_words_of(text, found):
    assert words(text) == [word if word.isascii() else fold(word).strip() for word in found]


@pytest.mark.parametrize(
    ("text", "needle", "found"),
    [
        ("<ada@example.org>", "ad", True),
        ("<ada@example.org>", "da", False),
        ("nada ada", "ad", True),
        ("a@b ba@c", "a@", True),
        ("ba@c", "a@", False),
        ("ba@c", "@c", True),
        ("日 本", "本", True),
        ("", "a", False),
    ],
)
def test_needle_at_the_beginning_of_a_word(text, needle, found):
    assert starts_word(text, needle) is found


@pytest.mark.parametrize(
    ("sought", "prefix", "found"),
    [
        (("order",), False, True),
        (("rder",), False, False),
        (("orde",), False, False),
        (("orde",), True, True),
        (("your", "order"), False, True),
        (("order", "your"), False, False),
        (("your", "or"), True, True),
        (("a", "a", "b"), False, True),
        (("b", "c"), False, True),
    ],
)
def test_consecutive_words(sought, prefix, found):
    assert contains_words("reorder: your -- order. xa a a b\nc", sought, prefix) is found


def test_time_to_search_grows_with_the_text_and_not_with_its_square():
    text = "xa" * 200_000 + " " * 200_000 + "a" * 200_000
    assert not contains_words(text, ("a", "b"), True)
    assert not starts_word("xa" * 200_000, "a")
