"""What several assistants share: tools and analyses; and who must never be called."""

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.aio.noun import AsyncNoun, AsyncPages, AsyncResource
from trunkline.client.wire import path_of


class AsyncToolTemplates(AsyncNoun[types.ToolTemplate]):
    """Tools that assistants name by their id."""

    PATH, ONE, MANY = "tool-templates", "tool_template", "tool_templates"

    async def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.ToolTemplateSettings]
    ) -> types.ToolTemplate:
        """Makes a tool template."""
        return await self._create(settings, idempotency_key)

    async def update(self, id: str, **changes: Unpack[types.ToolTemplateChanges]) -> types.ToolTemplate:
        """Changes only what is given."""
        return await self._update(id, changes)


class AsyncAnalysisTemplates(AsyncNoun[types.AnalysisTemplate]):
    """Analyses that assistants name by their id."""

    PATH, ONE, MANY = "analysis-templates", "analysis_template", "analysis_templates"

    async def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.AnalysisTemplateSettings]
    ) -> types.AnalysisTemplate:
        """Makes an analysis template."""
        return await self._create(settings, idempotency_key)

    async def update(self, id: str, **changes: Unpack[types.AnalysisTemplateChanges]) -> types.AnalysisTemplate:
        """Changes only what is given."""
        return await self._update(id, changes)


class AsyncDoNotCall(AsyncResource):
    """The do-not-call list."""

    def list(
        self, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListDoNotCallQuery]
    ) -> AsyncPages[types.DoNotCallEntry]:
        """All entries, newest first."""
        return self._pages("/do-not-call", "entries", limit, offset, filters)

    async def add(
        self, *, idempotency_key: str | None = None, **entries: Unpack[types.NewEntries]
    ) -> types.EntriesAddedReply:
        """Puts a party, or several, on the list; calls to them are refused from now on."""
        return cast(types.EntriesAddedReply, await self._post("/do-not-call", entries, idempotency_key))

    async def remove(self, id: str) -> None:
        """Takes a party off the list. Raises NotFound."""
        await self._delete(path_of("do-not-call", id))
