/** What is kept of what happened: webhook deliveries, what was used and what was changed; and the domain of e-mails. */

import { pathOf, type RequestOptions } from "./connection.js";
import type { FiltersOf } from "./nouns.js";
import type { ListOptions, Pages } from "./pages.js";
import { Resource } from "./resource.js";
import type {
  AuditEntry,
  ChoicesReply,
  Delivery,
  Domain,
  UsageLog,
  UsageReply,
  UsageSummary,
  WebhookTest,
  WebhookTestReply,
} from "./schema.js";

/** Webhook deliveries, and webhooks for trying out. */
export class Webhooks extends Resource {
  /** All deliveries that the filters leave, newest first. */
  deliveries(filters: FiltersOf<"listWebhookDeliveries"> = {}, options?: ListOptions): Pages<Delivery> {
    return this.pages("/webhook-deliveries", "deliveries", options, filters);
  }

  /** One delivery, with its attempts. Throws NotFound. */
  async delivery(id: string, options?: RequestOptions): Promise<Delivery> {
    return (await this.read<{ delivery: Delivery }>(pathOf("webhook-deliveries", id), options)).delivery;
  }

  /** Sends a delivery again. Throws NotFound. */
  async redeliver(id: string, options?: RequestOptions): Promise<Delivery> {
    const path = pathOf("webhook-deliveries", id, "redeliver");
    return (await this.post<{ delivery: Delivery }>(path, {}, options)).delivery;
  }

  /** Sends a webhook for trying out, and tells what came of it. */
  async test(wanted: WebhookTest = {}, options?: RequestOptions): Promise<WebhookTestReply> {
    return this.post("/webhooks/test", wanted, options);
  }
}

/** What was used. */
export class Usage extends Resource {
  /** The answered calls that the filters leave, newest first; `summary` of a page has the sums of all. */
  list(filters: FiltersOf<"listUsage"> = {}, options?: ListOptions): Pages<UsageLog> {
    return this.pages("/usage", "logs", options, filters);
  }

  /** What the answered calls that the filters leave come to. */
  async summary(filters: FiltersOf<"listUsage"> = {}, options?: RequestOptions): Promise<UsageSummary> {
    return (await this.read<UsageReply>("/usage", options, { ...filters, limit: 1 })).summary;
  }
}

/** What was changed, and by whom. */
export class AuditLog extends Resource {
  /** The changes that the filters leave, newest first. */
  list(filters: FiltersOf<"listAuditLog"> = {}, options?: ListOptions): Pages<AuditEntry> {
    return this.pages("/audit-log", "entries", options, filters);
  }
}

/** The domain that reports are e-mailed from; an organisation has one at most. */
export class Domains extends Resource {
  /** The domain as it was last seen; null where there is none. */
  async get(options?: RequestOptions): Promise<Domain | null> {
    return (await this.read<{ domain: Domain | null }>("/domains", options)).domain;
  }

  /** Registers a domain; enter its `records` with who keeps your DNS, then verify it. */
  async create(domainName: string, options?: RequestOptions): Promise<Domain> {
    return this.#domain("/domains", { domain_name: domainName }, options);
  }

  /** Lets the domain go. Throws NotFound where there is none. */
  async delete(options?: RequestOptions): Promise<void> {
    await this.drop("/domains", options);
  }

  /** The domains of your Resend account, and the one that was chosen. */
  async choices(options?: RequestOptions): Promise<ChoicesReply> {
    return this.read("/domains/sync", options);
  }

  /** Chooses a domain of your Resend account. */
  async choose(resendDomainId: string, options?: RequestOptions): Promise<Domain> {
    return this.#domain("/domains/sync", { resend_domain_id: resendDomainId }, options);
  }

  /** Has the records looked for, which takes minutes to hours; refresh to see what came of it. */
  async verify(options?: RequestOptions): Promise<Domain> {
    return this.#domain("/domains/verify", {}, options);
  }

  /** The domain as it stands now. */
  async refresh(options?: RequestOptions): Promise<Domain> {
    return this.#domain("/domains/refresh", {}, options);
  }

  async #domain(path: string, body: unknown, options?: RequestOptions): Promise<Domain> {
    return (await this.post<{ domain: Domain }>(path, body, options)).domain;
  }
}
