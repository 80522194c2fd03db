"""What goes wrong elsewhere: each becomes a sentence, and nothing typed is lost."""

import time

import pytest
from playwright.sync_api import expect
from seen import region, toast

PAGE = "104567890123"
GRID = "17841405822348523"


def test_a_refused_token_is_said_beside_its_field_which_is_empty(stage, open_page):
    page = open_page(stage.url)
    connect = region(page, "Connect an account")
    token = connect.get_by_label("Access token")
    token.fill(stage.token("expired"))
    page.keyboard.press("Enter")
    expect(connect).to_contain_text("The token has expired.")
    expect(token).to_be_focused()
    expect(token).to_have_value("")
    assert token.get_attribute("aria-invalid") == "true"
    page.keyboard.press("Enter")
    expect(connect).to_contain_text("This field may not be blank.")


def test_a_throttled_graph_is_said_and_the_token_needs_no_second_pasting(stage, open_page):
    page = open_page(stage.url)
    connect = region(page, "Connect an account")
    stage.fault("throttle", code=4)
    connect.get_by_label("Access token").fill(stage.token("john"))
    page.keyboard.press("Enter")
    expect(connect).to_contain_text("Meta is throttling.")
    stage.heal()
    verify = connect.get_by_role("button", name="Verify")
    # The program remembers for a while that it was throttled.
    for _ in range(60):
        verify.click()
        expect(verify).not_to_have_attribute("aria-busy", "true")
        if connect.get_by_text("John Doe").is_visible():
            break
        time.sleep(1)
    expect(connect.get_by_text("John Doe")).to_be_visible()


def test_an_account_that_could_not_be_asked_is_named_beside_the_other_pages(make_stage, open_page):
    stage = make_stage(META_RETRIES="0")
    stage.connect("john", "maria")
    stage.fault("error", code=2, token="maria")
    mapping = region(open_page(stage.url), "Map a client")
    expect(mapping).to_contain_text("The Pages of “\u2068maria\u2069” are not in this list")
    expect(mapping.get_by_role("radio")).to_have_count(2)
    stage.heal()
    mapping.get_by_role("button", name="Ask Meta again").click()
    expect(mapping.get_by_label("Café Lindqvist")).to_be_visible()
    expect(mapping).not_to_contain_text("are not in this list")


def test_a_failed_list_says_why_and_is_tried_again(make_stage, open_page):
    stage = make_stage(META_RETRIES="0")
    stage.connect("john")
    stage.fault("html", status=500)
    mapping = region(open_page(stage.url), "Map a client")
    expect(mapping.get_by_role("alert")).to_contain_text("Meta Graph API error")
    stage.heal()
    mapping.get_by_role("button", name="Try again").click()
    expect(mapping.get_by_role("radio")).to_have_count(2)
    expect(mapping.get_by_role("alert")).to_be_hidden()
    expect(mapping.get_by_role("heading")).to_be_focused()


def test_a_program_that_stops_and_starts_again_is_noticed_both_times(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, PAGE)
    page = open_page(stage.url)
    mapping = region(page, "Map a client")
    mapping.get_by_label("Client id").fill("typed before")
    stage.stop("program")
    region(page, "Clients").get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Connection lost. What you typed is kept.")).to_be_visible()
    expect(region(page, "Clients").get_by_role("alert")).to_have_text("The program does not answer.")
    stage.start_program()
    expect(toast(page)).to_have_text("Connected again.")
    expect(page.get_by_text("Connection lost.")).to_be_hidden()
    expect(mapping.get_by_label("Client id")).to_have_value("typed before")
    region(page, "Clients").get_by_role("button", name="Refresh").click()
    expect(toast(page)).to_contain_text("is fetched anew")
    expect(region(page, "Clients").get_by_role("alert")).to_be_hidden()


