"""What one comes for: from a token to a grid."""

import pytest
from playwright.sync_api import expect
from seen import region, toast
from stage import PASSWORD, wait_until

JOHN = "123456789"


def test_from_sign_in_to_a_grid_on_the_screen(stage, sign_in):
    page = sign_in(stage)
    expect(region(page, "Accounts")).to_contain_text("No account yet")
    expect(region(page, "Clients")).to_contain_text("No client yet")

    connect = region(page, "Connect an account")
    token = connect.get_by_label("Access token")
    token.fill(stage.token("john"))
    connect.get_by_role("button", name="Verify").click()
    expect(connect.get_by_text("John Doe")).to_be_visible()
    expect(connect.get_by_text(JOHN)).to_be_visible()
    expect(token).to_have_value("")
    connect.get_by_label("Label").fill("My Facebook Account")
    connect.get_by_role("button", name="Save account").click()
    expect(toast(page)).to_contain_text("is connected")
    account = region(page, "Accounts").get_by_role("listitem").filter(has_text="My Facebook Account")
    expect(account).to_contain_text("Active")
    expect(account.get_by_text("All granted")).to_be_visible()

    mapping = region(page, "Map a client")
    expect(page.get_by_role("heading", name="Map a client")).to_be_focused()
    mapping.get_by_label("Client id").fill("client_001")
    mapping.get_by_label("My Business Page").check()
    mapping.get_by_role("button", name="Sync").click()
    expect(toast(page)).to_contain_text("Created")
    expect(region(page, "Clients").get_by_role("row").filter(has_text="client_001")).to_contain_text("@mybusinessaccount")

    preview = region(page, "Preview")
    expect(preview.get_by_role("heading", name="@mybusinessaccount")).to_be_visible()
    expect(preview).to_contain_text("5,432 followers")
    expect(preview.get_by_role("listitem")).to_have_count(25)
    first = preview.get_by_role("button", name="Check out our new product!")
    expect(first.locator("img")).to_have_js_property("complete", True)
    assert first.locator("img").evaluate("(image) => image.naturalWidth") > 0

    first.click()
    medium = page.get_by_role("dialog")
    expect(medium).to_contain_text("234 likes")
    expect(medium).to_contain_text("45 comments")
    page.keyboard.press("ArrowRight")
    expect(medium.get_by_role("heading")).to_have_text("Video")
    page.keyboard.press("Escape")
    expect(preview.get_by_role("button", name="Behind the scenes video")).to_be_focused()

    mapping.get_by_role("button", name="Sync").click()
    expect(toast(page)).to_contain_text("Updated")
    expect(region(page, "Events").get_by_role("listitem").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin password")).to_be_focused()
    expect(region(page, "Accounts")).to_be_hidden()


def test_the_whole_way_with_the_keyboard_alone(stage, open_page):
    stage.set_password()
    page = open_page(stage.url)

    def tab_to(wanted):
        for _ in range(60):
            page.keyboard.press("Tab")
            if wanted.evaluate("(element) => element === document.activeElement"):
                return
        pytest.fail(f"Tab never reaches {wanted}")

    tab_to(page.get_by_label("Admin password"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Accounts")).to_be_focused()
    tab_to(page.get_by_label("Access token"))
    page.keyboard.insert_text(stage.token("john"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Is this the right person?")).to_be_visible()
    tab_to(page.get_by_role("button", name="Save account"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Map a client")).to_be_focused()
    tab_to(page.get_by_label("Client id"))
    page.keyboard.type("client_001")
    first = page.get_by_label("My Business Page")
    expect(first).to_be_visible()
    tab_to(first)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(first).to_be_checked()
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Created")
    tab_to(page.get_by_role("link", name="See the grid"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="@mybusinessaccount")).to_be_in_viewport()


def test_without_a_password_the_page_says_so_and_this_machine_may_work(stage, open_page):
    stage.connect("john")
    page = open_page(stage.url)
    notice = region(page, "Protected mode")
    expect(notice).to_contain_text("metactl admin set-password")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(region(page, "Accounts")).to_contain_text("John Doe")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notice.get_by_role("button", name="Copy").click()
    expect(toast(page)).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "metactl admin set-password"


def test_the_copied_curl_line_works_and_the_address_is_the_endpoint(stage, open_page):
    [token] = stage.connect("john")
    stage.map("o'brien & co", token, "104567890123")
    page = open_page(stage.url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    region(page, "Clients").get_by_role("button", name="Preview").click()
    preview = region(page, "Preview")
    preview.get_by_role("button", name="Copy address").click()
    expect(toast(page)).to_have_text("Copied.")
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == f"{stage.url}api/meta/instagram/o%27brien%20%26%20co/"
    preview.get_by_role("button", name="Copy curl line").click()
    wait_until(lambda: page.evaluate("navigator.clipboard.readText()") == f"curl '{address}'", "the curl line was not copied")


def test_the_page_works_below_another_address(stage, open_page):
    [token] = stage.connect("john")
    stage.map("client_001", token, "104567890123")
    page = open_page(f"{stage.url}social/")
    expect(region(page, "Clients")).to_contain_text("client_001")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    region(page, "Clients").get_by_role("button", name="Preview").click()
    expect(region(page, "Preview").get_by_role("listitem")).to_have_count(25)
    assert f"{stage.url}social/api/meta/instagram/client_001/?images=local" in asked


def test_a_client_with_two_pages_is_shown_by_page(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    stage.map("client_001", john, "987654321098")
    page = open_page(stage.url)
    clients, preview = region(page, "Clients"), region(page, "Preview")
    clients.get_by_role("row").filter(has_text="Another Page").get_by_role("button", name="Preview").click()
    expect(preview).to_contain_text("No Instagram account linked")
    clients.get_by_role("row").filter(has_text="My Business Page").get_by_role("button", name="Preview").click()
    expect(preview.get_by_role("heading", name="@mybusinessaccount")).to_be_visible()


def test_pages_are_found_by_name_id_and_account_and_the_choice_stays(stage, open_page):
    stage.connect("john", "maria")
    mapping = region(open_page(stage.url), "Map a client")
    pages, search, found = mapping.get_by_role("radio"), mapping.get_by_label("Filter Pages"), mapping.get_by_role("status")
    expect(pages).to_have_count(6)
    expect(found).to_have_text("6")
    mapping.get_by_label("My Business Page").check()
    for typed, names in {
        "CAFE": ["Café Lindqvist"],
        "112233445566780": ["Lindqvist Bageri & Konditori"],
        "john page": ["My Business Page", "Another Page"],
        "nothing": [],
    }.items():
        search.fill(typed)
        expect(found).to_have_text(f"{len(names)} of 6")
        expect(pages).to_have_count(len(names))
        for name in names:
            expect(mapping.get_by_label(name)).to_be_visible()
    expect(mapping).to_contain_text("No Page fits the filter.")
    expect(mapping).to_contain_text("My Business Page")
    search.fill("")
    mapping.get_by_label("Account").select_option("maria")
    expect(found).to_have_text("4 of 6")
    mapping.get_by_label("Account").select_option("All accounts")
    expect(mapping.get_by_label("My Business Page")).to_be_checked()
