/** The client of Trunkline: everything that the API does, for Node and the browser. */

export type { CallEvent, EventsOptions } from "./events.js";
export type { ClientOptions, RequestOptions } from "./connection.js";
export type { ListOptions, Page, Pages } from "./pages.js";
export type * from "./schema.js";
export { Trunkline } from "./client.js";
export * from "./errors.js";
export { verify, type VerifyOptions, type WebhookMessage } from "./webhooks.js";
