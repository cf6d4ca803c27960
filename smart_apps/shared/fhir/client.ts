import type { Bundle, FhirResource, OperationOutcome } from "fhir/r4";

import { SignedOut, type Session } from "../smart/session.ts";

/** The server refused, or couldn't. `outcome` is what it said. */
export class FhirError extends Error {
  override name = "FhirError";

  constructor(
    readonly status: number,
    readonly outcome?: OperationOutcome,
  ) {
    super(outcome?.issue.map((issue) => issue.diagnostics ?? issue.details?.text ?? issue.code).join("; ") ?? `HTTP ${status}`);
  }

  /** Somebody has changed the resource since it was read. */
  get isConflict(): boolean {
    return this.status === 412 || this.status === 409;
  }
}

/** The server couldn't be reached; nothing is known of what became of a change. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

export type Parameters = Record<string, string | number | boolean | readonly string[] | undefined>;

/** A resource that has been stored. */
export type Stored<T extends FhirResource> = T & { id: string };

/** FHIR R4 over HTTP with the token of a session, which goes to its own server and nowhere else. */
export class Fhir {
  constructor(private readonly session: Session) {}

  get base(): string {
    return this.session.grant.iss;
  }

  /** Read a resource, or a version: `read<Patient>("Patient", "1")`. Raises FhirError, Unreachable, SignedOut. */
  read<T extends FhirResource>(type: T["resourceType"], id: string, version?: string): Promise<Stored<T>> {
    return this.json(`${type}/${id}${version === undefined ? "" : `/_history/${version}`}`);
  }

  search<T extends FhirResource = FhirResource>(type: string, parameters: Parameters): Promise<Bundle<T>> {
    return this.json(`${type}?${queryOf(parameters)}`);
  }

  /** A page of a searchset, by its link. */
  page<T extends FhirResource>(link: string): Promise<Bundle<T>> {
    return this.json(link);
  }

  /** Several requests in one. */
  batch(requests: readonly string[]): Promise<Bundle> {
    return this.json("", {
      method: "POST",
      body: {
        resourceType: "Bundle",
        type: "batch",
        entry: requests.map((url) => ({ request: { method: "GET", url } })),
      },
    });
  }

  /** All or nothing. */
  transaction(entry: NonNullable<Bundle["entry"]>): Promise<Bundle> {
    return this.json("", { method: "POST", body: { resourceType: "Bundle", type: "transaction", entry } });
  }

  /** Create; with `once` (an identifier's search) only if there is none yet, so that a second try makes no second one. */
  create<T extends FhirResource>(resource: T, once?: string): Promise<Stored<T>> {
    return this.json(resource.resourceType, {
      method: "POST",
      body: resource,
      headers: once === undefined ? {} : { "If-None-Exist": once },
    });
  }

  /** Update the version that was read: FhirError with isConflict when there is a newer one. */
  update<T extends FhirResource & { id?: string }>(resource: T): Promise<Stored<T>> {
    const version = resource.meta?.versionId;
    return this.json(`${resource.resourceType}/${resource.id ?? ""}`, {
      method: "PUT",
      body: resource,
      headers: version === undefined ? {} : { "If-Match": `W/"${version}"` },
    });
  }

  /** JSON Patch: https://hl7.org/fhir/R4/http.html#patch */
  patch<T extends FhirResource>(
    type: T["resourceType"], id: string, changes: { op: string; path: string; value?: unknown }[], version?: string,
  ): Promise<Stored<T>> {
    return this.json(`${type}/${id}`, {
      method: "PATCH",
      body: changes,
      headers: {
        "Content-Type": "application/json-patch+json",
        ...(version === undefined ? {} : { "If-Match": `W/"${version}"` }),
      },
    });
  }

  async remove(type: string, id: string): Promise<void> {
    await this.send(`${type}/${id}`, { method: "DELETE" });
  }

  /** An operation: `operation("Appointment/$book", parameters)`. Without a body it is a GET; `version` goes as If-Match, `language` as Accept-Language. */
  operation<T>(path: string, body?: unknown, version?: string, language?: string): Promise<T> {
    const headers: Record<string, string> = { ...(version === undefined ? {} : { "If-Match": `W/"${version}"` }), ...(language === undefined ? {} : { "Accept-Language": language }) };
    return this.json(path, body === undefined ? {} : { method: "POST", body, headers });
  }

  /** Anything that isn't JSON: a Binary's content, an image. */
  async bytes(path: string, accept = "*/*"): Promise<Blob> {
    return (await this.send(path, { headers: { Accept: accept } })).blob();
  }

  /** Another address of the same server than FHIR's: `/admin/users`, `/dicom-web/studies`. */
  async other<T>(address: string, options: { method?: string; body?: unknown; accept?: string; language?: string } = {}): Promise<T> {
    const absolute = new URL(address, this.base).href;
    const answer = await this.send(absolute, {
      method: options.method,
      body: options.body,
      headers: { Accept: options.accept ?? "application/json", ...(options.language === undefined ? {} : { "Accept-Language": options.language }), ...(options.body === undefined ? {} : { "Content-Type": "application/json" }) },
    });
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  /**
   * A request with the token; `body` is sent as JSON unless it is a Blob or FormData. Statuses in `accept` are answers, too.
   * Raises FhirError, Unreachable, SignedOut.
   */
  async send(
    path: string,
    options: { method?: string; body?: unknown; headers?: Record<string, string>; accept?: readonly number[] } = {},
  ): Promise<Response> {
    const address = this.addressOf(path);
    const isRaw = options.body instanceof Blob || options.body instanceof FormData;
    const attempt = async () => {
      const headers: Record<string, string> = { Accept: "application/fhir+json", ...options.headers };
      if (options.body !== undefined && !isRaw) headers["Content-Type"] ??= "application/fhir+json";
      headers.Authorization = `Bearer ${await this.session.token()}`;
      const body = isRaw ? (options.body as Blob | FormData) : options.body === undefined ? undefined : JSON.stringify(options.body);
      return fetch(address, { method: options.method ?? "GET", headers, body, redirect: "error" });
    };
    let answer: Response;
    try {
      answer = await attempt();
      if (answer.status === 401) {
        await this.session.renew();
        answer = await attempt();
      }
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      throw new Unreachable(String(error));
    }
    if (!answer.ok && options.accept?.includes(answer.status) !== true) throw new FhirError(answer.status, await outcomeOf(answer));
    return answer;
  }

  private async json<T>(path: string, options: Parameters_<Fhir["send"]>[1] = {}): Promise<T> {
    const answer = await this.send(path, options);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  /** Addresses of other servers never get the token. */
  private addressOf(path: string): string {
    const base = `${this.base.replace(/\/$/, "")}/`;
    const address = path === "" ? new URL(this.base) : new URL(path, base);
    if (address.origin !== new URL(base).origin) throw new Error(`${address.origin} is another server`);
    return address.href;
  }
}

type Parameters_<F extends (...given: never[]) => unknown> = F extends (...given: infer P) => unknown ? P : never;

/** `a=1&a=2` of a list means both (and); commas within a value mean either. */
export function queryOf(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value as string | number | boolean]) query.append(name, String(one));
  }
  return query.toString();
}

async function outcomeOf(answer: Response): Promise<OperationOutcome | undefined> {
  try {
    const said = (await answer.json()) as { resourceType?: string };
    return said.resourceType === "OperationOutcome" ? (said as OperationOutcome) : undefined;
  } catch {
    return undefined;
  }
}
