"""axe-core finds nothing on any screen: light, dark, phone."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOOKS = {
    "light": {"size": "wide", "scheme": "light"},
    "dark": {"size": "wide", "scheme": "dark"},
    "narrow": {"size": "narrow", "scheme": "dark"},
    "phone": {"size": "phone", "scheme": "light"},
}
TABS = ["html", "source", "text", "headers", "raw", "structure", "attachments"]
AXE = """async () => {
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run(document, {iframes: false, runOnly});
  const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ");
  const where = (nodes) => nodes.map((node) => `    ${node.target}  ${why(node)}`).join("\\n");
  return violations.map(({id, help, nodes}) => `${id}: ${help}\\n${where(nodes)}`);
}"""


@pytest.fixture(scope="session")
def axe(axe_source):
    def check(page):
        page.evaluate(axe_source)
        found = page.evaluate(AXE)
        assert not found, "\n".join(found)

    return check


@pytest.fixture
def example(served, mail):
    """A message with everything that a screen can show."""
    html = '<p>Your code is 493201</p><a href="https://lumen.example/in">Sign in</a><img src="https://lumen.example/p.png">'
    message = mail("Welcome, Ada", "Your code is 493201.  \n", html)
    message["List-Unsubscribe"] = "<https://lumen.example/u>"
    message["Subject "] = "broken"
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment(b"x", maintype="image", subtype="png", filename="b.png")
    served.send(mail("Second"))
    return served.send(message, ["ada@example.org", "eve@example.org"])


def test_the_check_itself_finds_what_is_wrong(look, axe):
    page = look.at()
    page.evaluate("document.querySelector('main').append(document.createElement('img'), document.createElement('button'))")
    with pytest.raises(AssertionError, match=r"image-alt(?s:.)*button-name|button-name(?s:.)*image-alt"):
        axe(page)


@pytest.mark.parametrize("kind", LOOKS)
@pytest.mark.parametrize("tab", TABS)
def test_message(look, axe, example, kind, tab):
    page = look.at(f"m/{example}?tab={tab}", **LOOKS[kind])
    expect(page.get_by_role("tabpanel")).to_be_visible()
    expect(page.get_by_role("tab", selected=True)).to_have_attribute("id", f"tab-{tab}")
    if tab == "html":
        page.get_by_role("button", name="List", exact=True).click()
    axe(page)


@pytest.mark.parametrize("kind", LOOKS)
def test_list_and_selection(look, axe, example, kind):
    page = look.at(**LOOKS[kind])
    expect(page.get_by_role("option")).to_have_count(2)
    axe(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    axe(page)
    page.keyboard.press("#")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    axe(page)


@pytest.mark.parametrize("kind", LOOKS)
def test_compact_list(look, axe, example, kind):
    page = look.at(**LOOKS[kind])
    page.get_by_role("button", name="Compact rows").click()
    expect(page.get_by_role("option").first).to_be_visible()
    axe(page)


@pytest.mark.parametrize("kind", LOOKS)
def test_empty_page(look, axe, kind):
    page = look.at(**LOOKS[kind])
    expect(page.get_by_text("Waiting for mail")).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("kind", LOOKS)
def test_search_mistake_and_search_without_result(look, axe, example, kind):
    page = look.at(**LOOKS[kind])
    page.get_by_role("textbox").fill("xyz:1")
    expect(page.get_by_role("alert")).to_be_visible()
    axe(page)
    page.get_by_role("textbox").fill("nothing-like-this")
    expect(page.get_by_text("No message matches")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("kind", LOOKS)
def test_dialogs(look, axe, example, kind):
    page = look.at(**LOOKS[kind])
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    if LOOKS[kind]["size"] != "wide":
        page.get_by_role("button", name="Views").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        axe(page)


@pytest.mark.parametrize("kind", LOOKS)
def test_unknown_message(look, axe, kind):
    page = look.at("m/01J00000000000000000000000", **LOOKS[kind])
    expect(page.get_by_role("heading", name="There is no such message")).to_be_visible()
    axe(page)


def test_focus_returns_to_the_row_after_dialog_and_message(look, example):
    page = look.at(size="narrow")
    listbox = page.get_by_role("listbox")
    listbox.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.press("Escape")
    expect(listbox).to_be_focused()
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    expect(listbox).to_be_focused()


def test_panes_and_frame_are_reached_and_left_by_keyboard(look, example):
    page = look.at(f"m/{example}")
    expect(page.locator("#mail-frame")).to_be_visible()
    page.get_by_role("textbox").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_focused()
    page.keyboard.press("F6")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.press("F6")
    expect(page.locator("#mail-frame")).to_be_focused()
    back = page.get_by_role("button", name="Back to the message")
    for _ in range(6):
        page.keyboard.press("Tab")
        if back.evaluate("button => button === document.activeElement"):
            break
    expect(back).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_be_focused()


@pytest.mark.parametrize("kind", ["light", "phone"])
def test_targets_are_large_enough(look, example, kind):
    page = look.at(f"m/{example}", **LOOKS[kind])
    expect(page.locator("#mail-frame")).to_be_visible()
    least = 44 if kind == "phone" else 24
    small = page.evaluate(
        """least => [...document.querySelectorAll("button, a[href], input, select")]
            .filter((each) => each.checkVisibility({visibilityProperty: true}))
            .filter((each) => !each.closest("[inert]") && !each.matches(".skip, .leave"))
            .map((each) => [each.getBoundingClientRect(), each.textContent.trim() || each.ariaLabel])
            .filter(([box]) => box.height < least || box.width < 24).map(([box, name]) => `${name} ${box.width}x${box.height}`)""",
        least,
    )
    assert small == []
