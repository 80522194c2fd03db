"""How it looks, how fast it is, and who can use it."""

import concurrent.futures

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ARTEFACTS
from playwright.sync_api import expect
from seen import region, toast
from stage import PASSWORD, wait_until

SERIOUS = ("serious", "critical")


def violations(page):
    """axe-core's findings, each with the element it found."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]


@pytest.fixture
def furnished(stage):
    """An installation in use: three people, clients, a grid that was looked at."""
    john, maria, yusuf = stage.connect("john", "maria", "yusuf")
    stage.map("client_001", john, "104567890123")
    stage.map("client_002", maria, "112233445566778")
    stage.map("client_003", yusuf, "113344556677889")
    stage.map("client_004", john, "987654321098")
    stage.get("instagram/client_001/")
    return stage


def jumps(page):
    """What moved without the reader having done anything, but for what nobody sees."""
    return [jump for jump in page.evaluate("jumps") if jump[0] > 0.005]


def see_a_grid(page):
    region(page, "Clients").get_by_role("button", name="Preview").first.click()
    expect(region(page, "Preview").locator(".tile").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(furnished, open_page, scheme):
    furnished.set_password()
    page = open_page(furnished.url, color_scheme=scheme)
    page.get_by_label("Admin password").fill("wrong")
    page.keyboard.press("Enter")
    expect(region(page, "Sign in")).to_contain_text("Wrong password")
    assert violations(page) == []
    page.get_by_label("Admin password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(region(page, "Map a client").get_by_role("radio").first).to_be_visible()
    see_a_grid(page)
    region(page, "Map a client").get_by_role("button", name="Sync").click()
    expect(region(page, "Map a client")).to_contain_text("This field")
    region(page, "Accounts").get_by_role("button", name="Rename").first.click()
    region(page, "Accounts").get_by_role("button", name="Delete").last.click()
    assert violations(page) == []
    region(page, "Preview").locator(".tile").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("234 likes")
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440, 3840])
def test_it_fits_and_is_pictured_at_every_width(furnished, open_page, width, scheme):
    furnished.set_password()
    page = open_page(furnished.url, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.screenshot(path=ARTEFACTS / f"sign-in-{width}-{scheme}.png")
    page.get_by_label("Admin password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(region(page, "Map a client").get_by_role("radio").first).to_be_visible()
    see_a_grid(page)
    # Pictures further down are fetched when they come near; the long picture wants them all.
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    wait_until(lambda: page.evaluate("[...document.images].every((image) => image.complete)"), "not all pictures were there")
    page.evaluate("scrollTo(0, 0)")
    toast(page).evaluate("(toast) => toast.replaceChildren()")
    # As high as the page: what is out of sight is not drawn.
    page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
    page.screenshot(path=ARTEFACTS / f"page-{width}-{scheme}.png")
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    region(page, "Preview").locator(".tile").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("234 likes")
    page.screenshot(path=ARTEFACTS / f"medium-{width}-{scheme}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_jumps_while_it_loads(furnished, sign_in):
    furnished.fault("latency", ms=800)
    page = sign_in(furnished)
    expect(region(page, "Map a client").get_by_role("radio").first).to_be_visible()
    assert jumps(page) == [], jumps(page)
    page.reload()
    expect(region(page, "Map a client").get_by_role("radio").first).to_be_visible()
    assert jumps(page) == []


def test_two_hundred_pages_and_a_thousand_clients_stay_fluid(make_stage, open_page):
    stage = make_stage("--tokens", "1", "--pages", "200", "--media", "3")
    [token] = stage.connect(stage.world["tokens"][0]["label"])
    pages = [page["fb_page_id"] for page in stage.get("pages/")["pages"]]
    assert len(pages) == 200
    with concurrent.futures.ThreadPoolExecutor(8) as pool:  # The pages are dealt out in turn.
        list(pool.map(lambda number: stage.map(f"client {number:04}", token, pages[number % len(pages)]), range(1000)))
    page = open_page(stage.url)
    mapping, clients = region(page, "Map a client"), region(page, "Clients")
    expect(mapping.get_by_role("radio")).to_have_count(200)
    expect(clients).to_contain_text("1,000 mappings")

    # The time that the page's own thread works, script, style and layout: a busy machine does not make it longer.
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    def milliseconds(search, text):
        before = worked()
        page.evaluate("""([search, text]) => {
          const field = document.querySelector(search);
          field.value = text;
          field.dispatchEvent(new Event("input", { bubbles: true }));
          document.body.offsetHeight;
        }""", [search, text])
        return worked() - before

    name = mapping.get_by_role("radio").nth(100).evaluate("(radio) => radio.parentElement.querySelector('bdi').textContent")
    for text in (name[:2], name, "", "zzzz", ""):
        assert milliseconds("#map [type=search]", text) < 50, text
    for text in ("9", "99", "client 0500", "", "zzzz", ""):
        assert milliseconds("#clients [type=search]", text) < 50, text
    clients.get_by_label("Search clients").fill("CLIENT 0777")
    expect(clients.locator("tbody tr")).to_have_count(1)
    expect(clients).to_contain_text("1 of 1,000")
    clients.get_by_label("Search clients").fill("")
    clients.get_by_role("button", name="Show more").click()
    expect(clients.locator("tbody tr").nth(50).get_by_role("button", name="Preview")).to_be_focused()
    assert page.evaluate("new Set([...document.querySelectorAll('#clients tbody tr')].map((row) => row.innerText)).size") \
        == clients.locator("tbody tr").count()


def test_an_expired_picture_gives_way_to_initials(stage, open_page):
    stage.connect("john")
    page = open_page("about:blank")
    page.route("**/*", lambda route: route.fulfill(status=403, body="URL signature expired")
               if route.request.resource_type == "image" and not route.request.url.startswith(stage.url) else route.continue_())
    page.goto(stage.url)
    face = region(page, "Accounts").locator(".avatar")
    expect(face).to_have_text("JD")
    expect(face.locator("img")).to_have_count(0)
