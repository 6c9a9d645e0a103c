"""The list: live, searchable, virtual, by keyboard."""

import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def rows(page):
    return page.get_by_role("option")


def active(page):
    """The row that the keys act on."""
    return page.locator(".row.active")


def test_empty_page_shows_the_address_that_is_really_bound(page, served):
    host, port = served.smtp
    expect(page.get_by_text(f"smtp://{host}:{port}")).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_contain_text(f'smtplib.SMTP("{host}", {port})')
    page.get_by_role("tab", name="swaks").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(f"swaks --server {host}:{port}")


def test_mail_appears_within_a_second_without_reload(page, served, mail):
    page.evaluate("window.notReloaded = true")
    sent = time.monotonic()
    served.send(mail("Welcome, Ada"))
    expect(rows(page)).to_have_count(1, timeout=1000)
    assert time.monotonic() - sent < 1
    expect(rows(page).first).to_contain_text("Welcome, Ada")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert page.evaluate("window.notReloaded")


def test_row_shows_sender_recipients_code_and_attachments(page, served, mail):
    message = mail("Your code", "Your code is 493201.")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    served.send(message, ["ada@example.org", "eve@example.org"])
    row = rows(page).first
    for text in ("Shop", "ada@example.org, eve@example.org", "493 201", "1 attachment", "unread"):
        expect(row).to_contain_text(text)


def test_inbox_needs_two_api_calls_at_most(look, served):
    served.send_many(300)
    context = look.browser.new_context()
    look.contexts.append(context)
    page = context.new_page()
    calls = []
    page.on("request", lambda request: calls.append(request.url) if "/api/" in request.url else None)
    page.goto(look.url)
    expect(page.get_by_text("of 300")).to_be_visible()
    expect(rows(page).first).to_contain_text("number 299")
    assert len(calls) <= 2, calls


def test_new_mail_waits_while_the_reader_is_away_from_the_top(look, served, mail):
    served.send_many(300)
    page = look.at()
    expect(rows(page).first).to_contain_text("number 299")
    page.get_by_role("listbox").evaluate("list => list.scrollTop = 6400")
    expect(rows(page).filter(has_text="number 195 ")).to_be_visible()
    before = page.get_by_role("listbox").evaluate("list => list.scrollTop")
    served.send(mail("New one"))
    pill = page.get_by_role("button", name="1 new message")
    expect(pill).to_be_visible()
    assert page.get_by_role("listbox").evaluate("list => list.scrollTop") == before
    expect(rows(page).filter(has_text="New one")).to_have_count(0)
    pill.click()
    expect(rows(page).first).to_contain_text("New one")
    expect(pill).to_have_count(0)


def test_rows_fetched_after_arrivals_are_in_their_place(look, served, mail):
    served.send_many(300)
    page = look.at()
    expect(rows(page).first).to_contain_text("number 299")
    for number in range(3):
        served.send(mail(f"late {number}"))
    expect(rows(page).first).to_contain_text("late 2")
    page.keyboard.press("End")
    expect(rows(page).last).to_contain_text("number 0")
    expect(rows(page).last).to_have_attribute("aria-posinset", "303")
    expect(active(page)).to_contain_text("number 0")


def test_large_list_keeps_few_nodes_wherever_it_is_scrolled(look, served):
    served.send_many(5000)
    page = look.at()
    listbox = page.get_by_role("listbox")
    expect(page.get_by_text("of 5,000")).to_be_visible()
    height = listbox.evaluate("list => list.scrollHeight")
    for part in (0, 0.31, 0.77, 1):
        listbox.evaluate(f"list => list.scrollTop = {height} * {part}")
        near = rows(page).filter(has_text="number").nth(4)
        expect(near).to_be_visible()
        assert page.evaluate("document.querySelectorAll('*').length") <= 1500
        assert listbox.evaluate("list => list.querySelectorAll('*').length") <= 600


def test_search_narrows_the_list_and_is_in_the_address(page, served, mail):
    for subject in ("Order 1042", "Order 1043", "Reset your password"):
        served.send(mail(subject))
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("subject:order")
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?query=subject%3Aorder$"))
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(3)
    page.go_back()
    expect(page.get_by_role("textbox")).to_have_value("subject:order")
    expect(rows(page)).to_have_count(2)


def test_mistake_is_explained_at_its_place_and_the_last_result_stays(page, served, mail):
    served.send(mail("Order 1042"))
    expect(rows(page)).to_have_count(1)
    page.get_by_role("textbox").fill("order xyz:1")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("xyz")
    expect(alert.locator(".caret")).to_have_text("x")
    expect(alert).to_contain_text("Character 7")
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/$"))
    page.get_by_role("textbox").fill("order")
    expect(alert).to_have_count(0)


def test_only_matching_mail_appears_in_a_search(look, served, mail):
    page = look.at("?query=subject:order")
    expect(page.get_by_text("No message matches")).to_be_visible()
    served.send(mail("Reset your password"))
    served.send(mail("Order 1042"))
    expect(rows(page)).to_have_count(1, timeout=2000)
    expect(rows(page).first).to_contain_text("Order 1042")


def test_unread_view_keeps_what_was_just_opened(page, served, mail):
    for subject in ("first", "second"):
        served.send(mail(subject))
    page.get_by_role("link", name="Unread").click()
    expect(rows(page)).to_have_count(2)
    rows(page).first.click()
    expect(page.get_by_role("link", name="Unread")).to_contain_text("1")
    expect(rows(page)).to_have_count(2)


def test_keys_move_open_and_close(page, served, mail):
    for subject in ("third", "second", "first"):
        served.send(mail(subject))
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("j")
    expect(active(page)).to_contain_text("first")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="second", level=2)).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="third", level=2)).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="second", level=2)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="No message is open")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/$"))


