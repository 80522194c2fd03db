"""What one comes for: from a token to a grid."""

import pytest
from playwright.sync_api import expect
from seen import accounts, card, client, clients, connect, go, mapping, region, reload, tiles, toast
from stage import PASSWORD, wait_until

JOHN = "123456789"


def may_paste(page):
    """So that the test may read what was copied; Firefox lets no driver give that."""
    if page.context.browser.browser_type.name == "firefox":
        pytest.skip("Firefox has no permission for reading the clipboard")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])


def test_from_sign_in_to_a_grid_on_the_screen(stage, sign_in):
    page = sign_in(stage)
    steps = page.get_by_role("list", name="First steps")
    expect(steps.get_by_role("listitem")).to_have_count(3)
    page.get_by_role("link", name="Connect an account").click()

    connecting = region(page, "Connect an account")
    token = connecting.get_by_label("Access token")
    token.fill(stage.token("john"))
    connecting.get_by_role("button", name="Verify").click()
    expect(connecting.get_by_text("John Doe")).to_be_visible()
    expect(connecting.get_by_text(JOHN)).to_be_visible()
    expect(token).to_have_value("")
    connecting.get_by_label("Label").fill("My Facebook Account")
    connecting.get_by_role("button", name="Save account").click()
    expect(toast(page)).to_contain_text("is connected")

    # The first account leads straight to its Pages.
    maps = region(page, "Map a client")
    expect(page.get_by_role("heading", name="Map a client")).to_be_focused()
    maps.get_by_label("Client id").fill("client_001")
    maps.get_by_role("option", name="My Business Page").click()
    maps.get_by_role("button", name="Save").click()
    expect(toast(page)).to_contain_text("Created")

    expect(page.get_by_role("heading", name="client_001")).to_be_focused()
    expect(region(page, "Client")).to_contain_text("@mybusinessaccount")
    expect(region(page, "Client")).to_contain_text("5,432 followers")
    expect(tiles(page)).to_have_count(25)
    first = page.get_by_role("link", name="Check out our new product!")
    expect(first.locator("img")).to_have_js_property("complete", True)
    expect(first.locator("img")).not_to_have_js_property("naturalWidth", 0)

    first.click()
    medium = page.get_by_role("dialog")
    expect(medium).to_contain_text("234 likes")
    expect(medium).to_contain_text("45 comments")
    page.keyboard.press("ArrowRight")
    expect(medium.get_by_role("heading")).to_have_text("Video")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Behind the scenes video")).to_be_focused()

    there = accounts(page).get_by_role("listitem").filter(has_text="My Facebook Account")
    expect(there).to_contain_text("Active")
    clients(page)
    expect(card(page, "client_001")).to_contain_text("Live")
    expect(steps).to_be_hidden()
    expect(go(page, "#/activity", "Activity").get_by_role("listitem").first).to_contain_text("client_001 was mapped to My Business Page")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin password")).to_be_focused()
    expect(page.get_by_text("client_001")).to_have_count(0)


def test_the_first_grid_takes_few_steps_in_an_empty_installation(stage, open_page):
    """Four presses; what is pasted and typed is none. Tests/Benchmarks/page counts them, and the seconds."""
    page = open_page(stage.url)
    page.get_by_role("link", name="Connect an account").click()
    page.get_by_label("Access token").evaluate(
        "(field, token) => { field.value = token; field.dispatchEvent(new ClipboardEvent('paste', { bubbles: true })); }", stage.token("john"))
    page.get_by_role("button", name="Save account").click()
    page.get_by_label("Client id").fill("client_001")
    page.get_by_role("option", name="My Business Page").click()
    page.get_by_role("button", name="Save").click()
    expect(tiles(page)).to_have_count(25)


