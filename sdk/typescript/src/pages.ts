/** Lists that are read page by page. */

import type { Connection, Query, RequestOptions } from "./connection.js";

export const PAGE_SIZE = 100;

/** A part of a list; `total` is how many there are in all, `summary` what some lists add up to. */
export interface Page<T> {
  items: T[];
  total: number;
  limit: number;
  offset: number;
  summary?: Record<string, unknown>;
}

/** Which part of a list. */
export interface ListOptions extends RequestOptions {
  /** How many in all; left out, all there are. */
  limit?: number;
  /** How many to pass over. */
  offset?: number;
}

/** A list that is read page by page while it is iterated over. */
export class Pages<T> implements AsyncIterable<T> {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #name: string;
  readonly #options: ListOptions;
  readonly #query: Query;

  constructor(connection: Connection, path: string, name: string, options: ListOptions, query: Query) {
    this.#connection = connection;
    this.#path = path;
    this.#name = name;
    this.#options = options;
    this.#query = query;
  }

  /** The first page alone, with the number that there are in all. */
  async page(): Promise<Page<T>> {
    return this.#page(this.#options.offset ?? 0, Math.min(this.#options.limit ?? PAGE_SIZE, PAGE_SIZE));
  }

  /** All of it at once. */
  async all(): Promise<T[]> {
    const found: T[] = [];
    for await (const item of this) found.push(item);
    return found;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let left = this.#options.limit ?? Infinity;
    let offset = this.#options.offset ?? 0;
    let before = new Set<unknown>();
    while (left > 0) {
      const size = Math.min(left, PAGE_SIZE);
      const page = await this.#page(offset, size);
      const ids = page.items.map((item) => (item as { id?: unknown }).id);
      for (const [place, item] of page.items.entries()) {
        if (ids[place] === undefined || !before.has(ids[place])) yield item;
      }
      before = new Set(ids);
      offset += page.items.length;
      left -= page.items.length;
      if (page.items.length < size || offset >= page.total) return;
    }
  }

  async #page(offset: number, limit: number): Promise<Page<T>> {
    const { signal } = this.#options;
    const query = { ...this.#query, limit, offset };
    const reply = await this.#connection.ask<Record<string, unknown>>({
      method: "GET",
      path: this.#path,
      query,
      ...(signal ? { signal } : {}),
    });
    const items = reply[this.#name] as T[];
    const about = (reply["pagination"] ?? reply) as { total?: number; limit?: number; offset?: number };
    const summary = reply["summary"] as Record<string, unknown> | undefined;
    const { total = items.length, limit: most = items.length, offset: start = 0 } = about;
    return { items, total, limit: most, offset: start, ...(summary ? { summary } : {}) };
  }
}
