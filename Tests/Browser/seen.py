"""Places of the page, found as a screen reader finds them."""

from playwright.sync_api import expect
from stage import wait_until


def later(page, seconds):
    """What the page does by the clock, without the waiting; it was opened with `clock`."""
    page.clock.fast_forward(1000 * seconds)


def settle(page):
    """Waits until nothing that is in sight is on its way."""
    wait_until(lambda: page.evaluate("""!document.querySelector(".skeleton, .waiting, [aria-busy=true]") && [...document.images].every((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return one.complete || bottom < 0 || top > innerHeight;
    })"""), "something is still on its way")


def reload(page):
    """Loads the page again. Of pictures that it leaves half loaded Firefox says that they are corrupt."""
    settle(page)
    page.reload()


def region(page, name):
    return page.get_by_role("region", name=name, exact=True)


def toast(page):
    """Where results are said."""
    return page.locator("header [data-toast]")


def go(page, address, place):
    """To an address of the page, as its links lead there; the region that is shown there."""
    page.evaluate("(hash) => { location.hash = hash; }", address)
    there = region(page, place)
    expect(there).to_be_visible()
    return there


def clients(page):
    return go(page, "#/", "Clients")


def card(page, client):
    """A client among the clients."""
    return region(page, "Clients").locator("li.card").filter(has_text=client)


def accounts(page):
    return go(page, "#/accounts", "Accounts")


def account(page, label):
    return region(page, "Accounts").get_by_role("listitem").filter(has=page.get_by_role("heading", name=label))


def mapping(page):
    return go(page, "#/map", "Map a client")


def connect(page):
    return go(page, "#/connect", "Connect an account")


def client(page, name):
    return go(page, f"#/clients/{name}", "Client")


def tiles(page):
    return region(page, "Preview").locator("a.tile")
