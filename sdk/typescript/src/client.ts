/** The client: the parts of the API, by noun. */

import { ApiKeys, Byok, Organisations } from "./account.js";
import { Calls } from "./calls.js";
import { Connection, type ClientOptions, type RequestOptions } from "./connection.js";
import { Campaigns, DoNotCall, Trunks, Voices } from "./nouns.js";
import { AuditLog, Domains, Usage, Webhooks } from "./records.js";
import { Noun } from "./resource.js";
import type {
  AnalysisTemplate,
  AnalysisTemplateChanges,
  AnalysisTemplateSettings,
  Assistant,
  AssistantChanges,
  AssistantSettings,
  HealthReply,
  NumberChanges,
  NumberSettings,
  PhoneNumber,
  ToolTemplate,
  ToolTemplateChanges,
  ToolTemplateSettings,
} from "./schema.js";

/** One installation, with one key. */
export class Trunkline {
  readonly #connection: Connection;
  readonly calls: Calls;
  readonly assistants: Noun<Assistant, AssistantSettings, AssistantChanges>;
  readonly numbers: Noun<PhoneNumber, NumberSettings, NumberChanges>;
  readonly trunks: Trunks;
  readonly voices: Voices;
  readonly toolTemplates: Noun<ToolTemplate, ToolTemplateSettings, ToolTemplateChanges>;
  readonly analysisTemplates: Noun<AnalysisTemplate, AnalysisTemplateSettings, AnalysisTemplateChanges>;
  readonly campaigns: Campaigns;
  readonly doNotCall: DoNotCall;
  readonly organisations: Organisations;
  readonly apiKeys: ApiKeys;
  readonly byok: Byok;
  readonly webhooks: Webhooks;
  readonly usage: Usage;
  readonly auditLog: AuditLog;
  readonly domains: Domains;

  /** Throws TypeError for an address that is none. */
  constructor(options: ClientOptions | Connection = {}) {
    const connection = options instanceof Connection ? options : new Connection(options);
    this.#connection = connection;
    this.calls = new Calls(connection);
    this.assistants = new Noun(connection, { path: "assistants", one: "assistant", many: "assistants" });
    this.numbers = new Noun(connection, { path: "numbers", one: "number", many: "numbers" });
    this.trunks = new Trunks(connection);
    this.voices = new Voices(connection);
    this.toolTemplates = new Noun(connection, { path: "tool-templates", one: "tool_template", many: "tool_templates" });
    this.analysisTemplates = new Noun(connection, {
      path: "analysis-templates",
      one: "analysis_template",
      many: "analysis_templates",
    });
    this.campaigns = new Campaigns(connection);
    this.doNotCall = new DoNotCall(connection);
    this.organisations = new Organisations(connection);
    this.apiKeys = new ApiKeys(connection);
    this.byok = new Byok(connection);
    this.webhooks = new Webhooks(connection);
    this.usage = new Usage(connection);
    this.auditLog = new AuditLog(connection);
    this.domains = new Domains(connection);
  }

  /** The same client, acting for a child of the key's organisation. */
  actingFor(organisationId: string): Trunkline {
    return new Trunkline(this.#connection.forOrganisation(organisationId));
  }

  /** How the installation is; `status` tells, also where a part is down. */
  async health(options: RequestOptions = {}): Promise<HealthReply> {
    return this.#connection.ask({ ...options, method: "GET", path: "/health", also: 503 });
  }
}
