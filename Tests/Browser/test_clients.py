"""Clients: seen at a glance, found, and worked on by the dozen."""

import math
import time

import pytest
from playwright.sync_api import expect
from seen import card, client, clients, go, later, mapping, region, reload, tiles, toast
from stage import wait_until

PAGES = ("104567890123", "987654321098")


@pytest.fixture
def three(stage, open_page, request):
    """Two clients with pictures, one whose Page has no Instagram account."""
    [john] = stage.connect("john")
    for name, page in (("alpha", PAGES[0]), ("beta", PAGES[0]), ("gamma", PAGES[1])):
        stage.map(name, john, page)
    page = open_page(stage.url, clock="later" in request.node.keywords)
    expect(region(page, "Clients").locator("li.card")).to_have_count(3)
    return page


def test_a_client_shows_its_newest_pictures_its_handle_and_how_it_is(three):
    alpha = card(three, "alpha")
    expect(alpha.locator("img")).to_have_count(5)  # A face and four pictures.
    expect(alpha).to_contain_text("@mybusinessaccount")
    expect(alpha).to_contain_text("My Business Page")
    expect(alpha).to_contain_text("Live")
    expect(card(three, "gamma")).to_contain_text("No Instagram")
    expect(region(three, "Trouble")).to_contain_text("All is well.")


def test_filters_and_search_and_what_one_looks_at_stay_in_the_address(three):
    there = region(three, "Clients")
    there.get_by_role("button", name="No Instagram").click()
    expect(there.locator("li.card")).to_have_count(1)
    expect(there).to_contain_text("1 of 3")
    reload(three)
    expect(there.locator("li.card")).to_have_count(1)
    there.get_by_role("button", name="All").click()
    there.get_by_label("Search clients").fill("BÉT")
    expect(there.locator("li.card")).to_have_count(1)
    there.get_by_role("link", name="beta").click()
    expect(three.get_by_role("heading", name="beta")).to_be_focused()
    three.go_back()
    expect(there.get_by_label("Search clients")).to_have_value("BÉT")
    expect(there.locator("li.card")).to_have_count(1)
    there.get_by_label("Search clients").fill("nobody")
    there.get_by_role("button", name="Show all").click()
    expect(there.locator("li.card")).to_have_count(3)


def test_list_or_pictures_is_kept_by_this_browser(three):
    there = region(three, "Clients")
    there.get_by_role("button", name="As list").click()
    expect(there.locator("ul.list li.card")).to_have_count(3)
    reload(three)
    expect(there.locator("ul.list li.card")).to_have_count(3)
    expect(card(three, "alpha")).to_contain_text("john")


def test_slash_and_arrows_lead_through_the_clients(three):
    three.keyboard.press("/")
    expect(three.get_by_label("Search clients")).to_be_focused()
    three.keyboard.press("ArrowDown")
    expect(card(three, "alpha").get_by_role("link")).to_be_focused()
    three.keyboard.press("ArrowRight")
    expect(card(three, "beta").get_by_role("link")).to_be_focused()
    three.keyboard.press("x")
    expect(card(three, "beta").get_by_role("checkbox")).to_be_checked()
    three.keyboard.press("Enter")
    expect(three.get_by_role("heading", name="beta")).to_be_focused()


def test_several_clients_are_refreshed_and_removed_at_once(three, stage):
    bar = region(three, "Selection")
    card(three, "alpha").get_by_role("checkbox").check()
    card(three, "beta").get_by_role("checkbox").check()
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_role("button", name="Refresh those chosen").click()
    expect(toast(three)).to_contain_text("2 clients refreshed.")
    remove = bar.get_by_role("button", name="Remove those chosen")
    remove.click()
    bar.get_by_role("button", name="Remove 2 clients?").click()
    expect(region(three, "Clients").locator("li.card")).to_have_count(1)
    expect(bar).to_be_hidden()
    assert [row["client_id"] for row in stage.get("mappings/")["mappings"]] == ["gamma"]


@pytest.mark.later
def test_a_client_that_is_removed_elsewhere_is_gone_here_within_a_minute(three, stage):
    client(three, "alpha")
    expect(tiles(three)).to_have_count(25)
    for row in stage.get("mappings/")["mappings"]:
        if row["client_id"] == "alpha":
            stage.call("DELETE", f"mappings/{row['id']}/")
    later(three, 60)
    expect(three.get_by_role("heading", name="There is no such client")).to_be_visible()
    # A preview of what is not there would call itself fresh.
    expect(tiles(three)).to_have_count(0)
    clients(three)
    expect(region(three, "Clients").locator("li.card")).to_have_count(2)


@pytest.mark.later
def test_a_token_that_died_is_told_by_an_open_page_within_a_minute(three, stage):
    stage.control("tokens", "POST", token="john", state="password_changed")
    stage.call("POST", "tokens/1/check/")
    later(three, 60)
    expect(region(three, "Trouble")).to_contain_text("password was changed")
    expect(three).to_have_title("(1) Clients · Meta Module")


def test_another_tab_learns_at_once(three, stage):
    other = three.context.new_page()
    other.goto(stage.url + "#/clients/alpha")
    expect(tiles(other)).to_have_count(25)
    other.locator("summary").first.click()
    other.get_by_role("button", name="Remove alpha").click()
    other.get_by_role("button", name="Remove?").click()
    expect(card(three, "alpha")).to_have_count(0)