def test_the_whole_way_with_the_keyboard_alone(stage, open_page):
    stage.set_password()
    page = open_page(stage.url)

    def tab_to(wanted):
        for _ in range(60):
            page.keyboard.press("Tab")
            if wanted.evaluate("(element) => element === document.activeElement"):
                return
        pytest.fail(f"Tab never reaches {wanted}")

    expect(page.get_by_label("Admin password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    begin = page.get_by_role("link", name="Connect an account")
    expect(begin).to_be_visible()
    tab_to(begin)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Connect an account")).to_be_focused()
    tab_to(page.get_by_label("Access token"))
    page.keyboard.insert_text(stage.token("john"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Is this the right person?")).to_be_visible()
    tab_to(page.get_by_role("button", name="Save account"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Map a client")).to_be_focused()
    tab_to(page.get_by_label("Client id"))
    page.keyboard.type("client_001")
    first = page.get_by_role("option", name="My Business Page")
    expect(first).to_be_visible()
    tab_to(page.get_by_role("listbox", name="Pages"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="client_001")).to_be_focused()
    expect(region(page, "Client")).to_contain_text("@mybusinessaccount")
    tab_to(tiles(page).first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_without_a_password_the_page_says_so_and_this_machine_may_work(stage, open_page):
    stage.connect("john")
    page = open_page(stage.url)
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    page.get_by_role("link", name="No password yet").click()
    notice = region(page, "Admin password")
    expect(notice).to_contain_text("only this machine may use this page")
    may_paste(page)
    notice.get_by_role("button", name="Copy").click()
    expect(toast(page)).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "metactl admin set-password"


def test_the_copied_command_is_the_one_of_this_installation(stage, open_page):
    stage.stop("nginx")
    stage.write_site(more="location = /command.js { default_type text/javascript;"
                     " return 200 'export const metactl = \"META_CONFIG=/demo.conf /build/metactl\";'; }")
    stage.start_nginx()
    page = open_page(stage.url)
    expect(go(page, "#/system", "System")).to_contain_text("META_CONFIG=/demo.conf /build/metactl admin set-password")


def test_the_copied_curl_line_works_and_the_address_is_the_endpoint(stage, open_page):
    [token] = stage.connect("john")
    stage.map("o'brien & co", token, "104567890123")
    page = open_page(stage.url)
    may_paste(page)
    clients(page).get_by_role("link", name="o'brien & co").click()
    using = region(page, "Use it")
    using.get_by_role("button", name="Copy address").click()
    expect(toast(page)).to_have_text("Copied.")
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == f"{stage.url}api/meta/instagram/o%27brien%20%26%20co/"
    using.get_by_role("button", name="Copy curl line").click()
    wait_until(lambda: page.evaluate("navigator.clipboard.readText()") == f"curl '{address}'", "the curl line was not copied")


def test_the_page_works_below_another_address(stage, open_page):
    [token] = stage.connect("john")
    stage.map("client_001", token, "104567890123")
    page = open_page(f"{stage.url}social/")
    expect(card(page, "client_001")).to_contain_text("My Business Page")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    reload(page)
    client(page, "client_001")
    expect(tiles(page)).to_have_count(25)
    assert f"{stage.url}social/api/meta/instagram/client_001/?fb_page_id=104567890123" in [address.split("&include")[0] for address in asked]


def test_a_client_with_two_pages_is_one_client_and_says_which_page_serves(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    stage.map("client_001", john, "987654321098")
    page = open_page(stage.url)
    expect(clients(page).locator("li.card")).to_have_count(1)
    expect(card(page, "client_001")).to_contain_text("My Business Page")
    there = client(page, "client_001")
    expect(tiles(page)).to_have_count(25)
    served = region(page, "How it is served")
    expect(served).to_contain_text("Another Page has no Instagram account")
    remove = served.get_by_role("button", name="Remove Another Page from client_001")
    remove.click()
    served.get_by_role("button", name="Remove?").click()
    expect(served).not_to_contain_text("Another Page")
    expect(there.get_by_role("heading", name="client_001")).to_be_focused()
    assert [row["fb_page_id"] for row in stage.get("mappings/")["mappings"]] == ["104567890123"]


def test_pages_are_found_by_name_id_and_account_and_a_hidden_choice_is_none(stage, open_page):
    stage.connect("john", "maria")
    maps = mapping(open_page(stage.url))
    pages, search = maps.get_by_role("option"), maps.get_by_label("Find a Page")
    found = maps.get_by_text("of 6", exact=False)
    expect(maps.get_by_role("listbox")).to_be_visible()
    choices = maps.locator("[role=listbox] [role=option]")
    expect(choices).to_have_count(6)
    maps.get_by_role("option", name="My Business Page").click()
    expect(maps.locator("bdi.hint")).to_have_text("My Business Page")
    for typed, names in {
        "CAFE": ["Café Lindqvist"],
        "112233445566780": ["Lindqvist Bageri & Konditori"],
        "john page": ["My Business Page", "Another Page"],
        "nothing": [],
    }.items():
        search.fill(typed)
        expect(found).to_have_text(f"{len(names)} of 6")
        expect(choices).to_have_count(len(names))
        for name in names:
            expect(pages.filter(has_text=name)).to_be_visible()
    expect(maps).to_contain_text("No Page fits the filter.")
    expect(maps).to_contain_text("No Page chosen yet.")
    search.fill("")
    maps.get_by_label("Account").select_option("maria")
    expect(found).to_have_text("4 of 6")
    maps.get_by_label("Account").select_option("All accounts")
    maps.get_by_label("Only with Instagram").check()
    expect(found).to_have_text("3 of 6")
