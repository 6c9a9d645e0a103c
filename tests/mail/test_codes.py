import pytest

from mailcatcher.mail.codes import find

CODES = [
    ("Your verification code is 493201.", "493201"),
    ("Your code: 493 201", "493201"),
    ("Your one-time code is 493-201", "493201"),
    ("Code\n\n4 9 3 2 0 1\n\n", "493201"),
    ("123456 is your verification code", "123456"),
    ("G-123456 is your Google verification code.", "123456"),
    ("Use AB12-CD34 as your activation code.", "AB12-CD34"),
    ("Your login code is X7K9Q2", "X7K9Q2"),
    ("Your PIN is 2024", "2024"),
    ("OTP: 7781", "7781"),
    ("Enter this code to sign in:\n\n    558812\n\nIt expires in 10 minutes. (c) 2024 Acme", "558812"),
    ("Hi,\n\n558812\n\nis your code", "558812"),
    ("Your security code is 1234 5678", "12345678"),
    ("Your code is: 493201 (valid 10 min)", "493201"),
    ("The code (493201) is valid", "493201"),
    ("Dit is je code: **558812**", "558812"),
    ("To confirm your e-mail enter 558812", "558812"),
    ("Ihr Bestätigungscode lautet: 4711", "4711"),
    ("Ihr Sicherheitscode: 812 345", "812345"),
    ("Votre code de vérification est 338291", "338291"),
    ("Su código de verificación es 338291", "338291"),
    ("Il tuo codice è 338291", "338291"),
    ("Uw verificatiecode is 338291", "338291"),
    ("Din engångskod är 338291", "338291"),
    ("Vahvistuskoodi: 338291", "338291"),
    ("Twój kod weryfikacyjny: 338291", "338291"),
    ("doğrulama kodunuz: 123987", "123987"),
    ("Ваш код подтверждения: 338291", "338291"),
    ("您的验证码是338291，5分钟内有效", "338291"),
    ("認証コード：338291", "338291"),
    ("인증번호 [338291] 를 입력", "338291"),
]

NO_CODES = [
    "Order 123456 has shipped",
    "Your order code: see 2024 catalogue",
    "Invoice 20240012 for 1234 EUR",
    "Call us on +49 30 123456",
    "Call (555) 123-4567",
    "Total: $1234",
    "Copyright 2024 Acme Inc.",
    "zip code 12345",
    "Promo code SAVE2024",
    "Error code 500123",
    "since 1998",
    "Meeting at 1200 Main Street, room 4711",
    "tracking number 12345678",
    "http://x.example/?code=123456",
    "Meet 2024-11-24 10:00",
    "Your code review #12345 is ready",
    "Bestellung 123456 bestätigt",
    "1234 people confirmed",
    "card ending in ****1234, security code needed",
    "The code costs 1,234.56",
    "no digits but the code",
    "",
]


@pytest.mark.parametrize(("text", "code"), CODES)
def test_code_is_found(text, code):
    assert find(text)[0].code == code


@pytest.mark.parametrize("text", NO_CODES)
def test_number_that_is_no_code_is_skipped(text):
    assert find(text) == []


def test_likeliest_code_comes_first():
    found = find("Confirm 4711 or so. Your code is 558812.")
    assert [one.code for one in found] == ["558812", "4711"]


def test_title_announces_a_number_that_stands_alone():
    assert find("Hi,\n\n558812\n\nThe team", "Your login code")[0].code == "558812"
    assert find("Hi,\n\n558812\n\nThe team", "Your order") == []


def test_codes_of_all_bodies_are_listed_once(corpus, parsed):
    message = corpus("code")
    assert (message.code, message.has_code) == ("493201", True)
    (code,) = message.codes()
    assert (code.code, code.part) == ("493201", "1")
    assert code.context == "Your code is 493 201. It expires in 10 minutes."


def test_code_of_html_and_of_the_subject(parsed):
    html = parsed("Content-Type: text/html\n\n<p>Your code</p><h1><span>4</span><td>9</td><td>3</td><td>2</td></h1>")
    assert html.codes()[0].code == html.code == "4932"
    subject = parsed("Subject: 558812 is your code\n\nHello")
    assert (subject.code, subject.codes()[0].part) == ("558812", "")


def test_mail_without_a_code_has_none(corpus):
    message = corpus("plain")
    assert (message.code, message.has_code, message.codes()) == (None, False, ())
