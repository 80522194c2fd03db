"""Mapping: what it will change is said before it is done."""

import pytest
from playwright.sync_api import expect
from seen import client, clients, connect, go, mapping, region, tiles, toast

JOHNS, OTHER, CAFE = "104567890123", "987654321098", "112233445566778"


@pytest.fixture
def mapped(stage, open_page):
    john, _ = stage.connect("john", "maria")
    stage.map("client_001", john, JOHNS)
    page = open_page(stage.url)
    mapping(page)
    return page


def test_a_second_page_for_a_client_is_announced_as_a_change_of_the_live_site(mapped, stage):
    maps = region(mapped, "Map a client")
    maps.get_by_label("Client id").fill("client_001")
    expect(maps).to_contain_text("“\u2068client_001\u2069” shows “\u2068My Business Page\u2069” now.")
    maps.get_by_role("option", name="Café Lindqvist").click()
    expect(maps).to_contain_text("This changes the live site")
    maps.get_by_role("button", name="Change the live site").click()
    expect(toast(mapped)).to_contain_text("Changed: “\u2068client_001\u2069” shows “\u2068Café Lindqvist\u2069” now.")
    expect(region(mapped, "How it is served")).to_contain_text("Café Lindqvist")
    expect(region(mapped, "How it is served")).to_contain_text("My Business Page stands by")
    # One client, not two equal rows.
    expect(clients(mapped).locator("li.card")).to_have_count(1)


def test_a_page_without_instagram_does_not_take_the_site_over_and_that_is_said(mapped):
    maps = region(mapped, "Map a client")
    maps.get_by_label("Client id").fill("client_001")
    maps.get_by_role("option", name="Another Page").click()
    expect(maps).to_contain_text("goes on showing “\u2068My Business Page\u2069”")
    expect(maps.get_by_role("button", name="Save")).to_be_visible()


def test_moving_a_client_begins_at_the_client(mapped):
    client(mapped, "client_001").get_by_role("link", name="Change Page").click()
    expect(region(mapped, "Map a client").get_by_label("Client id")).to_have_value("client_001")
    expect(region(mapped, "Map a client")).to_contain_text("Another Page will change its live site.")
    expect(region(mapped, "Map a client").get_by_role("option").filter(has_text="My Business Page")).to_contain_text("Shown by client_001")


def test_without_a_page_only_the_page_is_wrong(mapped):
    maps = region(mapped, "Map a client")
    maps.get_by_label("Client id").fill("client_002")
    maps.get_by_role("button", name="Save").click()
    expect(maps.get_by_role("alert")).to_have_text("Choose a Page.")
    expect(maps.get_by_role("listbox")).to_be_focused()


def test_a_name_that_cannot_be_one_is_said_in_words(mapped):
    maps = region(mapped, "Map a client")
    maps.get_by_label("Client id").fill("a/b")
    maps.get_by_role("option", name="Another Page").click()
    maps.get_by_role("button", name="Save").click()
    field = maps.get_by_label("Client id")
    expect(field).to_be_focused()
    said = mapped.locator(f"[id='{field.get_attribute('aria-describedby').split()[0]}']")
    expect(said).to_contain_text("A client id has no slash")
    expect(maps).not_to_contain_text("pattern")


def test_a_pasted_list_is_looked_at_before_anything_is_done(mapped, stage):
    maps = region(mapped, "Map a client")
    maps.get_by_text("Several at once").click()
    maps.get_by_label("List").fill(
        'client_id,page\nclient_001,Café Lindqvist\n"new, client";987654321098\nsame\tcafé lindqvist\nnobody,No Such Page\na/b,Another Page\nsame,Another Page\n')
    rows = maps.locator("tbody tr")
    expect(rows).to_have_count(6)
    for client_id, verdict in {"nobody": "No such Page", "a/b": "This is no client id", "new, client": "Has no Instagram account",
                               "client_001": "Changes the live site from"}.items():
        expect(rows.filter(has_text=client_id).first).to_contain_text(verdict)
    expect(maps).to_contain_text("This client stands in the list twice")
    expect(maps).to_contain_text("3 of 6 lines can be saved, 3 cannot; 1 live site changes.")
    assert len(stage.get("mappings/")["mappings"]) == 1
    maps.get_by_role("button", name="Save 3 clients").click()
    expect(toast(mapped)).to_have_text("3 clients saved.")
    assert sorted(row["client_id"] for row in stage.get("mappings/")["mappings"]) == ["client_001", "client_001", "new, client", "same"]


@pytest.mark.parametrize("text, verdicts", [
    ("\ufeffclient,page\r\none;My Business Page\r\n\r\ntwo\tCafé  Lindqvist\r\n", {"2": "New", "4": "New"}),
    ('"one\nand a half",My Business Page\ntwo,My Business Page', {"1": "This is no client id", "3": "New"}),
    ('"say ""two""" , My Business Page\n,My Business Page\nthree\t\tMy Business Page', {"1": "New", "2": "No client id", "3": "No Page"}),
    ('"one,My Business Page\ntwo,My Business Page', {"1": "New", "2": "New"}),
], ids=["of a spreadsheet", "a line within a cell", "quotes and gaps", "a quote without its other"])
def test_a_list_is_read_as_its_writer_meant_it(mapped, text, verdicts):
    maps = region(mapped, "Map a client")
    maps.get_by_text("Several at once").click()
    maps.get_by_label("List").evaluate("(field, text) => { field.value = text; field.dispatchEvent(new Event('input')); }", text)
    rows = maps.locator("tbody tr")
    expect(rows).to_have_count(len(verdicts))
    assert {row.locator("td").first.inner_text(): row.locator("td").last.inner_text() for row in rows.all()} == verdicts


def test_eight_thousand_pages_stay_quick_and_only_what_is_seen_is_there(stage, open_page):
    stage.connect("john")
    pages = [{"account_label": "john", "token_id": 1, "fb_page_id": str(200_000_000 + number), "fb_page_name": f"Page {number:05}",
              "fb_page_picture": None, "page_access_token": None, "ig_account_id": str(number) if number % 3 else None} for number in range(8000)]
    page = open_page("about:blank")
    page.route("**/api/meta/pages/", lambda route: route.fulfill(json={"pages": pages}))
    page.goto(stage.url + "#/map")
    maps = region(page, "Map a client")
    expect(maps.get_by_role("listbox")).to_contain_text("Page 00000")
    assert page.evaluate("document.querySelectorAll('*').length") < 5000
    # What makes a key press dear is what it makes; its milliseconds are measured by Tests/Benchmarks/page.
    for text in ("7", "79", "page 07999", "", "zzzz", ""):
        maps.get_by_label("Find a Page").evaluate("(field, text) => { field.value = text; field.dispatchEvent(new Event('input')); }", text)
        assert maps.locator("[role=option]").count() < 40, text
    maps.get_by_role("listbox").focus()
    page.keyboard.press("End")
    expect(maps.get_by_role("option", name="Page 07999")).to_have_attribute("aria-selected", "true")
    expect(maps.get_by_role("option", name="Page 07999")).to_be_in_viewport()
    assert page.locator("[role=listbox]").get_attribute("aria-activedescendant") == maps.get_by_role("option", name="Page 07999").get_attribute("id")