def test_arrows_home_and_end_move_only_in_the_list(look, served):
    served.send_many(40)
    page = look.at()
    expect(rows(page).first).to_contain_text("number 39")
    page.get_by_role("listbox").focus()
    page.keyboard.press("End")
    expect(active(page)).to_contain_text("number 0")
    expect(active(page)).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    expect(active(page)).to_contain_text("number 1")
    expect(page.get_by_role("listbox")).to_have_attribute("aria-activedescendant", active(page).get_attribute("id"))
    page.keyboard.press("Home")
    expect(active(page)).to_contain_text("number 39")
    page.get_by_role("textbox").focus()
    page.keyboard.press("End")
    expect(active(page)).to_contain_text("number 39")


def test_single_keys_do_nothing_in_the_search_and_can_be_switched_off(page, served, mail):
    served.send(mail("Hello"))
    page.get_by_role("textbox").fill("#")
    page.get_by_role("textbox").press("x")
    page.get_by_role("textbox").fill("")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("#")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(rows(page)).to_have_count(1)


def test_delete_and_undo(page, served, mail):
    for subject in ("third", "second", "first"):
        served.send(mail(subject))
    expect(rows(page)).to_have_count(3)
    for key in ("j", "j", "#"):
        page.keyboard.press(key)
    expect(rows(page)).to_have_count(2)
    expect(active(page)).to_contain_text("third")
    assert served.call("GET", "api/messages")["total"] == 2
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(1)).to_contain_text("second")
    assert served.call("GET", "api/messages")["total"] == 3


def test_open_message_is_deleted_and_the_next_one_shows(page, served, mail):
    for subject in ("second", "first"):
        served.send(mail(subject))
    expect(rows(page)).to_have_count(2)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="first", level=2)).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="second", level=2)).to_be_visible()
    page.keyboard.press("z")
    expect(rows(page)).to_have_count(2)


def test_bulk_selection_reads_and_deletes(look, served):
    served.send_many(30)
    page = look.at()
    rows(page).nth(0).click(modifiers=["Control"])
    rows(page).nth(3).click(modifiers=["Shift"])
    expect(page.get_by_text("4 selected")).to_be_visible()
    page.get_by_role("button", name="Mark read").click()
    expect(page.get_by_text("4 messages marked read")).to_be_visible()
    assert served.call("GET", "api/messages")["unread"] == 26
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("region", name="Notifications")).to_contain_text("4 messages deleted")
    expect(rows(page).first).to_contain_text("number 25")
    assert served.call("GET", "api/messages")["total"] == 26


def test_all_that_match_are_deleted_after_a_question(look, served):
    served.send_many(150)
    page = look.at()
    expect(page.get_by_text("of 150")).to_be_visible()
    page.keyboard.press("Control+a")
    expect(page.get_by_text("150 selected")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete all 150 messages?")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Waiting for mail")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text("of 150")).to_be_visible()


def test_changes_made_elsewhere_are_seen(look, served, mail):
    first = served.send(mail("first"))
    served.send(mail("second"))
    page = look.at()
    expect(rows(page)).to_have_count(2)
    served.call("PATCH", f"api/messages/{first}", {"read": True})
    expect(rows(page).filter(has_text="unread")).to_have_count(1)
    rows(page).last.click()
    expect(page.get_by_role("heading", name="first", level=2)).to_be_visible()
    served.call("DELETE", f"api/messages/{first}")
    expect(page.get_by_role("heading", name="This message was deleted")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    served.call("DELETE", "api/messages", {"all": True})
    expect(rows(page)).to_have_count(0)


def test_list_keeps_its_place_when_a_message_is_closed(look, served):
    served.send_many(200)
    page = look.at(size="narrow")
    expect(rows(page).first).to_contain_text("number 199")
    page.get_by_role("listbox").evaluate("list => list.scrollTop = 3200")
    row = rows(page).filter(has_text="number 145 ")
    row.click()
    expect(page.get_by_role("heading", name="number 145", level=2)).to_be_visible()
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.go_back()
    expect(row).to_be_visible()
    assert page.get_by_role("listbox").evaluate("list => list.scrollTop") == 3200
    expect(page.get_by_role("listbox")).to_be_focused()


@pytest.mark.parametrize("size", ["phone", "small"])
def test_phone_has_one_column_and_no_sideways_scrolling(look, served, mail, size):
    served.send(mail("Welcome " * 12, html="<table width=900><tr><td>wide</td></tr></table>"))
    page = look.at(size=size)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0
    rows(page).first.click()
    expect(page.locator("#mail-frame")).to_be_visible()
    assert page.evaluate(width) == 0
    page.get_by_role("button", name="Back to the list").click()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("dialog").get_by_role("link", name="Unread").click()
    expect(page).to_have_url(re.compile("is%3Aunread"))


def test_theme_follows_the_system_and_the_choice_is_kept(look, served):
    page = look.at(scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(20, 23, 27)"
    page.get_by_role("button", name="Theme: as the system").click()
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.reload()
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    assert page.evaluate(colour) == "rgb(255, 255, 255)"


def test_unknown_message_and_newest_message_have_addresses(look, served, mail):
    page = look.at("m/01J00000000000000000000000")
    expect(page.get_by_role("heading", name="There is no such message")).to_be_visible()
    served.send(mail("Order 1042"))
    newest = served.send(mail("Welcome"))
    page = look.at("m/latest?tab=headers")
    expect(page).to_have_url(re.compile(f"/m/{newest}\\?tab=headers$"))
    page = look.at("m/latest?query=subject:order")
    expect(page.get_by_role("heading", name="Order 1042", level=2)).to_be_visible()
