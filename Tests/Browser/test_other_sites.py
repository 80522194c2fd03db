"""A client's site, another origin than ours: what the line in it shows, and to whom."""

import http.server
import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ARTEFACTS
from playwright.sync_api import expect
from stage import free_port, wait_until

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>A shop</title><main><h1>A shop</h1><p>What we post.</p>
<script type="module" src="{site}/embed.js" data-feed="{feed}" {look}></script>
{below}
<noscript><iframe src="{site}/api/meta/feed/{feed}/embed/" title="What we post" width="100%" height="600"></iframe></noscript>
</main></html>"""
# As strict as a page can be that shows pictures and a script of one other site.
POLICY = "default-src 'none'; script-src {site}; connect-src {site}; img-src {site}; frame-src {site}; base-uri 'none'"


class Shop(http.server.BaseHTTPRequestHandler):
    """The client's own web server."""

    def do_GET(self):
        if self.path != "/":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY.format(site=self.server.site))
        self.end_headers()
        self.wfile.write(PAGE.format(site=self.server.site, feed=self.server.feed, look=self.server.look, below=self.server.below).encode())

    def log_message(self, *_):
        pass


def open_shop(stage, request):
    """A page that shows a feed of the demo's client, at `address`."""
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Shop)
    request.addfinalizer(server.shutdown)
    server.address = f"http://localhost:{server.server_port}"
    server.site, server.look, server.below = f"http://localhost:{stage.port}", "", ""
    server.feed = stage.call("POST", "feeds/", client_id="client_001", name="Shop", origins=[server.address])["public_id"]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def shop(stage, request):
    return open_shop(stage, request)


def see_everything(page):
    """Scrolls to the end, and waits for each of the twelve pictures."""
    expect(page.locator("meta-feed img")).to_have_count(12)
    page.locator("meta-feed li").last.scroll_into_view_if_needed()
    wait_until(lambda: all_loaded(page) == 12, "a picture is missing", seconds=20)


def asked_hosts(page):
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    return hosts


def all_loaded(page):
    return page.evaluate(
        "[...document.querySelector('meta-feed').shadowRoot.querySelectorAll('img')]"
        ".filter((img) => img.complete && img.naturalWidth > 0).length")


@pytest.mark.parametrize(("name", "width", "height"), [("phone", 320, 640), ("desktop", 1280, 900)])
def test_a_page_of_another_site_shows_the_feed(shop, open_page, name, width, height):
    page = open_page("about:blank", viewport={"width": width, "height": height})
    hosts = asked_hosts(page)
    weights = []
    page.on("response", lambda answer: "/media/" in answer.url and weights.append(int(answer.headers["content-length"])))
    page.goto(shop.address)
    see_everything(page)
    tiles = page.locator("meta-feed img")
    assert all(tile.get_attribute("alt") for tile in tiles.all())
    assert all(tile.get_attribute("width") and tile.get_attribute("height") for tile in tiles.all())
    assert hosts == {shop.address.removeprefix("http://"), shop.site.removeprefix("http://")}

    def is_light():
        weights.clear()
        page.reload()
        see_everything(page)
        return name == "desktop" or 12_000 < sum(weights) < 150_000

    # The first wish of a picture may be answered with the original, so that nobody waits.
    wait_until(is_light, "the pictures stay heavy")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("jumped()") == []
    assert Axe().run(page).response["violations"] == []
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=ARTEFACTS / f"feed-{name}.png", full_page=True)


@pytest.mark.parametrize("number", [5, 12])
def test_what_is_below_stays_where_it_is_whatever_the_feed_says(shop, stage, open_page, number):
    stage.call("PATCH", "feeds/1/", columns=5, gap=30, ratio="3:4", limit=number)
    shop.look = 'data-columns="2" data-gap="4" data-ratio="4:5" data-limit="6"'
    shop.below = '<p id="below">Open from ten to six.</p>'
    page = open_page("about:blank", viewport={"width": 400, "height": 2400})
    held = []
    page.route("**/api/meta/feed/**", lambda route: held.append(route))
    page.goto(shop.address)
    expect(page.locator("meta-feed li")).to_have_count(6)
    before = page.locator("#below").bounding_box()
    # That the places appear is a jump, where the page was painted before it had the script.
    page.evaluate("jumped()")
    held[0].continue_()
    expect(page.locator("meta-feed img")).to_have_count(min(number, 6))
    assert page.locator("#below").bounding_box() == before
    assert page.evaluate("jumped()") == []


def test_the_page_stays_complete_when_meta_is_gone(shop, stage, open_page):
    see_everything(open_page(shop.address))
    stage.stop("simulator")
    see_everything(open_page(shop.address))


def test_it_stays_complete_when_every_address_of_metas_has_been_dead_for_a_day(make_stage, request, open_page):
    stage = make_stage(META_CACHE_TTL="1")
    shop = open_shop(stage, request)
    see_everything(open_page(shop.address))
    # Chromium asks for what it can use: the first visitor had all pictures made.
    source = stage.get("instagram/client_001/")["media"][0]["media_url"].split("/", 3)[3]
    stage.control("pictures", "POST", ahead=5 * 86400)
    stage.control("calls", "DELETE")
    assert stage.request("GET", f"/{source}", port=stage.graph_port)[2] == b"URL signature expired"
    see_everything(open_page(shop.address))
    assert [call["status"] for call in stage.control("calls") if call["endpoint"] == "cdn"] == [403]


def test_the_keyboard_reaches_each_post(shop, open_page):
    page = open_page(shop.address)
    expect(page.locator("meta-feed a")).to_have_count(12)
    page.keyboard.press("Tab")
    focus = "document.activeElement.shadowRoot?.activeElement"
    assert page.evaluate(f"{focus}?.matches('a')")
    assert page.evaluate(f"getComputedStyle({focus}).outlineStyle") == "solid"
    assert page.locator("meta-feed a").first.get_attribute("target") == "_blank"
    assert page.context.cookies() == []


def test_without_script_the_frame_shows_it(shop, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(shop.address)
    frame = page.frame_locator("iframe")
    expect(frame.locator("img")).to_have_count(12)
    expect(frame.locator("a").first).to_have_attribute("rel", "noopener")
    assert all(image.get_attribute("alt") for image in frame.locator("img").all())
    page.screenshot(path=ARTEFACTS / "feed-frame.png")
    context.close()


def test_a_site_that_may_not_show_it_says_so(shop, stage, browser):
    stage.call("PATCH", "feeds/1/", origins=["https://other.example"])
    context = browser.new_context()
    page = context.new_page()
    page.goto(shop.address)
    expect(page.locator("meta-feed [role=status]")).to_have_text("The posts cannot be shown at the moment.")
    context.close()


def test_only_the_address_that_we_gave_out_is_kept_in_front_of_the_program(shop, stage):
    post = stage.get(f"feed/{shop.feed}/")["posts"][0]
    address = post["images"]["320"]["url"]
    path, proof = address.split("?v=")

    def status(query):
        return stage.request("GET", f"{path}?{query}")[0]

    assert status(f"V={proof}") == 404
    assert status(f"V=forged&v={proof}") == 200  # The program looks at the proof.
    assert status("v=forged") == 404
    assert status(f"v={proof}") == 200
    assert status(f"V={proof}") == 404
    assert status(f"v=forged&v={proof}") == 404
