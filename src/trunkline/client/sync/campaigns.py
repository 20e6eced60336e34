"""Campaigns, and the leads that they call."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.sync.noun import Noun, Pages
from trunkline.client.wire import path_of


class Campaigns(Noun[types.Campaign]):
    """Campaigns: one assistant calls many."""

    PATH, ONE, MANY = "campaigns", "campaign", "campaigns"

    def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.CampaignSettings]
    ) -> types.NewCampaignReply:
        """Makes a campaign, with leads where they are given; ``warnings`` tell what is to be known of these."""
        return cast(types.NewCampaignReply, self._post("/campaigns", settings, idempotency_key))

    def update(self, id: str, **changes: Unpack[types.CampaignChanges]) -> types.Campaign:
        """Changes only what is given; ``status`` schedules, pauses and cancels."""
        return self._update(id, changes)

    def leads(
        self, id: str, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListLeadsQuery]
    ) -> Pages[types.Lead]:
        """The leads of a campaign that the filters leave."""
        return self._pages(path_of("campaigns", id, "leads"), "leads", limit, offset, filters)

    def add_leads(
        self, id: str, *, idempotency_key: str | None = None, **leads: Unpack[types.NewLeads]
    ) -> types.AddedReply:
        """Adds one lead, ``leads`` or the text of a ``csv`` file."""
        return cast(types.AddedReply, self._post(path_of("campaigns", id, "leads"), leads, idempotency_key))

    def delete_lead(self, id: str, lead_id: str) -> None:
        """Removes a lead. Raises NotFound, and Conflict while it is being called."""
        self._delete(path_of("campaigns", id, "leads", lead_id))
