"""How long an organisation keeps its calls is its own to say, within what makes sense."""

from typing import Any

import pytest

from tests.api.world import Api

pytestmark = pytest.mark.room


async def test_an_organisation_says_how_long_it_keeps_its_calls(api_on_each: Api) -> None:
    ours = api_on_each.ours
    before = (await ours.get("/organizations")).json()
    assert (before["content_retention_days"], before["metadata_retention_days"]) == (365, 730)
    days = {"content_retention_days": 30, "metadata_retention_days": 45}
    changed = await ours.patch("/organizations", json=days)
    assert (changed.status_code, changed.json() | days) == (200, changed.json())
    later = await ours.patch("/organizations", json={"metadata_retention_days": 30})
    assert later.json()["metadata_retention_days"] == 30
    theirs = (await api_on_each.theirs.get("/organizations")).json()
    assert theirs["content_retention_days"] == 365


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"content_retention_days": 31}, "content_retention_days"),
        ({"content_retention_days": None}, "content_retention_days"),
        ({"metadata_retention_days": 29}, "metadata_retention_days"),
        ({"metadata_retention_days": 731}, "metadata_retention_days"),
        ({"metadata_retention_days": None}, "metadata_retention_days"),
        ({"metadata_retention_days": 364}, "content_retention_days"),
        ({"content_retention_days": 90, "metadata_retention_days": 60}, "content_retention_days"),
    ],
)
async def test_what_makes_no_sense_is_refused(api: Api, days: dict[str, Any], field: str) -> None:
    for reply in (
        await api.ours.patch("/organizations", json=days),
        await api.ours.post("/organizations", json={"name": "Child", **days}),
    ):
        assert reply.status_code == 400
        assert reply.json()["details"][0].startswith(f"{field}: "), reply.text
