"""A feed's settings, at the client whose feed it is."""

from playwright.sync_api import expect
from seen import client, region, tiles, toast


def test_a_feed_is_made_seen_before_it_is_saved_and_used(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    page = open_page(stage.url)
    client(page, "client_001")
    expect(tiles(page)).to_have_count(25)
    using = region(page, "Use it")
    using.get_by_role("button", name="Make a feed").click()
    expect(using.get_by_role("alert")).to_be_visible()
    using.get_by_label("Sites that may show it").fill("https://site.example")
    using.get_by_role("button", name="Make a feed").click()
    expect(toast(page)).to_contain_text("is made")
    [feed] = stage.get("feeds/")["feeds"]
    expect(using).to_contain_text(f'data-feed="{feed["public_id"]}"')

    using.get_by_text("Settings, seen in the pictures").click()
    expect(tiles(page)).to_have_count(12)
    using.get_by_label("Posts").fill("6")
    using.get_by_label("Columns").fill("2")
    using.get_by_label("Captions").check()
    expect(tiles(page)).to_have_count(6)
    newest = tiles(page).first.get_attribute("data-post")
    using.get_by_role("button", name="Hide posts").click()
    tiles(page).first.click()
    expect(using).to_contain_text("0 pinned, 1 hidden.")
    using.get_by_role("button", name="Hide posts").click()
    using.get_by_role("button", name="Pin posts").click()
    pinned = tiles(page).nth(3).get_attribute("data-post")
    tiles(page).nth(3).click()
    using.get_by_role("button", name="Pin posts").click()
    expect(tiles(page).first).to_have_attribute("data-post", pinned)
    expect(page.locator(f'a[data-post="{newest}"]')).to_have_count(0)
    using.get_by_role("button", name="Save the feed").click()
    expect(toast(page)).to_contain_text("is saved")
    [feed] = stage.get("feeds/")["feeds"]
    assert (feed["limit"], feed["columns"], feed["show_captions"], feed["hidden"], feed["pinned"]) == (6, 2, True, [newest], [pinned])
    shown = [post["id"] for post in stage.get(f"feed/{feed['public_id']}/")["posts"]]
    assert shown == tiles(page).evaluate_all("(all) => all.map((one) => one.dataset.post)")
    using.get_by_role("button", name="Delete the feed").click()
    using.get_by_role("button", name="Delete? The site then shows nothing").click()
    expect(using.get_by_role("button", name="Make a feed")).to_be_visible()
    expect(tiles(page)).to_have_count(25)
