"""What all nouns of the API have in common: pages, and reading, making, changing and removing one thing."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

from trunkline.client.aio.connection import AsyncConnection
from trunkline.client.page import PAGE_SIZE, Page, PageRequest, page_of
from trunkline.client.wire import Request, path_of

T = TypeVar("T")


class AsyncPages(Generic[T]):
    """A list that is read page by page while it is iterated over. ``limit`` is how many it gives in all; None: all."""

    def __init__(self, connection: AsyncConnection, wanted: PageRequest) -> None:
        self._connection = connection
        self._wanted = wanted

    async def page(self) -> Page[T]:
        """The first page alone, with the number that there are in all."""
        return await self._page(self._wanted.offset, min(self._wanted.limit or PAGE_SIZE, PAGE_SIZE))

    async def __aiter__(self) -> AsyncIterator[T]:
        left, offset = self._wanted.limit, self._wanted.offset
        before: list[object] = []
        while left is None or left > 0:
            size = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
            page = await self._page(offset, size)
            ids = [_id_of(item) for item in page.items]
            for item, item_id in zip(page.items, ids, strict=True):
                if item_id is None or item_id not in before:
                    yield item
            before, offset = ids, offset + len(page.items)
            left = None if left is None else left - len(page.items)
            if len(page.items) < size or offset >= page.total:
                return

    async def _page(self, offset: int, limit: int) -> Page[T]:
        query = {**self._wanted.query, "limit": limit, "offset": offset}
        return page_of(await self._connection.ask(Request("GET", self._wanted.path, query)), self._wanted.name)


class AsyncResource:
    """A part of the API."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        return await self._connection.ask(Request("GET", path, query or {}))

    async def _post(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Any:
        request = Request("POST", path, query or {}, body or {}, idempotency_key=idempotency_key)
        return await self._connection.ask(request)

    async def _patch(self, path: str, body: Mapping[str, object]) -> Any:
        return await self._connection.ask(Request("PATCH", path, body=body))

    async def _delete(self, path: str) -> None:
        await self._connection.reply(Request("DELETE", path))

    def _pages(
        self,
        path: str,
        name: str,
        limit: int | None = None,
        offset: int = 0,
        query: Mapping[str, object] | None = None,
    ) -> AsyncPages[Any]:
        return AsyncPages(self._connection, PageRequest(path, name, limit, offset, query or {}))


class AsyncNoun(AsyncResource, Generic[T]):
    """Things of one kind: listed, read and removed alike. ``PATH`` is theirs, ``ONE`` and ``MANY`` name them in replies."""

    PATH: ClassVar[str]
    ONE: ClassVar[str]
    MANY: ClassVar[str]

    def list(self, *, limit: int | None = None, offset: int = 0) -> AsyncPages[T]:
        """All of them, newest first."""
        return self._pages(f"/{self.PATH}", self.MANY, limit, offset)

    async def get(self, id: str) -> T:
        """The one with this id. Raises NotFound."""
        return cast(T, (await self._get(path_of(self.PATH, id)))[self.ONE])

    async def delete(self, id: str) -> None:
        """Removes the one with this id. Raises NotFound."""
        await self._delete(path_of(self.PATH, id))

    async def _create(self, body: Mapping[str, object], idempotency_key: str | None) -> T:
        return cast(T, (await self._post(f"/{self.PATH}", body, idempotency_key))[self.ONE])

    async def _update(self, id: str, body: Mapping[str, object]) -> T:
        return cast(T, (await self._patch(path_of(self.PATH, id), body))[self.ONE])


def _id_of(item: object) -> object:
    return item.get("id") if isinstance(item, dict) else None
