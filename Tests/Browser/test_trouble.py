"""What goes wrong elsewhere: each becomes a sentence, and nothing typed is lost."""

import time

import pytest
from playwright.sync_api import expect
from seen import account, accounts, card, client, clients, connect, go, mapping, region, tiles, toast

PAGE = "104567890123"
GRID = "17841405822348523"


def test_a_refused_token_is_said_beside_its_field_which_is_empty(stage, open_page):
    page = open_page(stage.url)
    connecting = connect(page)
    token = connecting.get_by_label("Access token")
    token.fill(stage.token("expired"))
    page.keyboard.press("Enter")
    expect(connecting).to_contain_text("The token has expired.")
    expect(token).to_be_focused()
    expect(token).to_have_value("")
    assert token.get_attribute("aria-invalid") == "true"
    assert page.locator(f"[id='{token.get_attribute('aria-describedby').split()[0]}']").inner_text().startswith("The token has expired.")
    page.keyboard.press("Enter")
    expect(connecting).to_contain_text("This field may not be blank.")


@pytest.mark.chromium("it waits for a minute, and nothing in it is the browser's")
def test_a_throttled_graph_is_said_and_the_token_needs_no_second_pasting(stage, open_page):
    page = open_page(stage.url)
    connecting = connect(page)
    stage.fault("throttle", code=4)
    connecting.get_by_label("Access token").fill(stage.token("john"))
    page.keyboard.press("Enter")
    expect(connecting).to_contain_text("Meta is throttling.")
    stage.heal()
    verify = connecting.get_by_role("button", name="Verify")
    # The program remembers for a while that it was throttled.
    for _ in range(60):
        verify.click()
        expect(verify).not_to_have_attribute("aria-busy", "true")
        if connecting.get_by_text("John Doe").is_visible():
            break
        time.sleep(1)
    expect(connecting.get_by_text("John Doe")).to_be_visible()


def test_an_account_that_could_not_be_asked_is_named_beside_the_other_pages(make_stage, open_page):
    stage = make_stage(META_RETRIES="0")
    stage.connect("john", "maria")
    stage.fault("error", code=2, token="maria")
    maps = mapping(open_page(stage.url))
    expect(maps).to_contain_text("The Pages of “\u2068maria\u2069” are not in this list")
    expect(maps.locator("[role=option][id]")).to_have_count(2)
    stage.heal()
    maps.get_by_role("button", name="Ask Meta again").click()
    expect(maps.get_by_role("option", name="Café Lindqvist")).to_be_visible()
    expect(maps).not_to_contain_text("are not in this list")


def test_a_failed_list_says_why_and_is_tried_again(make_stage, open_page):
    stage = make_stage(META_RETRIES="0")
    stage.connect("john")
    stage.fault("html", status=500)
    maps = mapping(open_page(stage.url))
    expect(maps.get_by_role("alert")).to_contain_text("Meta Graph API error")
    expect(maps.locator(".skeleton")).to_have_count(0)
    stage.heal()
    maps.get_by_role("button", name="Try again").click()
    expect(maps.locator("[role=option][id]")).to_have_count(2)
    expect(maps.get_by_role("alert")).to_have_count(0)
    expect(maps.get_by_role("heading", name="Map a client")).to_be_focused()


def test_a_program_that_stops_and_starts_again_is_noticed_both_times(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, PAGE)
    page = open_page(stage.url)
    maps = mapping(page)
    maps.get_by_label("Client id").fill("typed before")
    maps.get_by_role("option", name="My Business Page").click()
    stage.stop("program")
    maps.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Connection lost. What you typed is kept.")).to_be_visible()
    expect(maps.get_by_role("alert")).to_have_text("The program does not answer.")
    stage.start_program()
    expect(toast(page)).to_have_text("Connected again.")
    expect(page.get_by_text("Connection lost.")).to_be_hidden()
    expect(maps.get_by_role("alert")).to_have_count(0)
    expect(maps.get_by_label("Client id")).to_have_value("typed before")
    maps.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="typed before")).to_be_visible()


