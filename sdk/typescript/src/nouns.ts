/** What calls are made with, what several assistants share, and who is called by the hundred. */

import { pathOf, type Connection, type RequestOptions } from "./connection.js";
import type { ListOptions, Pages } from "./pages.js";
import { Noun, Resource } from "./resource.js";
import type {
  AddedReply,
  Campaign,
  CampaignChanges,
  CampaignSettings,
  DoNotCallEntry,
  EntriesAddedReply,
  Lead,
  NewCampaignReply,
  NewEntries,
  NewLeads,
  TestReply,
  Trunk,
  TrunkChanges,
  TrunkSettings,
  Voice,
  operations,
} from "./schema.js";

/** What a list can be filtered by. */
export type FiltersOf<Name extends keyof operations> = Omit<
  NonNullable<operations[Name]["parameters"]["query"]>,
  "limit" | "offset"
>;

/** SIP trunks. */
export class Trunks extends Noun<Trunk, TrunkSettings, TrunkChanges> {
  constructor(connection: Connection) {
    super(connection, { path: "sip-trunks", one: "trunk", many: "trunks" });
  }

  /** Resolves its address, asks OPTIONS and registers where it should; calls nobody. */
  async test(id: string, options?: RequestOptions): Promise<TestReply> {
    return this.post(pathOf("sip-trunks", id, "test"), {}, options);
  }
}

/** Voices. */
export class Voices extends Resource {
  /** The local voices, and those of the vendors that there is a key of. */
  async list(filters: FiltersOf<"listVoices"> = {}, options?: RequestOptions): Promise<Voice[]> {
    return (await this.read<{ voices: Voice[] }>("/voices", options, filters)).voices;
  }
}

/** The do-not-call list. */
export class DoNotCall extends Resource {
  /** All entries that the filters leave, newest first. */
  list(filters: FiltersOf<"listDoNotCall"> = {}, options?: ListOptions): Pages<DoNotCallEntry> {
    return this.pages("/do-not-call", "entries", options, filters);
  }

  /** Puts a party, or several, on the list; calls to them are refused from now on. */
  async add(entries: NewEntries, options?: RequestOptions): Promise<EntriesAddedReply> {
    return this.post("/do-not-call", entries, options);
  }

  /** Takes a party off the list. Throws NotFound. */
  async remove(id: string, options?: RequestOptions): Promise<void> {
    await this.drop(pathOf("do-not-call", id), options);
  }
}

/** Campaigns: one assistant calls many. */
export class Campaigns extends Resource {
  /** All campaigns, newest first. */
  list(options?: ListOptions): Pages<Campaign> {
    return this.pages("/campaigns", "campaigns", options);
  }

  /** Makes a campaign, with leads where they are given; `warnings` tell what is to be known of these. */
  async create(settings: CampaignSettings, options?: RequestOptions): Promise<NewCampaignReply> {
    return this.post("/campaigns", settings, options);
  }

  /** The campaign with its counters. Throws NotFound. */
  async get(id: string, options?: RequestOptions): Promise<Campaign> {
    return (await this.read<{ campaign: Campaign }>(pathOf("campaigns", id), options)).campaign;
  }

  /** Changes only what is given; `status` schedules, pauses and cancels. */
  async update(id: string, changes: CampaignChanges, options?: RequestOptions): Promise<Campaign> {
    return (await this.patch<{ campaign: Campaign }>(pathOf("campaigns", id), changes, options)).campaign;
  }

  /** Removes a campaign. Throws NotFound. */
  async delete(id: string, options?: RequestOptions): Promise<void> {
    await this.drop(pathOf("campaigns", id), options);
  }

  /** The leads of a campaign that the filters leave. */
  leads(id: string, filters: FiltersOf<"listLeads"> = {}, options?: ListOptions): Pages<Lead> {
    return this.pages(pathOf("campaigns", id, "leads"), "leads", options, filters);
  }

  /** Adds one lead, `leads` or the text of a `csv` file. */
  async addLeads(id: string, leads: NewLeads, options?: RequestOptions): Promise<AddedReply> {
    return this.post(pathOf("campaigns", id, "leads"), leads, options);
  }

  /** Removes a lead. Throws NotFound, and Conflict while it is being called. */
  async deleteLead(id: string, leadId: string, options?: RequestOptions): Promise<void> {
    await this.drop(pathOf("campaigns", id, "leads", leadId), options);
  }
}
