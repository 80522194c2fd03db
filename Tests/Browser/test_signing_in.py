"""Who may look, and what happens when that ends."""

import pytest
from playwright.sync_api import expect
from seen import card, clients, connect, go, later, mapping, region, reload, toast
from stage import PASSWORD


def test_a_wrong_password_is_said_and_ten_lock_the_address_out(stage, open_page):
    stage.set_password()
    page = open_page(stage.url)
    form = region(page, "Sign in")
    password = form.get_by_label("Admin password")
    for attempt in range(10):
        password.fill(f"wrong {attempt}")
        with page.expect_response("**/session/") as answer:
            page.keyboard.press("Enter")
        assert answer.value.status == 403
        expect(form).to_contain_text("Wrong password")
        expect(password).to_have_value("")
        expect(password).to_be_focused()
    password.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(form).to_contain_text("Too many failed attempts. Try again after ")
    expect(region(page, "Clients")).to_have_count(0)


def test_a_session_that_ends_in_mid_work_keeps_what_was_typed_except_tokens(stage, sign_in):
    stage.connect("john")
    page = sign_in(stage)
    maps = mapping(page)
    maps.get_by_label("Client id").fill("half a client")
    maps.get_by_role("option", name="My Business Page").click()
    page.context.clear_cookies()
    maps.get_by_role("button", name="Save").click()

    expect(region(page, "Sign in")).to_contain_text("Your session has ended")
    expect(page.get_by_label("Admin password")).to_be_focused()
    expect(page.get_by_text("My Business Page")).to_have_count(0)
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(toast(page)).to_have_text("Signed in.")
    expect(maps.get_by_role("button", name="Save")).to_be_focused()
    expect(maps.get_by_role("button", name="Save")).to_be_in_viewport()
    expect(maps.get_by_label("Client id")).to_have_value("half a client")
    expect(maps.get_by_role("option", name="My Business Page")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="half a client")).to_be_visible()


def test_a_token_does_not_outlive_the_session(stage, sign_in):
    page = sign_in(stage)
    connecting = connect(page)
    connecting.get_by_label("Access token").fill(stage.token("maria"))
    connecting.get_by_label("Label").fill("half a label")
    connecting.get_by_label("Label").press("Enter")
    expect(connecting).to_contain_text("Maria Lindqvist")
    page.context.clear_cookies()
    connecting.get_by_role("button", name="Save account").click()
    page.get_by_label("Admin password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(connecting.get_by_label("Label")).to_have_value("half a label")
    expect(connecting.get_by_label("Access token")).to_have_value("")
    expect(connecting.get_by_role("button", name="Save account")).to_have_count(0)


def test_a_new_password_ends_the_session(stage, sign_in):
    page = sign_in(stage)
    connecting = connect(page)
    stage.metactl("admin", "set-password", say="another password entirely\n")
    connecting.get_by_label("Access token").fill(stage.token("john"))
    page.keyboard.press("Enter")
    expect(region(page, "Sign in")).to_contain_text("Your session has ended")
    expect(connecting).to_have_count(0)


def test_a_password_that_is_set_while_the_page_is_open_leads_to_signing_in(stage, open_page):
    stage.connect("john")
    page = open_page(stage.url, clock=True)
    clients(page)
    stage.set_password()
    later(page, 60)
    go_on = region(page, "Sign in")
    expect(go_on).to_be_visible()
    expect(go_on).to_contain_text("A password protects this page now.")
    page.get_by_label("Admin password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(region(page, "Clients")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_signing_out_in_one_tab_signs_the_other_out_and_leaves_no_row(stage, sign_in):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    one = sign_in(stage)
    other = one.context.new_page()
    other.goto(stage.url)
    expect(card(other, "client_001")).to_be_visible()
    expect(card(one, "client_001")).to_be_visible()
    one.get_by_role("button", name="Sign out").click()
    for page in (one, other):
        expect(region(page, "Sign in")).to_be_visible()
        assert "client_001" not in page.content() and "My Business Page" not in page.content()
    expect(region(other, "Sign in")).to_contain_text("You signed out in another tab.")


@pytest.mark.parametrize("address, place", [
    ("#/accounts", "Accounts"), ("#/clients/client_001", "Client"), ("#/activity", "Activity"), ("#/map", "Map a client")])
def test_an_address_stays_where_one_was_through_signing_in_and_reload(stage, open_page, address, place):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    stage.set_password()
    page = open_page(stage.url + address)
    page.get_by_label("Admin password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(region(page, place)).to_be_visible()
    reload(page)
    expect(region(page, place)).to_be_visible()
    go(page, "#/system", "System")
    page.go_back()
    expect(region(page, place)).to_be_visible()
    page.go_forward()
    expect(region(page, "System")).to_be_visible()
