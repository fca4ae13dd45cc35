"""What a reader does who has no mouse."""

NAME_OF_FOCUSED = """() => {
    const held = document.activeElement;
    return held.getAttribute('aria-label') || held.innerText || held.tagName;
}"""
MOST = 150
"""Steps to any place of a page."""

AT_REST = """() => !document.querySelector('[data-test-script-state="running"]')"""
MOMENT = 300
"""Milliseconds that a reader takes to see what a key did."""


def tab_to(page, name: str) -> None:
    """Press Tab until what has this name is focused."""
    seen = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(NAME_OF_FOCUSED).strip())
        if seen[-1] == name:
            return
    raise LookupError(f"Tab does not lead to '{name}', only to {list(dict.fromkeys(seen))}")


def say_name(page, name: str) -> None:
    """Type the reviewer's name into its field and leave the field again."""
    tab_to(page, "Your name")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    at_rest(page)


def at_rest(page) -> None:
    """Wait, as a reader does, until the page has answered; a key pressed meanwhile can be lost."""
    page.wait_for_timeout(MOMENT)
    page.wait_for_function(AT_REST, timeout=60_000)
