"""What holds the page together: its start, its files, its addresses."""

import time

import pytest
from playwright.sync_api import expect
from seen import accounts, clients, go, region
from stage import REPOSITORY


@pytest.mark.chromium("Firefox is driven by script")
def test_without_javascript_the_page_says_what_to_do(stage, open_page):
    page = open_page(stage.url, java_script_enabled=False)
    expect(page.get_by_text("It needs JavaScript")).to_be_visible()


@pytest.mark.parametrize("missing", ["kit.js", "admin.js"])
def test_with_a_file_missing_the_page_is_not_blank(stage, browser, missing):
    context = browser.new_context()
    page = context.new_page()
    page.route(f"**/{missing}", lambda route: route.fulfill(status=404, body="not here"))
    page.goto(stage.url)
    # Said in words, by the page itself or by the part that could not be loaded.
    expect(page.get_by_text("missing").first).to_be_visible()
    context.close()


def test_a_part_that_cannot_be_loaded_says_so_and_the_rest_goes_on(stage, open_page):
    page = open_page("about:blank")
    page.route("**/office.js", lambda route: route.abort())
    page.goto(stage.url)
    expect(region(page, "Clients")).to_be_visible()
    page.evaluate("location.hash = '#/accounts'")
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    clients(page)


def test_trouble_whose_words_cannot_be_loaded_is_not_called_well(stage, open_page):
    stage.connect("john")
    stage.control("tokens", "POST", token="john", state="password_changed")
    stage.call("POST", "tokens/1/check/")
    page = open_page("about:blank")
    page.route("**/more.js", lambda route: route.abort())
    page.goto(stage.url)
    expect(region(page, "Trouble")).to_contain_text("Something is wrong")
    expect(region(page, "Trouble")).not_to_contain_text("All is well")


def test_a_view_is_loaded_when_it_is_first_opened(stage, open_page):
    stage.connect("john")
    page = open_page("about:blank")
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.goto(stage.url)
    expect(region(page, "Clients")).to_be_visible()
    assert not {"office.js", "map.js", "client.js"} & set(asked)
    accounts(page)
    assert "office.js" in asked


def test_an_address_that_means_nothing_leads_to_the_clients(stage, open_page):
    for address in ("#/nothing", "#", "#/%", "#/clients/%zz"):
        page = open_page(stage.url + address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_policy_asks_for_trusted_types(stage):
    _, headers, _ = stage.request("GET", "/")
    assert "require-trusted-types-for 'script'" in headers["Content-Security-Policy"]


def test_graph_that_was_never_asked_is_not_called_working(stage, open_page):
    page = open_page("about:blank")
    page.route("**/api/meta/health/", lambda route: route.fulfill(json={
        "status": "ok", "version": "1", "checks": {"graph": {"status": "ok", "detail": None, "checked_at": None}}}))
    page.goto(stage.url + "#/system")
    graph = region(page, "System").get_by_role("listitem").filter(has_text="Graph")
    expect(graph).to_contain_text("Not asked yet")
    expect(graph).not_to_contain_text("Working")


def test_a_result_is_said_over_the_head_and_not_over_a_field(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    page = open_page(stage.url + "#/clients/client_001", viewport={"width": 360, "height": 740}, clock=True)
    again = page.get_by_role("button", name="Refresh")
    expect(again).to_be_visible()
    page.clock.pause_at(time.time() + 3600)
    again.click()
    expect(again).not_to_have_attribute("aria-busy", "true")
    page.clock.run_for(100)
    said = page.locator("header [data-toast] p")
    expect(said).to_be_visible()
    toast, main = said.bounding_box(), page.locator("main").bounding_box()
    assert toast["y"] + toast["height"] <= page.locator("header").bounding_box()["height"] + 1
    page.clock.run_for(5000)
    expect(said).to_have_count(0)
