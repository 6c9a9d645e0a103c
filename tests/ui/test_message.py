"""One message: its tabs, its highlights, its isolated HTML."""

import hashlib
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763b8f8ff3f0005fe02fea7354c5e"
    "0000000049454e44ae426082"
)


def opened(look, message_id, tab=None, **options):
    page = look.at(f"m/{message_id}" + (f"?tab={tab}" if tab else ""), **options)
    expect(page.get_by_role("tablist", name="Views of the message")).to_be_visible()
    return page


def test_html_is_shown_in_an_isolated_frame(look, served, mail):
    page = opened(look, served.send(mail("Welcome", html="<h1>Hello Ada</h1>")))
    frame = page.locator("#mail-frame")
    assert frame.get_attribute("sandbox") == "allow-popups allow-popups-to-escape-sandbox"
    assert frame.get_attribute("referrerpolicy") == "no-referrer"
    assert frame.get_attribute("title") == "Message HTML"
    assert frame.get_attribute("srcdoc") is None
    expect(page.frame_locator("#mail-frame").get_by_role("heading", name="Hello Ada")).to_be_visible()


def test_cid_image_is_shown(look, served, mail):
    message = mail("Logo", html='<img id="logo" src="cid:logo@x">')
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<logo@x>")
    page = opened(look, served.send(message))
    logo = page.frame_locator("#mail-frame").locator("#logo")
    expect(logo).to_have_attribute("src", re.compile("^data:image/png;base64,"))
    expect(logo).to_have_js_property("naturalWidth", 1)


def test_opening_marks_read_and_u_takes_it_back(look, served, mail):
    message = served.send(mail("Welcome"))
    page = look.at()
    page.get_by_role("option").click()
    expect(page.get_by_role("button", name="Mark unread")).to_be_visible()
    expect(page).to_have_title(re.compile("^Welcome"))
    assert served.call("GET", f"api/messages/{message}")["read"] is True
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.keyboard.press("u")
    assert served.call("GET", f"api/messages/{message}")["read"] is False


def test_getting_the_page_marks_nothing_read(look, served, mail):
    message = served.send(mail("Welcome"))
    look.at()
    assert served.call("GET", f"api/messages/{message}")["read"] is False


def test_code_and_links_stand_above_the_mail(look, served, mail):
    html = '<p>Your code is 493201</p><a href="https://lumen.example/in?t=1">Sign in</a><a href="javascript:alert(1)">x</a>'
    page = opened(look, served.send(mail("Code", "Your code is 493201.", html)))
    highlights = page.get_by_role("region", name="What stands out")
    expect(highlights).to_contain_text("493 201")
    link = highlights.get_by_role("link")
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("href", "https://lumen.example/in?t=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(highlights).to_contain_text("lumen.example/in?t=1")


@pytest.mark.parametrize("clipboard", [True, False], ids=["clipboard API", "selection"])
def test_code_is_copied_as_digits(look, served, mail, clipboard):
    message = served.send(mail("Code", "Your code is 493201."))
    page = opened(look, message, permissions=["clipboard-read", "clipboard-write"])
    if not clipboard:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('insecure')) }")
    page.locator("#message").focus()
    page.keyboard.press("c")
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "493201"


def test_recipients_in_no_header_and_another_sender_are_named(look, served, mail):
    message = mail("Newsletter")
    message.replace_header("From", "News <news@lumen.example>")
    page = opened(look, served.send(message, ["ada@example.org", "eve@example.org"]))
    head = page.locator(".head")
    expect(head).to_contain_text("Bcc (envelope only)")
    expect(head).to_contain_text("eve@example.org")
    expect(head).to_contain_text("Envelope sender")
    expect(head).to_contain_text("shop@example.org")


def test_headers_are_complete_in_wire_order_with_duplicates(look, served):
    raw = b"X-B: 2\r\nX-A: 1\r\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\nX-A: 1 again\r\nSubject: second\r\n\r\nbody\r\n"
    page = opened(look, served.send(raw), "headers")
    table = page.get_by_role("table")
    assert table.get_by_role("rowheader").all_inner_texts() == ["X-B", "X-A", "Subject", "X-A", "Subject"]
    expect(table).to_contain_text("Größe")
    expect(table.get_by_text("appears 2 times")).to_have_count(2)
    page.get_by_role("textbox", name="Filter the headers").fill("again")
    expect(table.get_by_role("row")).to_have_count(1)
    page.get_by_role("textbox", name="Filter the headers").fill("")
    page.get_by_role("button", name="As sent").click()
    expect(page.get_by_role("region", name="Headers")).to_contain_text("=?utf-8?q?Gr=C3=B6=C3=9Fe?=")


def test_raw_shows_control_characters_and_bytes_that_are_not_text(look, served):
    page = opened(look, served.send(b"Subject: x\r\n\r\na\x1b[31m\x00b\xff\r\nbare\nend\r\n"), "raw")
    raw = page.get_by_role("region", name="Raw")
    for text in ("␛[31m␀b⟨FF⟩", "bare␊"):
        expect(raw).to_contain_text(text)


def test_raw_is_loaded_in_pieces(look, served):
    lines = b"".join(b"line %06d of a long message\r\n" % number for number in range(12_000))
    page = opened(look, served.send(b"Subject: long\r\n\r\n" + lines), "raw")
    raw = page.get_by_role("region", name="Raw")
    expect(raw).to_contain_text("line 000000 ")
    expect(raw).not_to_contain_text("line 011999 ")
    raw.get_by_role("button", name="Load more").click()
    expect(raw).to_contain_text("line 011999 ")
    expect(raw.get_by_role("button", name="Load more")).to_have_count(0)
    shown = raw.locator("pre").inner_text()
    assert [shown.count(f"line {number:06d} of a long message\n") for number in range(9000, 9400)] == [1] * 400