def test_a_line_that_is_cut_is_noticed_and_recovers(stage, open_page):
    page = open_page(stage.url)
    expect(region(page, "Health")).to_contain_text("Everything works.")
    stage.stop("nginx")
    region(page, "Connect an account").get_by_label("Access token").fill(stage.token("john"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Connection lost. What you typed is kept.")).to_be_visible()
    stage.start_nginx()
    expect(toast(page)).to_have_text("Connected again.")
    region(page, "Connect an account").get_by_role("button", name="Verify").click()
    expect(region(page, "Connect an account")).to_contain_text("John Doe")


@pytest.mark.parametrize("status", (403, 405))
def test_a_firewall_that_blocks_PATCH_and_DELETE_is_gone_around(stage, open_page, status):
    # given
    [john] = stage.connect("john")
    stage.map("client_001", john, PAGE)
    stage.map("client_002", john, PAGE)
    rule = f'if ($request_method ~ "^(?:PATCH|DELETE)$") {{ return {status} "<h1>Forbidden</h1>"; }}'
    stage.stop("nginx")
    stage.write_site(more=rule)
    stage.start_nginx()
    page = open_page(stage.url)
    sent = []
    page.on("request", lambda request: sent.append(request.method) if "/mappings/" in request.url else None)
    clients = region(page, "Clients")

    # when, then: the firewall is asked once, and the page remembers.
    for left in (1, 0):
        expect(clients.get_by_role("button", name="Remove")).to_have_count(left + 1)
        clients.get_by_role("button", name="Remove").first.click()
        clients.get_by_role("button", name="Remove").first.click()
        expect(clients.get_by_role("button", name="Remove")).to_have_count(left)
    assert stage.get("mappings/")["mappings"] == []
    assert [method for method in sent if method != "GET"] == ["DELETE", "POST", "POST"]


def test_a_caption_with_markup_and_direction_controls_stays_text(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, PAGE)
    nasty = "<script>window.harmed = true</script><img src=x onerror='harmed = true'>"
    turning = "\u202e\u202d\u2066 gnp.exe \u2067"
    grid = {
        "followers_count": 1, "follows_count": 2, "media_count": 2, "username": "mybusinessaccount", "id": GRID,
        "media": {"data": [
            {"id": "17999999999999999", "caption": nasty, "media_type": "IMAGE", "timestamp": "2025-12-18T10:30:00+0000",
             "permalink": "javascript:harmed=true"},
            {"id": "17888888888888888", "caption": turning, "media_type": "IMAGE", "timestamp": "2025-12-18T10:30:00+0000"},
        ]}}
    stage.fault("raw", path=f"/{GRID}", body=grid, count=1)
    page = open_page(stage.url)
    region(page, "Clients").get_by_role("button", name="Preview").click()
    preview = region(page, "Preview")
    tiles = preview.locator(".tile")
    expect(tiles).to_have_count(2)
    expect(tiles.first).to_contain_text(nasty)
    assert tiles.locator("script, img").count() == 0
    assert "\u202e" not in tiles.last.get_attribute("aria-label") + tiles.last.inner_text()
    tiles.first.click()
    medium = page.get_by_role("dialog")
    expect(medium.locator(".caption")).to_have_text(nasty)
    expect(medium.get_by_role("link", name="Open on Instagram")).to_be_hidden()
    expect(medium).to_contain_text("Instagram gives no picture of this.")
    medium.get_by_role("button", name="Older").click()
    caption = medium.locator(".caption")
    expect(caption).to_have_text(turning)
    # The turned text ends with its own paragraph: what stands below reads from left to right.
    assert caption.evaluate("(element) => getComputedStyle(element).unicodeBidi") in ("isolate", "plaintext")
    assert page.evaluate("window.harmed") is None


def test_every_kind_of_post_has_its_place(stage, open_page):
    [maria] = stage.connect("maria")
    stage.map("client_001", maria, "112233445566778")
    page = open_page(stage.url)
    region(page, "Clients").get_by_role("button", name="Preview").click()
    tiles = region(page, "Preview").locator(".tile")
    expect(tiles.first).to_be_visible()
    names = " ".join(tile.get_attribute("aria-label") for tile in tiles.all())
    for word in ("Photo,", "Video,", "Album,", "Post,", "no caption"):
        assert word.lower() in names.lower()
    for index in range(tiles.count()):
        tiles.nth(index).click()
        medium = page.get_by_role("dialog")
        expect(medium.locator("[data-text=like_count]")).not_to_have_text("…")
        expect(medium.locator("[data-text=trouble]")).to_be_empty()
        page.keyboard.press("Escape")
        expect(tiles.nth(index)).to_be_focused()


def test_a_page_without_instagram_says_so_instead_of_a_grid(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_002", john, "987654321098")
    page = open_page(stage.url)
    expect(region(page, "Map a client").locator("li").filter(has_text="Another Page")).to_contain_text("No Instagram")
    region(page, "Clients").get_by_role("button", name="Preview").click()
    expect(region(page, "Preview")).to_contain_text("No Instagram account linked")
    region(page, "Clients").get_by_role("button", name="Refresh").click()
    expect(toast(page)).to_have_text("No Instagram account linked")


def test_an_old_grid_is_shown_and_called_stale_while_meta_cannot_be_asked(make_stage, open_page):
    stage = make_stage(META_CACHE_TTL="1", META_RETRIES="0")
    [john] = stage.connect("john")
    stage.map("client_001", john, PAGE)
    stage.get("instagram/client_001/")
    time.sleep(1.5)
    stage.fault("error", code=2)
    page = open_page(stage.url)
    region(page, "Clients").get_by_role("button", name="Preview").click()
    preview = region(page, "Preview")
    expect(preview).to_contain_text("Stale")
    expect(preview).to_contain_text("Meta cannot be asked right now")
    expect(preview.locator(".tile")).to_have_count(25)


def test_a_missing_key_is_told_by_health_first_and_by_the_account(stage, open_page):
    stage.connect("john")
    stage.stop("program")
    keys = stage.folder / "data" / "fernet.keys"
    keys.rename(keys.with_suffix(".away"))
    keys.write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
    keys.chmod(0o600)
    stage.start_program()
    page = open_page(stage.url)
    health = region(page, "Health")
    expect(health.get_by_role("listitem").first).to_contain_text("Failing")
    expect(health).to_contain_text("Something is broken.")
