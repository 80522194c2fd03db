"""Rules for the files in www, which no browser would complain about."""

import gzip
import re

import pytest
from stage import REPOSITORY

FILES = sorted(file for file in (REPOSITORY / "www").iterdir() if file.suffix in (".html", ".css", ".js", ".svg"))


def test_all_of_it_weighs_less_than_30_kB_on_the_wire():
    """nginx sends it compressed."""
    assert sum(len(gzip.compress(file.read_bytes(), 6)) for file in FILES) < 30_000


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_text_never_becomes_markup_and_nothing_comes_from_elsewhere(file):
    text = file.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "!important",
                      "style=", " onclick=", "@import", "TODO"):
        assert forbidden not in text, f"{forbidden} in {file.name}"
    elsewhere = [address for address in re.findall(r"https?://[^\s\"'<>)]+", text)
                 if not address.startswith(("http://www.w3.org/2000/svg", "https://developers.facebook.com/"))]
    assert elsewhere == []


def test_styles_use_classes_and_leave_the_hooks_of_the_scripts_alone():
    styles = (REPOSITORY / "www/admin.css").read_text()
    selectors = re.findall(r"^\s*([^@{}/][^{}]*)\{", styles, flags=re.M)
    assert [selector for selector in selectors if re.search(r"#[a-z]|\[data-(?!label)", selector)] == []


def test_scripts_use_hooks_and_leave_the_classes_of_the_styles_alone():
    for file in FILES:
        if file.suffix == ".js":
            selectors = re.findall(r"(?:find|all|closest|matches|querySelector(?:All)?)\(\s*[\"'`]([^\"'`]*)", file.read_text())
            assert [selector for selector in selectors if re.search(r"(^|[\s,>+~(])\.[a-z]", selector)] == [], file.name
