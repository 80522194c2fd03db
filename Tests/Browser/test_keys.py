"""Keys: shown once, seen in use, taken back."""

import pytest
from playwright.sync_api import expect
from seen import go, region, toast
from stage import wait_until


def test_a_key_is_made_for_a_client_shown_once_used_and_revoked(stage, sign_in):
    [john] = stage.connect("john")
    stage.map("client_001", john, "104567890123")
    stage.map("client_002", john, "104567890123")
    page = sign_in(stage)
    keys = go(page, "#/keys", "Keys")
    expect(keys).to_contain_text("No key yet.")
    keys.get_by_role("button", name="Make a key").click()
    expect(keys.get_by_role("alert")).to_have_text("This field may not be blank.")
    keys.get_by_label("Label").fill("Website")
    keys.get_by_label("Only for clients").fill("client_001")
    keys.get_by_role("button", name="Make a key").click()
    expect(keys.get_by_role("heading", name="The key")).to_be_focused()
    stage.key = keys.locator("pre").inner_text()
    assert stage.key.startswith("mm_")
    assert stage.request("GET", "/api/meta/instagram/client_002/")[0] == 404

    def is_seen_in_use():
        """The time of use is written when nobody has to wait for it."""
        assert stage.request("GET", "/api/meta/instagram/client_001/")[0] == 200
        page.reload()
        expect(keys.get_by_role("listitem")).to_contain_text("only client_001")
        return "Used " in keys.get_by_role("listitem").inner_text()

    wait_until(is_seen_in_use, "its use is not seen")
    assert stage.key not in page.content()
    keys.get_by_role("button", name="Revoke Website").click()
    keys.get_by_role("button", name="Revoke?").click()
    expect(toast(page)).to_contain_text("is revoked")
    expect(keys).to_contain_text("No key yet.")
    assert stage.request("GET", "/api/meta/instagram/client_001/")[0] == 401


@pytest.mark.chromium("Firefox is driven by two clicks, where a hand makes one double click")
def test_a_double_click_makes_one_key_and_leaves_it_in_sight(stage, sign_in):
    keys = go(sign_in(stage), "#/keys", "Keys")
    keys.get_by_label("Label").fill("Website")
    keys.get_by_role("button", name="Make a key").dblclick()
    expect(keys.get_by_role("heading", name="The key")).to_be_focused()
    expect(keys.get_by_role("listitem")).to_have_count(1)
    expect(keys.get_by_role("alert")).to_have_count(0)


@pytest.mark.chromium("Firefox is driven by two clicks, where a hand makes one double click")
def test_the_second_press_of_a_double_click_does_nothing_to_what_came_since(stage, sign_in):
    page = sign_in(stage)
    keys = go(page, "#/keys", "Keys")
    keys.get_by_label("Label").fill("Website")
    place = keys.get_by_role("button", name="Make a key").bounding_box()
    page.mouse.move(place["x"] + 20, place["y"] + 10)

    def press(number):
        page.mouse.down(click_count=number)
        page.mouse.up(click_count=number)

    press(1)
    heading = keys.get_by_role("heading", name="The key")
    expect(heading).to_be_focused()
    press(2)
    expect(heading).to_be_focused()
    page.evaluate("""() => {
      const button = document.createElement("button");
      button.style.cssText = "position: fixed; inset: 0; z-index: 9";
      button.textContent = "Late";
      button.onclick = () => (button.textContent = "Pressed");
      document.querySelector("main").append(button);
    }""")
    press(3)
    expect(heading).to_be_focused()
    expect(page.get_by_role("button", name="Late")).to_be_visible()
    press(1)
    expect(page.get_by_role("button", name="Pressed")).to_be_focused()


@pytest.mark.chromium("Firefox is driven by two clicks, where a hand makes one double click")
def test_a_double_click_selects_a_word(stage, sign_in):
    keys = go(sign_in(stage), "#/keys", "Keys")
    keys.get_by_role("heading", name="Keys").dblclick()
    assert keys.page.evaluate("getSelection().toString().trim()") == "Keys"


@pytest.mark.chromium("Firefox lets its driver ask for nothing in its place")
def test_a_key_whose_answer_was_lost_on_the_way_is_in_the_list(stage, sign_in):
    page = sign_in(stage)
    keys = go(page, "#/keys", "Keys")
    page.route("**/apikeys/", lambda route: (route.fetch(), route.abort()))
    keys.get_by_label("Label").fill("Website")
    keys.get_by_role("button", name="Make a key").click()
    expect(keys.get_by_role("listitem")).to_contain_text("Website")
    expect(keys.get_by_role("alert")).to_have_count(0)
    expect(keys.get_by_label("Label")).to_have_value("Website")


def test_the_first_key_does_not_lock_the_page_out(stage, open_page):
    keys = go(open_page(stage.url), "#/keys", "Keys")
    expect(keys).to_contain_text("Set an admin password first.")
    expect(keys.get_by_role("button", name="Make a key")).to_have_count(0)