def test_source_is_exactly_as_sent(look, served, mail):
    html = '<p onclick="x()">a</p>\n<img src="cid:logo@x"><script>alert(1)</script>'
    page = opened(look, served.send(mail("Source", html=html)), "source")
    expect(page.get_by_text("3 lines")).to_be_visible()
    assert "".join(page.get_by_role("region", name="Source").locator(".row").all_text_contents()).strip() == html


def test_markup_in_a_text_is_text(look, served, mail):
    page = opened(look, served.send(mail("<b>bold</b>", "<img src=x onerror=alert(1)>  \n")), "text")
    text = page.get_by_role("region", name="Text")
    expect(text).to_contain_text("<img src=x onerror=alert(1)>")
    expect(text.locator("img")).to_have_count(0)
    expect(page.get_by_role("heading", level=2)).to_have_text("<b>bold</b>")
    page.get_by_role("button", name="Show invisible characters").click()
    expect(text).to_contain_text("··")


def test_attachments_have_name_type_size_hash_and_preview(look, served, mail):
    message = mail("Files", html='<img src="cid:logo@x">')
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<logo@x>")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Größe.pdf")
    message.add_attachment(PNG, maintype="image", subtype="png", filename="photo.png")
    page = opened(look, served.send(message), "attachments")
    listing = page.get_by_role("region", name="Attachments")
    for text in ("Größe.pdf", "application/pdf", "8 B", hashlib.sha256(b"%PDF-1.4").hexdigest(), "Attached", "Inline"):
        expect(listing).to_contain_text(text)
    expect(listing.get_by_role("img", name="Preview of photo.png")).to_have_js_property("naturalWidth", 1)
    with page.expect_download() as download:
        listing.get_by_role("link", name="Download Größe.pdf").click()
    assert download.value.path().read_bytes() == b"%PDF-1.4"
    assert download.value.suggested_filename == "Größe.pdf"


def test_structure_shows_every_part(look, served, mail):
    message = mail("Files", html="<p>x</p>")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="a.pdf")
    page = opened(look, served.send(message), "structure")
    tree = page.get_by_role("region", name="Parts of the message")
    for text in ("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf", "base64"):
        expect(tree).to_contain_text(text)


def test_downloaded_message_is_what_was_sent(look, served):
    raw = b"Subject: exact\r\n\r\n..dots\r\ntrailing  \r\n\xff\x00\r\n"
    page = opened(look, served.send(raw))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == raw


def test_tabs_by_key_and_by_arrow(look, served, mail):
    page = opened(look, served.send(mail("Tabs", html="<p>x</p>")))
    page.locator("#message").focus()
    page.keyboard.press("4")
    expect(page.get_by_role("tab", name="Headers")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile("tab=headers"))
    page.get_by_role("tab", name="Headers").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Raw")).to_be_focused()
    expect(page.get_by_role("tab", name="Raw")).to_have_attribute("aria-selected", "true")


def test_preview_has_the_width_of_a_device(look, served, mail):
    page = opened(look, served.send(mail("Wide", html="<p>x</p>")))
    frame = page.locator("#mail-frame")
    page.locator("#message").focus()
    page.keyboard.press("[")
    expect(frame).to_have_js_property("clientWidth", 768)
    page.get_by_label("Width", exact=True).select_option("375")
    expect(frame).to_have_js_property("clientWidth", 375)
    page.get_by_role("button", name="Rotate").click()
    expect(frame).to_have_js_property("clientWidth", 667)
    expect(frame).to_have_js_property("clientHeight", 375)


def test_scheme_of_the_mail_is_its_own(look, served, mail):
    html = "<style>@media (prefers-color-scheme: dark) { p { color: rgb(1, 2, 3) } }</style><p>x</p>"
    page = opened(look, served.send(mail("Dark", html=html)), scheme="null")
    text = page.frame_locator("#mail-frame").locator("p")
    expect(text).to_have_css("color", "rgb(0, 0, 0)")
    page.get_by_role("button", name="Dark").click()
    expect(text).to_have_css("color", "rgb(1, 2, 3)")


def test_opening_a_message_moves_no_focus_into_the_frame(page, served, mail):
    served.send(mail("Focus", html='<input autofocus id="trap"><a href="https://lumen.example/" autofocus>x</a>'))
    page.get_by_role("listbox").focus()
    page.keyboard.press("Enter")
    expect(page.frame_locator("#mail-frame").locator("#trap")).to_be_visible()
    expect(page.get_by_role("listbox")).to_be_focused()


def test_remote_content_is_asked_for_and_loaded_once(look, served, mail, listener):
    image = f"http://127.0.0.1:{listener.port}/pixel.png"
    message = served.send(mail("Remote", html=f'<img src="{image}"><link rel="stylesheet" href="{image}.css"><p>x</p>'))
    page = opened(look, message)
    expect(page.get_by_text("2 remote items blocked")).to_be_visible()
    expect(page.get_by_text("1 image, 1 stylesheet")).to_be_visible()
    page.get_by_role("button", name="List", exact=True).click()
    expect(page.get_by_role("list", name="List")).to_contain_text(image)
    assert listener.seen == []
    page.get_by_role("button", name="Show once").click()
    listener.wait_for("/pixel.png")
    expect(page).to_have_url(re.compile("remote=1"))
