"""How it looks, how fast it is, and who can use it."""

import concurrent.futures

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ARTEFACTS
from playwright.sync_api import expect
from seen import accounts, card, client, clients, connect, go, mapping, region, settle, tiles, toast
from stage import PASSWORD, wait_until

def violations(page):
    """axe-core's findings, each with the element it found."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found]


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
    return [jump for jump in page.evaluate("jumped()") if jump[0] > 0.005]


VIEWS = {"clients": ("#/", "Clients"), "client": ("#/clients/client_001", "Client"), "map": ("#/map", "Map a client"),
         "accounts": ("#/accounts", "Accounts"), "connect": ("#/connect", "Connect an account"), "activity": ("#/activity", "Activity"),
         "system": ("#/system", "System")}


def sign_in_at(page):
    page.get_by_label("Admin password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(region(page, "Clients")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(furnished, open_page, scheme):
    furnished.set_password()
    page = open_page(furnished.url, color_scheme=scheme)
    page.get_by_label("Admin password").fill("wrong")
    page.keyboard.press("Enter")
    expect(region(page, "Sign in")).to_contain_text("Wrong password")
    assert violations(page) == []
    sign_in_at(page)
    expect(card(page, "client_001").locator("img")).to_have_count(5)
    assert violations(page) == []
    card(page, "client_001").get_by_role("checkbox").check()
    page.get_by_role("button", name="As list").click()
    assert violations(page) == []
    for address, place in VIEWS.values():
        go(page, address, place)
        settle(page)
        assert violations(page) == [], address
    mapping(page).get_by_role("button", name="Save").click()
    expect(region(page, "Map a client")).to_contain_text("This field")
    region(page, "Map a client").get_by_text("Several at once").click()
    region(page, "Map a client").get_by_label("List").fill("a,b\nclient_001,Another Page")
    assert violations(page) == []
    there = accounts(page)
    there.locator("summary").first.click()
    there.get_by_role("button", name="Rename").first.click()
    there.locator("summary").last.click()
    there.get_by_role("button", name="Delete").last.click()
    assert violations(page) == []
    client(page, "client_001")
    tiles(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("234 likes")
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
def test_it_fits_and_is_pictured_at_every_width(furnished, open_page, width, scheme):
    page = open_page(furnished.url, viewport={"width": width, "height": 900}, color_scheme=scheme)
    for name, (address, place) in VIEWS.items():
        go(page, address, place)
        settle(page)
        page.screenshot(path=ARTEFACTS / f"{name}-{width}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        # Nothing under 13 px, and on a touch screen nothing that a finger misses.
        small = page.evaluate("""[...document.querySelectorAll("main *")].filter((one) => one.checkVisibility() && one.textContent.trim()
          && parseFloat(getComputedStyle(one).fontSize) < 13).map((one) => one.outerHTML.slice(0, 80))""")
        assert small == [], name
        # No word of the navigation is cut, and none waits behind a scroll.
        cut = page.evaluate("""[...document.querySelectorAll("nav a")].filter((one) => one.scrollWidth > one.clientWidth + 1
          || one.getBoundingClientRect().right > innerWidth).map((one) => one.textContent)""")
        assert cut == [], name
    client(page, "client_001")
    tiles(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("234 likes")
    page.screenshot(path=ARTEFACTS / f"medium-{width}-{scheme}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_accounts_row_is_squeezed_on_no_phone(furnished, open_page):
    page = open_page(furnished.url, viewport={"width": 360, "height": 900})
    there = accounts(page).locator("li.account")
    expect(there).to_have_count(3)
    # A state and a count of clients stand on one line each.
    tall = there.locator(".dot, .used").evaluate_all("(all) => all.filter((one) => one.offsetHeight > 30).map((one) => one.outerHTML)")
    assert tall == []
    # What the buttons would lie on.
    under = there.locator(".used").evaluate_all("(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.outerHTML)")
    assert under == []
    over = there.evaluate_all("(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length")
    assert over == 0


def test_text_of_twice_the_size_is_cut_on_no_phone(furnished, open_page):
    page = open_page(furnished.url, viewport={"width": 360, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for name, (address, place) in VIEWS.items():
        go(page, address, place)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        wide = page.locator("main :is(button, .button, summary, input, h1, h2)").evaluate_all(
            "(all) => all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth && !one.closest('.scroll, .scroller')).map((one) => one.outerHTML)")
        assert wide == [], name


def test_at_four_times_the_size_the_head_gives_its_room_to_what_one_reads(furnished, open_page):
    page = open_page(furnished.url + "#/clients/client_001", viewport={"width": 320, "height": 256})
    expect(tiles(page).first).to_be_visible()
    page.evaluate("scrollTo(0, 600)")
    assert page.locator("header").evaluate("(one) => one.getBoundingClientRect().bottom") <= 0


def test_the_first_steps_are_squeezed_on_no_phone(stage, open_page):
    page = open_page(stage.url, viewport={"width": 360, "height": 900})
    steps = page.get_by_role("list", name="First steps").get_by_role("heading")
    expect(steps).to_have_count(3)
    assert max(steps.evaluate_all("(all) => all.map((one) => one.offsetHeight)")) < 40


def test_where_the_system_chooses_the_colours_states_and_choices_are_still_seen(furnished, open_page):
    page = open_page(furnished.url, forced_colors="active")
    expect(region(page, "Clients").locator("li.card .dot").first).to_be_visible()
    inks = page.locator("li.card .dot").evaluate_all("(all) => all.map((one) => getComputedStyle(one, '::before').backgroundColor)")
    assert len(set(inks)) > 1, inks  # Live, ends soon and without Instagram.
    for chosen in ("nav [aria-current=page]", "[aria-pressed=true]"):
        assert page.locator(chosen).first.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"


def test_nothing_jumps_while_it_loads(furnished, sign_in):
    furnished.fault("latency", ms=800)
    page = sign_in(furnished)
    expect(card(page, "client_001").locator("img")).to_have_count(5)
    settle(page)
    assert jumps(page) == []
    for address, place in VIEWS.values():
        go(page, address, place)
        page.reload()
        expect(region(page, place)).to_be_visible()
        page.wait_for_load_state("networkidle")
        settle(page)
        assert jumps(page) == [], address


def test_a_thousand_clients_stay_fluid(make_stage, open_page):
    stage = make_stage("--tokens", "1", "--pages", "200", "--media", "3")
    [token] = stage.connect(stage.world["tokens"][0]["label"])
    pages = [page["fb_page_id"] for page in stage.get("pages/")["pages"]]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:  # The pages are dealt out in turn.
        list(pool.map(lambda number: stage.map(f"client {number:04}", token, pages[number % len(pages)]), range(1000)))
    page = open_page(stage.url)
    there = region(page, "Clients")
    expect(there).to_contain_text("1,000 clients")
    settle(page)

    # What makes a key press dear: cards that are made, and layouts that are forced. Its milliseconds are measured by
    # Tests/Benchmarks/page.
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def layouts():
        return next(one["value"] for one in session.send("Performance.getMetrics")["metrics"] if one["name"] == "LayoutCount")

    least = {}
    for text in 5 * ("9", "99", "client 0500", "", "zzzz", ""):
        before = layouts()
        made = there.get_by_label("Search clients").evaluate("""(field, text) => {
          const had = new Set(document.querySelectorAll("li.card"));
          field.value = text;
          field.dispatchEvent(new Event("input", { bubbles: true }));
          document.body.offsetHeight;
          return [...document.querySelectorAll("li.card")].filter((one) => !had.has(one)).length;
        }""", text)
        assert made <= 36, (text, made)
        least[text] = min(least.get(text, 99), layouts() - before)
    assert max(least.values()) < 20, least  # One for each card would be more; pictures that arrive meanwhile make some.
    assert page.evaluate("document.querySelectorAll('*').length") < 5000
    there.get_by_label("Search clients").fill("CLIENT 0777")
    expect(there.locator("li.card")).to_have_count(1)
    expect(there).to_contain_text("1 of 1,000")
    there.get_by_label("Search clients").fill("")
    seen = set(there.locator("li.card .name").all_text_contents())
    page.get_by_role("button", name="Next").click()
    expect(there.get_by_text("37–72 of 1,000")).to_be_visible()
    expect(there.locator("li.card a.name").first).to_be_focused()
    assert not seen & set(there.locator("li.card .name").all_text_contents())
    page.get_by_role("button", name="As list").click()
    expect(there.locator("li.card")).to_have_count(100)
    assert page.evaluate("document.querySelectorAll('*').length") < 5000


def test_the_first_view_asks_for_little_and_finds_nothing_late(stage, open_page):
    """What makes it slow on a long line; the seconds are measured by Tests/Benchmarks/page."""
    [john] = stage.connect("john")
    for name in ("client_001", "client_002"):
        stage.map(name, john, "104567890123")
    page = open_page("about:blank")
    asked = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(stage.url)))
    page.goto(stage.url)
    card(page, "client_001").wait_for()
    asked = [one for one in asked if not one.startswith(("api/meta/instagram/", "api/meta/media/", "http", "favicon", "data:"))]
    files = [one for one in asked if not one.startswith("api/")]
    assert len(set(asked)) <= 10, asked  # Some are asked anew every 20 s.
    # Every file is known from the page itself: none waits for another, nor for an answer of the program. (Only the words of
    # trouble do, where there is some: on a busy machine `health` may have said so.)
    begun = page.evaluate("""() => Object.fromEntries(performance.getEntriesByType("resource")
      .map((one) => [one.name.slice(location.origin.length + 1), [one.startTime, one.responseEnd]]))""")
    first = min(begun[one][1] for one in files if one in begun)
    assert [one for one in files if one in begun and begun[one][0] > first and one.endswith((".js", ".css"))
            and one != "more.js"] == []


def test_an_expired_picture_gives_way_to_initials(stage, open_page):
    stage.connect("john")
    page = open_page("about:blank")
    page.route("**/*", lambda route: route.fulfill(status=403, body="URL signature expired")
               if route.request.resource_type == "image" and not route.request.url.startswith(stage.url) else route.continue_())
    page.goto(stage.url)
    face = accounts(page).locator(".face")
    expect(face).to_have_text("JD")
    expect(face.locator("img")).to_have_count(0)
