"""Accounts: what can be done to one, and what can be wrong with one."""

import time

import pytest
from playwright.sync_api import expect
from seen import account as account_of
from seen import accounts, card, clients, connect, mapping, region, toast


@pytest.fixture
def account(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    page = open_page(stage.url)
    accounts(page)
    return region(page, "Accounts").get_by_role("listitem").filter(has_text="John Doe")


def menu(account):
    """Opens what stands behind the button with the dots."""
    account.locator("summary").click()
    return account


def test_an_account_is_renamed_in_place_and_the_focus_comes_back(account):
    menu(account).get_by_role("button", name="Rename").click()
    label = account.get_by_label("New label")
    expect(label).to_be_focused()
    expect(label).to_have_value("john")
    label.fill("   ")
    label.press("Enter")
    expect(account).to_contain_text("This field may not be blank.")
    expect(label).to_be_focused()
    described = label.get_attribute("aria-describedby")
    assert account.page.locator(f"[id='{described.split()[0]}']").inner_text() == "This field may not be blank."
    label.fill("Johann")
    label.press("Enter")
    expect(account.get_by_role("heading")).to_contain_text("Johann")
    expect(account.locator("summary")).to_be_focused()
    menu(account).get_by_role("button", name="Rename").click()
    label.press("Escape")
    expect(label).to_be_hidden()


def test_an_account_is_disabled_and_enabled_again(account):
    page = account.page
    menu(account).get_by_role("button", name="Disable").click()
    expect(account).to_contain_text("Disabled")
    expect(mapping(page)).to_contain_text("Connect an account first")
    accounts(page)
    menu(account).get_by_role("button", name="Enable").click()
    expect(account).to_contain_text("Active")
    expect(mapping(page).get_by_role("option").filter(has_text="john")).to_have_count(3)


def test_what_fails_behind_a_menu_that_is_shut_again_is_said(account):
    page = account.page
    page.route("**/tokens/1/", lambda route: route.fulfill(status=503, json={"detail": "The database is busy.", "reason": "busy"}))
    menu(account).get_by_role("button", name="Disable").click()
    expect(toast(page)).to_have_text("The database is busy.")
    expect(account).to_contain_text("Active")


def test_a_token_of_somebody_else_does_not_replace_one(account, stage):
    menu(account).get_by_role("button", name="Replace the token").click()
    field = account.get_by_label("New token of the same person")
    field.fill(stage.token("maria"))
    field.press("Enter")
    expect(account).to_contain_text("another Meta user")
    expect(field).to_have_value("")
    field.fill(stage.token("example"))
    field.press("Enter")
    expect(toast(account.page)).to_contain_text("is replaced")
    expect(account.locator("summary")).to_be_focused()


def test_deleting_asks_twice_and_escape_keeps_the_account(account):
    page = account.page
    button = menu(account).get_by_role("button", name="Delete")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Delete with 1 client?")
    expect(button).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_have_text("Delete")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(button).to_have_text("Delete")
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(account).to_be_hidden()
    expect(page.get_by_role("heading", name="Accounts")).to_be_focused()
    expect(region(page, "Accounts")).to_contain_text("No account yet")
    expect(toast(page)).to_contain_text("is deleted")
    # Its client is told as what it is now.
    clients(page)
    expect(card(page, "client_001")).to_contain_text("No account")


def test_after_a_delete_the_focus_is_no_press_away_from_the_next_one(stage, open_page):
    stage.connect("john", "yusuf")
    page = open_page(stage.url)
    accounts(page)
    menu(account_of(page, "john")).get_by_role("button", name="Delete john").click()
    page.keyboard.press("Enter")
    expect(account_of(page, "yusuf").get_by_role("heading")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(account_of(page, "yusuf")).to_be_visible()
    assert len(stage.get("tokens/")["tokens"]) == 1


@pytest.mark.chromium("Firefox is driven by two clicks, where a hand makes one double click")
def test_a_double_click_does_not_delete(account):
    button = menu(account).get_by_role("button", name="Delete")
    button.dblclick()
    expect(button).to_have_text("Delete with 1 client?")
    expect(account).to_be_visible()


def test_every_button_names_what_it_is_for(stage, open_page):
    stage.connect("john", "maria", "yusuf")
    page = open_page(stage.url)
    names = accounts(page).locator("button, summary").evaluate_all("(all) => all.map((one) => one.ariaLabel ?? one.textContent)")
    assert len(names) == len(set(names)) >= 18, names


def test_a_dead_token_is_told_by_word_reason_in_the_tab_and_with_its_clients(account, stage):
    page = account.page
    expect(page).to_have_title("Accounts · Meta Module")
    stage.control("tokens", "POST", token="john", state="password_changed")
    account.get_by_role("button", name="Check john").click()
    expect(account).to_contain_text("Invalid")
    expect(account).to_contain_text("password was changed")
    assert account.inner_text().count("Invalid") == 1
    expect(page).to_have_title("(1) Accounts · Meta Module")
    assert "crimson" in page.locator("[data-icon]").get_attribute("href")
    expect(menu(account).get_by_role("button", name="Disable")).to_have_count(0)
    clients(page)
    trouble = region(page, "Trouble")
    expect(trouble).to_contain_text("1 client depends on it.")
    expect(card(page, "client_001")).to_contain_text("Broken")
    trouble.get_by_role("link", name="Replace the token").click()
    expect(region(page, "Accounts").locator(".here")).to_contain_text("John Doe")


def test_an_account_tells_what_ends_soon_and_what_its_missing_permission_breaks(stage, open_page):
    stage.connect("no-business", "no-instagram")
    page = open_page(stage.url)
    there = accounts(page)
    expect(there).to_contain_text("Without business_management, Pages of a Business portfolio are not listed.")
    expect(there).to_contain_text("Without instagram_basic, Instagram profiles and grids cannot be read.")
    # A token without a permission that clients need is never green.
    expect(there.get_by_role("listitem").filter(has_text="instagram_basic").first).not_to_contain_text("Active")
    expires = there.locator("time").first
    expect(expires).to_contain_text("in ")
    # Exact on hover, and in the text that screen readers read, in the reader's own zone.
    assert "GMT+1" in expires.get_attribute("title") or "CET" in expires.get_attribute("title")
    assert expires.get_attribute("title") in expires.inner_text()


def test_a_date_beyond_a_hundred_days_is_a_date(stage, open_page):
    page = open_page(stage.url)
    told = page.evaluate("""async () => {
      const { relative } = await import("./kit.js");
      const at = (days) => relative(new Date(Date.now() + days * 86_400_000 + 1000).toISOString());
      return [at(99), at(140), at(-99), at(-400)];
    }""")
    assert told[0] == "in 99 days" and told[2] == "99 days ago"
    for text in (told[1], told[3]):
        assert any(month in text for month in "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()) and "20" in text, told


def test_a_clock_that_is_wrong_here_makes_no_token_look_dead(stage, open_page):
    stage.connect("john")
    page = open_page("about:blank", clock=True)
    page.clock.set_system_time(time.time() + 400 * 86_400)
    page.goto(stage.url)
    there = accounts(page)
    expect(there).to_contain_text("Active")
    expect(there).to_contain_text("Ends in")


def test_the_same_person_again_replaces_the_token_and_says_so_first(account, stage):
    page = account.page
    connecting = connect(page)
    connecting.get_by_label("Access token").fill(stage.token("example"))
    connecting.get_by_label("Access token").press("Enter")
    expect(connecting).to_contain_text("Already connected as “\u2068john\u2069”: saving replaces its token.")
    connecting.get_by_role("button", name="Save account").click()
    expect(toast(page)).to_contain_text("is connected")
    expect(connecting).to_contain_text("It reaches 2 Pages, 1 with Instagram.")
    expect(connecting).to_contain_text("All permissions are granted.")
    expect(accounts(page).locator("li.account")).to_have_count(1)


def test_what_a_token_lacks_is_said_when_it_is_connected(stage, open_page):
    connecting = connect(open_page(stage.url))
    connecting.get_by_label("Access token").fill(stage.token("no-instagram"))
    connecting.get_by_label("Access token").press("Enter")
    connecting.get_by_role("button", name="Save account").click()
    expect(connecting).to_contain_text("Without instagram_basic, Instagram profiles and grids cannot be read.")
    expect(connecting).to_contain_text("Permissions missing")


def test_no_token_is_ever_in_the_page(account, stage):
    page = account.page
    token = stage.token("maria")
    connecting = connect(page)
    connecting.get_by_label("Access token").fill(token)
    connecting.get_by_label("Access token").press("Enter")
    expect(connecting).to_contain_text("Maria Lindqvist")
    everything = """() => document.documentElement.outerHTML + JSON.stringify([localStorage, sessionStorage, document.cookie])
      + [...document.querySelectorAll("input")].map((input) => input.value).join()"""
    assert token not in page.evaluate(everything)
    connecting.get_by_role("button", name="Save account").click()
    expect(toast(page)).to_contain_text("is connected")
    assert token not in page.evaluate(everything)
    assert token not in page.url


def test_forty_accounts_are_searched(make_stage, open_page):
    stage = make_stage("--tokens", "12", "--pages", "12", "--media", "1")
    stage.connect(*[token["label"] for token in stage.world["tokens"]])
    page = open_page(stage.url)
    there = accounts(page)
    names = there.locator("li.account h2").all_inner_texts()
    there.get_by_label("Search accounts").fill(names[3])
    expect(there.locator("li.account").first).to_contain_text(names[3])
    assert there.locator("li.account").count() < len(names)
