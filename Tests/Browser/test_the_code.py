"""Rules for the files in www, which no browser would complain about."""

import gzip
import re

import pytest
from stage import REPOSITORY

WWW = REPOSITORY / "www"
OURS = ("embed.js", "connect.html")  # What strangers' sites and visitors get is weighed apart.
FILES = sorted(file for file in WWW.iterdir() if file.suffix in (".html", ".css", ".js", ".svg") and file.name not in OURS)
HOOKS = {"data-main", "data-nav", "data-who", "data-toast", "data-lost", "data-badge", "data-icon", "data-skip", "data-view"}


def weight(file):
    """nginx sends it compressed."""
    return len(gzip.compress(file.read_bytes(), 6))


def test_all_of_it_weighs_less_than_45_kB_on_the_wire():
    assert sum(map(weight, FILES)) < 45_000


def test_the_first_view_weighs_less_than_20_kB_on_the_wire():
    first = {"index.html", "admin.css", "favicon.svg", "admin.js"} | set(re.findall(r"modulepreload href=([\w.-]+)>", (WWW / "index.html").read_text()))
    assert sum(weight(WWW / name) for name in first) < 20_000
    # What those import is preloaded too, so that nothing is found late.
    for name in first:
        if name.endswith(".js"):
            imported = set(re.findall(r'^import .*?"\./([\w.-]+)"', (WWW / name).read_text(), flags=re.M))
            assert imported <= first, name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_text_never_becomes_markup_and_nothing_comes_from_elsewhere(file):
    text = file.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "!important",
                      "style=", " onclick=", "@import", "TODO"):
        assert forbidden not in text, f"{forbidden} in {file.name}"
    elsewhere = [address for address in re.findall(r"https?://[^\s\"'<>)`$]+", text)
                 if not address.startswith(("http://www.w3.org/2000/svg", "https://developers.facebook.com/", "https://www.instagram.com/",
                                          "https://site.example", "https://*.site.example"))]
    assert elsewhere == []
    assert len(text.splitlines()) <= 400


def test_styles_use_classes_and_leave_the_hooks_of_the_scripts_alone():
    styles = "".join(file.read_text() for file in FILES if file.suffix == ".css")
    selectors = re.findall(r"^\s*([^@{}/][^{}]*)\{", styles, flags=re.M)
    assert [selector for selector in selectors if re.search(r"#[a-z]|\[data-", selector)] == []


def test_scripts_use_hooks_of_known_names_and_leave_the_classes_of_the_styles_alone():
    for file in FILES:
        if file.suffix == ".js":
            selectors = re.findall(r"(?:closest|matches|querySelector(?:All)?)\(\s*[\"'`]([^\"'`]*)", file.read_text())
            assert [selector for selector in selectors if re.search(r"(^|[\s,>+~(])\.[a-z]|:nth|:first-child|:last-child", selector)] == [], file.name
    assert set(re.findall(r"\bdata-[a-z]+", (WWW / "index.html").read_text())) == HOOKS
