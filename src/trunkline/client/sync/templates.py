"""What several assistants share: tools and analyses; and who must never be called."""
# Made from its namesake in aio/ by `make docs`; do not edit.

from typing import Unpack, cast

from trunkline.client import types
from trunkline.client.sync.noun import Noun, Pages, Resource
from trunkline.client.wire import path_of


class ToolTemplates(Noun[types.ToolTemplate]):
    """Tools that assistants name by their id."""

    PATH, ONE, MANY = "tool-templates", "tool_template", "tool_templates"

    def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.ToolTemplateSettings]
    ) -> types.ToolTemplate:
        """Makes a tool template."""
        return self._create(settings, idempotency_key)

    def update(self, id: str, **changes: Unpack[types.ToolTemplateChanges]) -> types.ToolTemplate:
        """Changes only what is given."""
        return self._update(id, changes)


class AnalysisTemplates(Noun[types.AnalysisTemplate]):
    """Analyses that assistants name by their id."""

    PATH, ONE, MANY = "analysis-templates", "analysis_template", "analysis_templates"

    def create(
        self, *, idempotency_key: str | None = None, **settings: Unpack[types.AnalysisTemplateSettings]
    ) -> types.AnalysisTemplate:
        """Makes an analysis template."""
        return self._create(settings, idempotency_key)

    def update(self, id: str, **changes: Unpack[types.AnalysisTemplateChanges]) -> types.AnalysisTemplate:
        """Changes only what is given."""
        return self._update(id, changes)


class DoNotCall(Resource):
    """The do-not-call list."""

    def list(
        self, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListDoNotCallQuery]
    ) -> Pages[types.DoNotCallEntry]:
        """All entries, newest first."""
        return self._pages("/do-not-call", "entries", limit, offset, filters)

    def add(
        self, *, idempotency_key: str | None = None, **entries: Unpack[types.NewEntries]
    ) -> types.EntriesAddedReply:
        """Puts a party, or several, on the list; calls to them are refused from now on."""
        return cast(types.EntriesAddedReply, self._post("/do-not-call", entries, idempotency_key))

    def remove(self, id: str) -> None:
        """Takes a party off the list. Raises NotFound."""
        self._delete(path_of("do-not-call", id))
