"""The live connection: what is shown when it breaks, and that nothing is missed."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def state(page):
    return page.locator("header [role=status]")


def test_what_came_while_the_connection_was_broken_is_fetched(look, served, mail):
    context_page = look.at()
    expect(state(context_page)).to_have_text("Live")
    # Playwright's offline mode leaves sockets open: route the socket instead, and close it from the server's side.
    sockets = []
    page = look.browser.new_context().new_page()
    look.contexts.append(page.context)
    page.route_web_socket("**/api/live*", lambda socket: sockets.append((socket, socket.connect_to_server())))
    page.goto(served.url)
    expect(state(page)).to_have_text("Live")
    served.send(mail("before"))
    expect(page.get_by_role("option")).to_have_count(1)
    sockets[0][1].close()
    sockets[0][0].close()
    expect(state(page)).to_have_text("Reconnecting")
    served.send(mail("meanwhile"))
    expect(state(page)).to_have_text("Live")
    expect(page.get_by_role("option")).to_have_count(2)
    expect(page.get_by_role("option").first).to_contain_text("meanwhile")


def test_without_sockets_the_page_polls(look, served, mail):
    page = look.browser.new_context().new_page()
    look.contexts.append(page.context)
    page.route_web_socket("**/api/live*", lambda socket: socket.close())
    page.clock.install()
    page.goto(served.url)
    served.send(mail("first"))
    for _ in range(8):
        page.clock.run_for(5_000)
    expect(state(page)).to_have_text("Polling")
    expect(page.get_by_role("option")).to_have_count(1)
    served.send(mail("second"))
    page.clock.run_for(6_000)
    expect(page.get_by_role("option")).to_have_count(2)


def test_loaded_rows_stay_when_the_server_is_gone_and_a_new_one_is_loaded(look, served, mail, new_server):
    own = new_server("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0")
    own.send(mail("kept"))
    page = look.browser.new_context().new_page()
    look.contexts.append(page.context)
    page.goto(own.url)
    expect(page.get_by_role("option")).to_have_count(1)
    new_server.stop(own)
    expect(state(page)).to_have_text("Offline", timeout=10_000)
    expect(page.get_by_role("option")).to_have_count(1)
    port = own.url.rstrip("/").rpartition(":")[2]
    again = new_server("--smtp", "127.0.0.1:0", "--http", f"127.0.0.1:{port}")
    again.send(mail("new"))
    expect(state(page)).to_have_text("Live", timeout=20_000)
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text("new")
