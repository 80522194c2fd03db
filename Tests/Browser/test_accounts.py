"""Accounts: what can be done to one, and what can be wrong with one."""

import pytest
from playwright.sync_api import expect
from seen import region, toast


@pytest.fixture
def account(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    page = open_page(stage.url)
    return region(page, "Accounts").get_by_role("listitem").filter(has_text="John Doe")


def test_an_account_is_renamed_in_place_and_the_focus_comes_back(account):
    rename = account.get_by_role("button", name="Rename")
    rename.click()
    label = account.get_by_label("New label")
    expect(label).to_be_focused()
    expect(label).to_have_value("john")
    label.fill("   ")
    label.press("Enter")
    expect(account).to_contain_text("This field may not be blank.")
    expect(label).to_be_focused()
    label.fill("Johann")
    label.press("Enter")
    expect(account.get_by_role("heading")).to_contain_text("Johann")
    expect(rename).to_be_focused()
    rename.click()
    label.press("Escape")
    expect(label).to_be_hidden()
    expect(rename).to_be_focused()


def test_an_account_is_disabled_and_enabled_again(account):
    page = account.page
    pages = region(page, "Map a client").get_by_role("radio")
    expect(pages).to_have_count(2)
    account.get_by_role("button", name="Disable").click()
    expect(account).to_contain_text("Disabled")
    expect(region(page, "Map a client")).to_contain_text("Connect an account first")
    account.get_by_role("button", name="Enable").click()
    expect(account).to_contain_text("Active")
    expect(pages).to_have_count(2)


def test_a_token_of_somebody_else_does_not_replace_one(account, stage):
    account.get_by_role("button", name="Replace token").click()
    field = account.get_by_label("New token of the same person")
    field.fill(stage.token("maria"))
    field.press("Enter")
    expect(account).to_contain_text("another Meta user")
    expect(field).to_have_value("")
    field.fill(stage.token("example"))
    field.press("Enter")
    expect(toast(account.page)).to_contain_text("is replaced")
    expect(account.get_by_role("button", name="Replace token")).to_be_focused()


def test_deleting_asks_twice_keeps_the_focus_and_escape_keeps_the_account(account):
    page = account.page
    button = account.locator("[data-do=delete]")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Delete with 1 client?")
    expect(button).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_have_text("Delete")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(button).to_have_text("Delete")
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(account).to_be_hidden()
    expect(page.get_by_role("heading", name="Accounts")).to_be_focused()
    expect(region(page, "Accounts")).to_contain_text("No account yet")
    expect(toast(page)).to_contain_text("is deleted")


def test_a_double_click_does_not_delete(account):
    account.locator("[data-do=delete]").dblclick()
    expect(account.locator("[data-do=delete]")).to_have_text("Delete with 1 client?")
    expect(account).to_be_visible()


def test_a_client_is_removed_and_the_focus_goes_to_its_neighbour(account, stage):
    page = account.page
    rows = region(page, "Clients").locator("tbody tr")
    stage.map("client_002", 1, "104567890123")
    page.reload()
    expect(rows).to_have_count(2)
    remove = rows.first.locator("[data-do=remove]")
    remove.click()
    expect(remove).to_have_text("Remove?")
    remove.click()
    expect(rows).to_have_count(1)
    expect(rows.first.get_by_role("button", name="Remove")).to_be_focused()


def test_a_dead_token_is_told_by_word_reason_and_in_the_tab(account, stage):
    page = account.page
    assert page.title() == "Meta Module"
    stage.control("tokens", "POST", token="john", state="password_changed")
    account.get_by_role("button", name="Check now").click()
    expect(account).to_contain_text("Invalid")
    expect(account).to_contain_text("password was changed")
    expect(page).to_have_title("(1) Meta Module")
    expect(account.get_by_role("button", name="Disable")).to_be_hidden()


def test_an_account_tells_what_ends_soon_and_what_its_missing_permission_breaks(stage, open_page):
    stage.connect("no-business", "no-instagram")
    accounts = region(open_page(stage.url), "Accounts")
    expect(accounts).to_contain_text("Without business_management, Pages of a Business portfolio are not listed.")
    expect(accounts).to_contain_text("Without instagram_basic, Instagram profiles and grids cannot be read.")
    expires = accounts.locator("time").first
    expect(expires).to_contain_text("in ")
    # Exact on hover, and in the text that screen readers read, in the reader's own zone.
    assert "GMT+1" in expires.get_attribute("title") or "CET" in expires.get_attribute("title")
    assert expires.get_attribute("title") in expires.inner_text()


def test_the_same_person_again_replaces_the_token_and_says_so_first(account, stage):
    page = account.page
    connect = region(page, "Connect an account")
    connect.get_by_label("Access token").fill(stage.token("example"))
    page.keyboard.press("Enter")
    expect(connect).to_contain_text("Already connected as “\u2068john\u2069”: saving replaces its token.")
    connect.get_by_role("button", name="Save account").click()
    expect(toast(page)).to_contain_text("is connected")
    expect(region(page, "Accounts").locator("li.account")).to_have_count(1)


def test_no_token_is_ever_in_the_page(account, stage):
    page = account.page
    token = stage.token("maria")
    connect = region(page, "Connect an account")
    connect.get_by_label("Access token").fill(token)
    page.keyboard.press("Enter")
    expect(connect).to_contain_text("Maria Lindqvist")
    everything = """() => document.documentElement.outerHTML + JSON.stringify([localStorage, sessionStorage, document.cookie])
      + [...document.querySelectorAll("input")].map((input) => input.value).join()"""
    assert token not in page.evaluate(everything)
    connect.get_by_role("button", name="Save account").click()
    expect(toast(page)).to_contain_text("is connected")
    assert token not in page.evaluate(everything)
    assert token not in page.url
