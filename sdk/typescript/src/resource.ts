/** What all nouns of the API have in common: reading, making, changing and removing one thing, and listing all. */

import { Connection, pathOf, type Query, type RequestOptions } from "./connection.js";
import { Pages, type ListOptions } from "./pages.js";

/** A part of the API. */
export class Resource {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  protected get connection(): Connection {
    return this.#connection;
  }

  protected read<T>(path: string, options: RequestOptions = {}, query?: Query): Promise<T> {
    return this.#connection.ask<T>({ ...options, method: "GET", path, query });
  }

  protected post<T>(path: string, body: unknown, options: RequestOptions = {}, query?: Query): Promise<T> {
    return this.#connection.ask<T>({ ...options, method: "POST", path, body, query });
  }

  protected patch<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.#connection.ask<T>({ ...options, method: "PATCH", path, body });
  }

  protected async drop(path: string, options: RequestOptions = {}): Promise<void> {
    await this.#connection.ask({ ...options, method: "DELETE", path });
  }

  protected pages<T>(path: string, name: string, options: ListOptions = {}, query: Query = {}): Pages<T> {
    return new Pages<T>(this.#connection, path, name, options, query);
  }
}

/** Where things of one kind are: their path, and what one and many of them are called in replies. */
export interface Names {
  path: string;
  one: string;
  many: string;
}

/** Things of one kind, of which all are listed, made, read, changed and removed alike. */
export class Noun<T, Settings, Changes> extends Resource {
  readonly #names: Names;

  constructor(connection: Connection, names: Names) {
    super(connection);
    this.#names = names;
  }

  /** All of them, newest first. */
  list(options?: ListOptions): Pages<T> {
    return this.pages<T>(`/${this.#names.path}`, this.#names.many, options);
  }

  /** Makes one. */
  async create(settings: Settings, options?: RequestOptions): Promise<T> {
    return this.#one(await this.post(`/${this.#names.path}`, settings, options));
  }

  /** The one with this id. Throws NotFound. */
  async get(id: string, options?: RequestOptions): Promise<T> {
    return this.#one(await this.read(pathOf(this.#names.path, id), options));
  }

  /** Changes only what is given. Throws NotFound. */
  async update(id: string, changes: Changes, options?: RequestOptions): Promise<T> {
    return this.#one(await this.patch(pathOf(this.#names.path, id), changes, options));
  }

  /** Removes the one with this id. Throws NotFound. */
  async delete(id: string, options?: RequestOptions): Promise<void> {
    await this.drop(pathOf(this.#names.path, id), options);
  }

  #one(reply: Record<string, unknown>): T {
    return reply[this.#names.one] as T;
  }
}
