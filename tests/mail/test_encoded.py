import pytest

from mailcatcher.mail.encoded import decoded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?iso-8859-1?Q?a_b?= c", "a b c"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=  \t =?iso-8859-1?b?5A==?=", "aä"),
        ("=?utf-8?q?a?= plain =?utf-8?q?b?=", "a plain b"),
        ("=?utf-8?b?w7w=?= =?utf-8?b?w58=?=", "üß"),
        ("=?utf-8?b?4pg=?= =?utf-8?b?gw==?=", "☃"),  # one character over two words
        ("=?utf-8*en?q?a?=", "a"),
        ("=?utf-8?q?with blank?=", "with blank"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),  # padding left out
        ("pre=?utf-8?q?a?=post", "preapost"),
        ("=?iso-2022-jp?b?GyRCJCokXyQ7GyhC?=", "おみせ"),
        ("=?gb2312?b?xOO6ww==?=", "你好"),
        ("=?utf-8?q?=00?=", "\ufffd"),
        ("=?utf-7?q?+2AA-?=", "\ufffd"),
        ("no words", "no words"),
    ],
)
def test_encoded_words_are_decoded(value, text):
    assert decoded(value) == (text, True)


@pytest.mark.parametrize("value", ["=?utf-8?b?!!!?=", "=?x-none?q?a?=", "=?punycode?q?a-b?=", "a =?utf-8?b?A?="])
def test_broken_word_is_left_as_it_is(value):
    assert decoded(value) == (value, False)


@pytest.mark.parametrize("value", ["=?utf-8?x?a?=", "=?utf-8?q?a", "=?", "=??q?a?=", "=?utf-8?q?a=?"])
def test_what_only_resembles_a_word_is_text(value):
    assert decoded(value) == (value, True)
