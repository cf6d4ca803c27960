import * as oauth from "oauth4webapi";

import { discover } from "./discovery.ts";

/** What an app was granted: https://hl7.org/fhir/smart-app-launch/app-launch.html#response-5 */
export interface Grant {
  iss: string;
  clientId: string;
  accessToken: string;
  refreshToken?: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  scope: string;
  patient?: string;
  encounter?: string;
  fhirContext?: { reference?: string; type?: string; role?: string }[];
  intent?: string;
  needPatientBanner: boolean;
  /** Relative to the FHIR base: Practitioner/1. */
  fhirUser?: string;
  /** The app was opened from a record (EHR launch), maybe of another system. */
  launched: boolean;
}

/** The sign-in is over, and only a person can begin a new one. */
export class SignedOut extends Error {
  override name = "SignedOut";
}

const EARLY_MS = 30_000;

/** The grant of this tab; tokens are kept for the tab only, and renewed by one request at a time. */
export class Session {
  private renewing: Promise<void> | undefined;
  private readonly listeners = new Set<(isSignedIn: boolean) => void>();

  constructor(
    private readonly app: string,
    public grant: Grant,
  ) {}

  static restore(app: string): Session | undefined {
    const kept = sessionStorage.getItem(key(app));
    return kept === null ? undefined : new Session(app, JSON.parse(kept) as Grant);
  }

  keep(): void {
    sessionStorage.setItem(key(this.app), JSON.stringify(this.grant));
  }

  /** Forget the grant, here and at the server. */
  async end(): Promise<void> {
    sessionStorage.removeItem(key(this.app));
    const server = await discover(this.grant.iss);
    if (server.revocation_endpoint === undefined) return;
    const token = this.grant.refreshToken ?? this.grant.accessToken;
    await oauth.revocationRequest(server, { client_id: this.grant.clientId }, oauth.None(), token, insecureOnLoopback(this.grant.iss));
  }

  /** Called with false when the sign-in has ended, and with true when there is a new one. */
  onChange(listener: (isSignedIn: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A token that is good now. Raises SignedOut. */
  async token(): Promise<string> {
    if (Date.now() > this.grant.expiresAt - EARLY_MS) await this.renew();
    return this.grant.accessToken;
  }

  /** Another token, because the server refused this one. Raises SignedOut. */
  async renew(): Promise<void> {
    this.renewing ??= this.refresh().finally(() => (this.renewing = undefined));
    await this.renewing;
  }

  /** Go on with the grant of a new sign-in; it must be of the same person and patient. */
  replace(grant: Grant): boolean {
    if (grant.fhirUser !== this.grant.fhirUser || grant.iss !== this.grant.iss) return false;
    this.grant = { ...grant, patient: this.grant.patient, encounter: this.grant.encounter };
    this.keep();
    this.tell(true);
    return true;
  }

  /** May the app do this, as far as its scopes say? `allows("Observation", "c")`. */
  allows(type: string, what: "c" | "r" | "u" | "d" | "s"): boolean {
    return this.grant.scope.split(" ").some((scope) => {
      const [, of, rights] = /^(?:patient|user|system)\/([A-Za-z*]+)\.([a-z*]+)/.exec(scope) ?? [];
      if (of === undefined || rights === undefined || (of !== "*" && of !== type)) return false;
      if (rights === "*") return true;
      if (rights === "read") return what === "r" || what === "s";
      if (rights === "write") return what === "c" || what === "u" || what === "d";
      return rights.includes(what);
    });
  }

  private async refresh(): Promise<void> {
    const { iss, clientId, refreshToken } = this.grant;
    if (refreshToken === undefined) return this.signedOut();
    let answer: oauth.TokenEndpointResponse;
    try {
      const server = await discover(iss);
      const client = { client_id: clientId };
      const sent = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, insecureOnLoopback(iss));
      answer = await oauth.processRefreshTokenResponse(server, client, sent);
    } catch (error) {
      // A lost network isn't the end of the sign-in.
      if (error instanceof TypeError) throw error;
      return this.signedOut();
    }
    this.grant = {
      ...this.grant,
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? refreshToken,
      expiresAt: Date.now() + (answer.expires_in ?? 300) * 1000,
      scope: answer.scope ?? this.grant.scope,
    };
    this.keep();
  }

  private signedOut(): never {
    this.tell(false);
    throw new SignedOut();
  }

  private tell(isSignedIn: boolean): void {
    for (const listener of this.listeners) listener(isSignedIn);
  }
}

/** Plain HTTP is for the user's own machine only. */
/* eslint-disable @typescript-eslint/no-deprecated -- marked so that it stands out, and here it is meant */
export function insecureOnLoopback(iss: string): { [oauth.allowInsecureRequests]?: boolean } {
  const { protocol, hostname } = new URL(iss);
  const isLoopback = hostname === "127.0.0.1" || hostname === "localhost" || hostname === "[::1]";
  return protocol === "http:" && isLoopback ? { [oauth.allowInsecureRequests]: true } : {};
}
/* eslint-enable @typescript-eslint/no-deprecated */

function key(app: string): string {
  return `smart:${app}`;
}