def test_a_line_that_is_cut_is_noticed_and_recovers(stage, open_page):
    page = open_page(stage.url)
    connecting = connect(page)
    stage.stop("nginx")
    connecting.get_by_label("Access token").fill(stage.token("john"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Connection lost. What you typed is kept.")).to_be_visible()
    stage.start_nginx()
    expect(toast(page)).to_have_text("Connected again.")
    connecting.get_by_role("button", name="Verify").click()
    expect(connecting).to_contain_text("John Doe")
    # What was said about the line does not outlive it.
    expect(connecting.get_by_role("alert")).to_have_count(0)


def test_being_offline_is_told_at_once(stage, open_page):
    page = open_page(stage.url)
    clients(page)
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")  # A machine with nothing but its loopback has no line to lose.
    assert page.get_by_text("Connection lost.").is_visible()
    page.context.set_offline(False)
    expect(toast(page)).to_have_text("Connected again.")


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

    # when, then: the firewall is asked once, and the page remembers.
    for name, left in (("client_001", 1), ("client_002", 0)):
        there = client(page, name)
        there.locator("summary").first.click()
        there.get_by_role("button", name=f"Remove {name}").click()
        there.get_by_role("button", name="Remove?").click()
        expect(toast(page)).to_contain_text(f"{name}\u2069” is removed")
        expect(region(page, "Clients").locator("li.card")).to_have_count(left)
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
    page = open_page(stage.url + "#/clients/client_001")
    posts = tiles(page)
    expect(posts).to_have_count(2)
    expect(posts.first).to_contain_text(nasty)
    assert posts.locator("script, img").count() == 0
    assert "\u202e" not in posts.last.get_attribute("aria-label") + posts.last.inner_text()
    posts.first.click()
    medium = page.get_by_role("dialog")
    expect(medium.locator(".caption")).to_have_text(nasty)
    expect(medium.get_by_role("link", name="Open on Instagram")).to_have_count(0)
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
    page = open_page(stage.url + "#/clients/client_001")
    posts = tiles(page)
    expect(posts.first).to_be_visible()
    names = " ".join(tile.get_attribute("aria-label") for tile in posts.all())
    for word in ("Photo,", "Video,", "Album,", "Post,", "no caption"):
        assert word.lower() in names.lower()
    for index in range(posts.count()):
        posts.nth(index).click()
        medium = page.get_by_role("dialog")
        expect(medium).not_to_contain_text("… likes")
        expect(medium.get_by_role("alert")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(posts.nth(index)).to_be_focused()


def test_a_page_without_instagram_says_so_instead_of_a_grid(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_002", john, "987654321098")
    page = open_page(stage.url)
    expect(mapping(page).get_by_role("option").filter(has_text="Another Page")).to_contain_text("No Instagram")
    expect(clients(page)).to_contain_text("No Instagram account on this Page")
    there = client(page, "client_002")
    expect(region(page, "Preview")).to_contain_text("No Instagram account linked")
    there.get_by_role("button", name="Refresh").click()
    expect(toast(page)).to_have_text("No Instagram account linked")


def test_an_old_grid_is_shown_and_called_stale_while_meta_cannot_be_asked(make_stage, open_page):
    stage = make_stage(META_CACHE_TTL="1", META_RETRIES="0")
    [john] = stage.connect("john")
    stage.map("client_001", john, PAGE)
    stage.get("instagram/client_001/")
    time.sleep(1.5)
    stage.fault("error", code=2)
    page = open_page(stage.url)
    expect(card(page, "client_001")).to_contain_text("Stale")
    there = client(page, "client_001")
    expect(there).to_contain_text("Stale")
    expect(there).to_contain_text("Meta cannot be asked right now")
    expect(tiles(page)).to_have_count(25)


def test_a_grid_that_has_to_wait_is_not_called_broken_and_comes_by_itself(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, PAGE)
    page = open_page("about:blank")
    page.route("**/instagram/client_001/**", lambda route: route.fulfill(status=429, headers={"Retry-After": "1"}, json={
        "detail": "Rate limit reached, try again in 1 seconds", "reason": "rate_limited"}))
    page.goto(stage.url)
    expect(card(page, "client_001")).to_contain_text("Waiting")
    expect(card(page, "client_001")).to_contain_text("Meta lets us wait")
    expect(region(page, "Trouble")).to_contain_text("All is well.")
    page.unroute("**/instagram/client_001/**")
    expect(card(page, "client_001")).to_contain_text("Live")
    expect(card(page, "client_001").locator("img")).to_have_count(5)


def test_a_missing_key_is_told_by_health_first_and_by_the_account(stage, open_page):
    stage.connect("john")
    stage.stop("program")
    keys = stage.folder / "data" / "fernet.keys"
    keys.rename(keys.with_suffix(".away"))
    keys.write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
    keys.chmod(0o600)
    stage.start_program()
    page = open_page(stage.url)
    expect(region(page, "Trouble").get_by_role("listitem").first).to_contain_text("Encryption key:")
    system = go(page, "#/system", "System")
    expect(system.get_by_role("listitem").first).to_contain_text("Failing")
    expect(system).to_contain_text("Something is broken.")


def test_what_fails_at_once_on_the_way_in_is_said_and_stays_said(stage, open_page):
    page = open_page("about:blank", clock=True)
    page.route("**/mappings/**", lambda route: route.fulfill(status=429, headers={"Retry-After": "30"}, json={
        "detail": "Rate limit reached, try again in 30 seconds", "reason": "too_many_feeds"}))
    page.clock.pause_at(time.time() + 3600)
    page.goto(stage.url)
    said = page.locator("main [role=alert]")
    expect(said).to_contain_text("Rate limit reached, try again in 30 seconds")
    page.clock.run_for(600)  # A view that is late says after 400 ms that it is on the way.
    expect(said).to_be_visible()
    page.clock.resume()
    page.unroute("**/mappings/**")
    said.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Clients", level=1)).to_be_visible()
