"""Who may look, and what happens when that ends."""

from playwright.sync_api import expect
from seen import region, toast
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
    expect(region(page, "Accounts")).to_be_hidden()
    expect(region(page, "Health")).to_contain_text("Everything works.")


def test_a_session_that_ends_in_mid_work_keeps_what_was_typed_except_tokens(stage, sign_in):
    stage.connect("john")
    page = sign_in(stage)
    mapping, connect = region(page, "Map a client"), region(page, "Connect an account")
    connect.get_by_label("Access token").fill(stage.token("maria"))
    connect.get_by_label("Label").fill("half a label")
    mapping.get_by_label("My Business Page").check()
    mapping.get_by_label("Client id").fill("half a client")
    page.context.clear_cookies()
    mapping.get_by_role("button", name="Sync").click()

    expect(region(page, "Sign in")).to_contain_text("Your session has ended")
    expect(page.get_by_label("Admin password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(toast(page)).to_have_text("Signed in.")
    expect(mapping.get_by_role("button", name="Sync")).to_be_focused()
    expect(mapping.get_by_role("button", name="Sync")).to_be_in_viewport()
    expect(mapping.get_by_label("Client id")).to_have_value("half a client")
    expect(mapping.get_by_label("My Business Page")).to_be_checked()
    expect(connect.get_by_label("Label")).to_have_value("half a label")
    expect(connect.get_by_label("Access token")).to_have_value("")
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Created")


def test_a_new_password_ends_the_session(stage, sign_in):
    page = sign_in(stage)
    stage.metactl("admin", "set-password", say="another password entirely\n")
    region(page, "Connect an account").get_by_label("Access token").fill(stage.token("john"))
    page.keyboard.press("Enter")
    expect(region(page, "Sign in")).to_contain_text("Your session has ended")
    expect(region(page, "Connect an account")).to_be_hidden()
