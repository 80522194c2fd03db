"""A stage per test, a browser for all, and a page that fails its test when it complains."""

import contextlib
import pathlib
import re
import shutil

import playwright.sync_api
import pytest
from stage import PASSWORD, Site

ARTEFACTS = pathlib.Path(__file__).parent / "artefacts"
# Chromium itself notes every answer that is no success. Those the page must put into words; the tests look at that.
NETWORK_NOTE = re.compile(r"^Failed to load resource: ")


# What is waited for comes late on a busy machine, and is no fault for that.
playwright.sync_api.expect.set_options(timeout=30_000)


def pytest_configure(config):
    ARTEFACTS.mkdir(exist_ok=True)


# What is tried in Firefox as well, but for tests with the mark `chromium`, which say why not. Looks and other sites ask
# Chromium for what only its own protocol tells.
IN_BOTH = ("test_accounts", "test_clients", "test_feed_settings", "test_keys", "test_mapping", "test_signing_in", "test_the_house",
           "test_the_whole_way", "test_trouble")


def pytest_addoption(parser):
    parser.addoption("--part", choices=PARTS, help="what is tried in Firefox, in Chromium as well as there, or nowhere else; together they are all")


# Side by side they take a third of the time: most of it is waiting.
PARTS = ("firefox", "both", "rest")


def part(item):
    if getattr(item, "callspec", None) and item.callspec.params.get("browser") == "firefox":
        return "firefox"
    return "both" if item.module.__name__ in IN_BOTH else "rest"


def pytest_collection_modifyitems(config, items):
    wanted = config.getoption("--part")
    if wanted:
        config.hook.pytest_deselected(items=[item for item in items if part(item) != wanted])
        items[:] = [item for item in items if part(item) == wanted]


def pytest_generate_tests(metafunc):
    if "browser" in metafunc.fixturenames and metafunc.module.__name__ in IN_BOTH and not metafunc.definition.get_closest_marker("chromium"):
        metafunc.parametrize("browser", ["chromium", "firefox"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NODE_OPTIONS", f"--require {pathlib.Path(__file__).parent / 'firefox.cjs'}")
        # Firefox wants a home that is its owner's.
        environment.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        with playwright.sync_api.sync_playwright() as driver:
            yield driver


@pytest.fixture(scope="session")
def browser(driver, request):
    if getattr(request, "param", "chromium") == "firefox":
        firefox = shutil.which("firefox-esr") or shutil.which("firefox")
        if not firefox:
            pytest.skip("no Firefox is installed: apt-get install firefox-esr")
        with driver.firefox.launch(channel="moz-firefox", executable_path=firefox) as browser:
            yield browser
        return
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "a Chromium is needed: apt-get install chromium"
    # Inside a container Chromium's own sandbox has no rights to be made.
    with driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser:
        yield browser


@pytest.fixture
def make_stage():
    """Stages with settings of the test's own."""
    with contextlib.ExitStack() as made:
        yield lambda *simulator, **settings: made.enter_context(Site(*simulator, **settings))


@pytest.fixture
def stage(make_stage):
    return make_stage()


@pytest.fixture
def open_page(browser):
    """Opens the page; at the end nothing may stand in its console, and no line of the policy may be broken."""
    contexts, complaints = [], []

    def open_page(url, clock=False, **options):
        options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "timezone_id": "Europe/Berlin",
                   "reduced_motion": "reduce"} | options
        context = browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(
            "addEventListener('securitypolicyviolation', (event) =>"
            " console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"
            "const jumps = []; const note = (entries) => { for (const entry of entries)"
            " if (!entry.hadRecentInput) jumps.push([entry.value, ...entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 60))]); };"
            "const watching = new PerformanceObserver((list) => note(list.getEntries()));"
            "if (PerformanceObserver.supportedEntryTypes.includes('layout-shift')) watching.observe({ type: 'layout-shift', buffered: true });"
            # What moved in a frame is known after it.
            "window.jumped = async () => { for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);"
            " note(watching.takeRecords()); return jumps.splice(0); };")
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(f"{error}\n{error.stack}"))
        page.on("console", lambda message: message.type in ("error", "warning")
                and not NETWORK_NOTE.match(message.text) and complaints.append(message.text))
        if clock:  # It goes as always, and jumps where a test says so.
            page.clock.install()
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def sign_in(open_page):
    """Opens the page of a stage and signs in there."""

    def sign_in(stage, **options):
        stage.set_password()
        page = open_page(stage.url, **options)
        page.get_by_label("Admin password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        playwright.sync_api.expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page

    return sign_in
