/** Whose calls these are: the organisation, its keys, and its keys of vendors. */

import { pathOf, type RequestOptions } from "./connection.js";
import type { ListOptions, Pages } from "./pages.js";
import { Resource } from "./resource.js";
import type {
  ApiKey,
  ByokConfigReply,
  ByokConfigSet,
  CreatedApiKey,
  CreatedOrganisation,
  NewByokConfig,
  NewKey,
  NewOrganisation,
  NewProviderKey,
  Organisation,
  OrganisationChanges,
  SecretIds,
} from "./schema.js";

/** The organisation of the key, and those that it made. */
export class Organisations extends Resource {
  /** The organisation. */
  async get({ includeChildren = false }: { includeChildren?: boolean } = {}, options?: RequestOptions): Promise<Organisation> {
    return this.read("/organizations", options, { include_children: includeChildren });
  }

  /** Makes an organisation that bills to this one; its `api_key` is in the reply and never again. */
  async create(settings: NewOrganisation, options?: RequestOptions): Promise<CreatedOrganisation> {
    return this.post("/organizations", settings, options);
  }

  /** Changes only what is given; null clears. */
  async update(changes: OrganisationChanges, options?: RequestOptions): Promise<Organisation> {
    return this.patch("/organizations", changes, options);
  }
}

/** API keys. */
export class ApiKeys extends Resource {
  /** All keys, revoked ones too. */
  list(options?: ListOptions): Pages<ApiKey> {
    return this.pages("/api-keys", "api_keys", options);
  }

  /** Makes a key; its text is `key` of the reply and never shown again. */
  async create(settings: NewKey, options?: RequestOptions): Promise<CreatedApiKey> {
    return (await this.post<{ api_key: CreatedApiKey }>("/api-keys", settings, options)).api_key;
  }

  /** Makes a key work no more, at once. */
  async revoke(id: string, options?: RequestOptions): Promise<void> {
    await this.drop(pathOf("api-keys", id), options);
  }
}

/** Keys of your own for vendors, and defaults. */
export class Byok extends Resource {
  /** Which keys are stored; the keys themselves are never shown. */
  async get(options?: RequestOptions): Promise<SecretIds> {
    return (await this.read<{ byok_keys: SecretIds }>("/byok", options)).byok_keys;
  }

  /** Stores a vendor's key in place of the one that was there; with `verify` the vendor is asked about it first. */
  async store(key: NewProviderKey, { verify }: { verify?: boolean } = {}, options?: RequestOptions): Promise<SecretIds> {
    return (await this.post<{ byok_keys: SecretIds }>("/byok", key, options, { verify })).byok_keys;
  }

  /** Removes a vendor's key. */
  async forget(provider: string, options: RequestOptions = {}): Promise<SecretIds> {
    const request = { ...options, method: "DELETE" as const, path: "/byok", body: { provider } };
    return (await this.connection.ask<{ byok_keys: SecretIds }>(request)).byok_keys;
  }

  /** The vendors and models that there are, and the defaults that were chosen. */
  async config(options?: RequestOptions): Promise<ByokConfigReply> {
    return this.read("/byok/config", options);
  }

  /** Sets the defaults for a vendor. */
  async setConfig(config: NewByokConfig, options?: RequestOptions): Promise<ByokConfigSet> {
    return this.post("/byok/config", config, options);
  }
}
