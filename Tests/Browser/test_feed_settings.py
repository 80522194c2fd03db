"""A feed's settings, at the client whose feed it is."""

from playwright.sync_api import expect
from seen import client, later, region, tiles, toast


def enter(field, number):
    """`fill` writes behind what stands in a field of numbers, in Firefox."""
    field.press("ControlOrMeta+a")
    field.press_sequentially(number)


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
    enter(using.get_by_label("Posts"), "6")
    enter(using.get_by_label("Columns"), "2")
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


def test_a_feed_has_an_address_and_its_filters_are_those_of_the_site(stage, open_page):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    window = stage.get("instagram/client_001/?limit=50&include=media_product_type")["media"]
    older = next(one for one in reversed(window) if one["caption"] and one["media_type"] == "IMAGE")
    word = "=" + older["caption"].split(",")[0][:40].strip()
    feed = stage.call("POST", "feeds/", client_id="client_001", name="client_001", origins=["any"])
    page = open_page(stage.url + "#/feeds/client_001", clock=True)
    using = region(page, "Use it")
    expect(tiles(page)).to_have_count(12)

    def shown():
        """What the settings show here, once they are saved, is what the site gets."""
        using.get_by_role("button", name="Save the feed").click()
        expect(toast(page)).to_contain_text("is saved")
        later(page, 5)
        expect(toast(page).locator("p")).to_have_count(0)
        here = tiles(page).evaluate_all("(all) => all.map((one) => one.dataset.post)")
        assert here == [post["id"] for post in stage.get(f"feed/{feed['public_id']}/")["posts"]]
        return here

    using.get_by_label("Only with").fill(word)
    assert older["id"] in shown()
    using.get_by_label("Only with").fill("")
    using.get_by_label("Never with").fill(word)
    enter(using.get_by_label("Posts", exact=True), "50")
    assert len(shown()) > 25 and older["id"] not in shown()
    using.get_by_label("Videos").uncheck()
    using.get_by_label("Order").select_option("oldest")
    shown()

    # A picture opens as a post and leads back, and nothing that was set is lost.
    tiles(page).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(using.get_by_label("Order")).to_have_value("oldest")
    using.get_by_text("Settings, seen in the pictures").click()
    expect(tiles(page)).to_have_count(25)
    assert page.url.endswith("#/clients/client_001")
