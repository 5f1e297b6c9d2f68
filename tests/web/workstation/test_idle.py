"""A session that nobody uses ends: the reader is warned, may stay, and loses nothing that was saved."""

from __future__ import annotations

import pytest

from limner.serve.settings import Accounts
from tests.web.workstation import front

pytestmark = [pytest.mark.browser, pytest.mark.slow]
IDLE_S = 8


def test_the_reader_is_warned_may_stay_and_is_logged_out_in_the_end(tmp_path, browser):
    accounts = Accounts(idle_minutes=IDLE_S / 60).model_dump()
    with front.workstation(tmp_path, accounts=accounts) as station:
        opened = station.open(browser, "/jobs?show=failed")
        warning = opened.page.get_by_role("alert").filter(has_text="you will be logged out")
        warning.wait_for(timeout=1000 * IDLE_S)
        warning.get_by_role("button", name="Stay logged in").click()
        warning.wait_for(state="detached")
        warning.wait_for(timeout=1000 * IDLE_S)
        opened.page.wait_for_url("**/login?back=%2Fjobs%3Fshow%3Dfailed", timeout=1000 * IDLE_S)
        opened.page.get_by_text("You were logged out").wait_for()
        assert opened.page.get_by_text("Brandt").count() == 0
