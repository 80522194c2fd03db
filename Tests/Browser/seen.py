"""Places of the page, found as a screen reader finds them."""


def region(page, name):
    return page.get_by_role("region", name=name, exact=True)


def toast(page):
    """Where results are said."""
    return page.locator("body > [data-toast]")