@pytest.mark.later
def test_what_changes_while_the_page_is_asking_is_not_missed(three, stage):
    three.clock.pause_at(time.time() + 3600)
    held = []
    three.route("**/events/?limit=1", lambda route: route.continue_() if held else held.append((route, route.fetch())))

    def another_tab_changes_something():
        three.evaluate("""() => new Promise((done) => {
          const [one, other] = [new BroadcastChannel("meta-module"), new BroadcastChannel("meta-module")];
          other.onmessage = done;
          one.postMessage("tab-changed");
        })""")
        three.clock.run_for(300)

    another_tab_changes_something()
    wait_until(lambda: three.evaluate("1") and held, "the page does not ask")
    stage.call("DELETE", f"mappings/{stage.get('mappings/')['mappings'][0]['id']}/")
    another_tab_changes_something()
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(card(three, "alpha")).to_have_count(0)


def test_back_with_a_photo_open_closes_the_photo(three):
    client(three, "alpha")
    tiles(three).nth(2).click()
    expect(three.get_by_role("dialog")).to_be_visible()
    three.keyboard.press("ArrowRight")
    three.go_back()
    expect(three.get_by_role("dialog")).to_have_count(0)
    expect(three.get_by_role("heading", name="alpha")).to_be_visible()
    tiles(three).nth(1).click()
    reload(three)
    expect(three.get_by_role("dialog").get_by_role("heading")).to_have_text("Video")
    three.get_by_role("button", name="Close").click()
    expect(tiles(three).nth(1)).to_be_focused()


def test_a_name_of_128_characters_ruins_nothing(stage, open_page):
    [john] = stage.connect("john")
    name = "w" * 128
    stage.map(name, john, PAGES[0])
    stage.map("short", john, PAGES[0])
    for width in (360, 1440):
        page = open_page(stage.url, viewport={"width": width, "height": 800})
        expect(region(page, "Clients").locator("li.card")).to_have_count(2)
        for look in ("As list", "As pictures"):
            heights = region(page, "Clients").locator("li.card").evaluate_all("(all) => all.map((one) => one.offsetHeight)")
            assert abs(heights[0] - heights[1]) <= 2, heights
            page.get_by_role("button", name=look).click()
        client(page, name)
        for address, place in (("#/activity", "Activity"), ("#/map", "Map a client")):
            go(page, address, place)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_an_empty_installation_shows_three_steps_that_tick_themselves_off(stage, open_page):
    page = open_page(stage.url)
    steps = page.get_by_role("list", name="First steps").get_by_role("listitem")
    expect(steps).to_have_count(3)
    expect(page.locator("li.next")).to_contain_text("Connect")
    expect(page.get_by_role("link", name="Add clients")).to_be_hidden()  # One thing to do is enough.
    [john] = stage.connect("john")
    reload(page)
    expect(steps.first).to_contain_text("done")
    expect(page.locator("li.next")).to_contain_text("Map")
    stage.map("alpha", john, PAGES[0])
    reload(page)
    expect(page.locator("li.next")).to_contain_text("Show")
    page.get_by_role("link", name="See the grid").click()
    expect(tiles(page)).to_have_count(25)
    clients(page)
    expect(steps).to_have_count(0)


def test_what_is_asked_anew_takes_the_focus_from_nobody(make_stage, open_page):
    stage = make_stage("--tokens", "1", "--pages", "3", "--media", "1")
    [token] = stage.connect(stage.world["tokens"][0]["label"])
    first = stage.get("pages/")["pages"][0]["fb_page_id"]
    for number in range(40):
        stage.map(f"client {number:02}", token, first)
    page = open_page(stage.url, clock=True)
    onward = page.get_by_role("button", name="Next")
    onward.focus()
    stage.map("client 40", token, first)
    later(page, 60)
    expect(region(page, "Clients")).to_contain_text("41 clients")
    expect(onward).to_be_focused()


@pytest.mark.chromium("only its protocol counts nodes and listeners")
def test_what_a_view_made_it_forgets(three):
    """Left and entered again and again, a view leaves no node and no listener behind."""
    session = three.context.new_cdp_session(three)

    def left(most):
        """The listeners, once all nodes are gone but those shown: a picture on its way holds its view a while, a leak for ever."""
        shown = three.evaluate("document.evaluate('count(//node())', document).numberValue")
        end = time.monotonic() + 60
        while True:
            session.send("HeapProfiler.collectGarbage")
            counters = session.send("Memory.getDOMCounters")
            if counters["nodes"] < shown + 300 and counters["jsEventListeners"] <= most:
                return counters["jsEventListeners"]
            assert time.monotonic() < end, (counters, shown, most)

    def round_trips(times):
        for _ in range(times):
            for address, place in (("#/accounts", "Accounts"), ("#/clients/alpha", "Client"), ("#/map", "Map a client"),
                                   ("#/activity", "Activity"), ("#/", "Clients")):
                go(three, address, place)

    round_trips(2)
    listeners = left(math.inf)
    round_trips(6)
    left(listeners + 5)
