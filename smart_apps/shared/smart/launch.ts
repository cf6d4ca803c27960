import * as oauth from "oauth4webapi";

import type { AppDescription, Config } from "./config.ts";
import { discover } from "./discovery.ts";
import { insecureOnLoopback, Session, type Grant } from "./session.ts";

/** What is to be remembered while the browser is away to sign in. */
interface Waiting {
  iss: string;
  state: string;
  nonce: string;
  verifier: string;
  /** Where the user was going, below /apps/<name>/. */
  goal: string;
  launched: boolean;
  /** The window that asks for a new sign-in, when this is one in a window of its own. */
  again?: string;
}

/** Says in words of its user what can't be done about a launch. */
export class LaunchRefused extends Error {
  override name = "LaunchRefused";
}

/**
 * The session of this tab, once there is one; otherwise the browser goes away to sign in.
 *
 * SMART App Launch 2.2: an EHR's launch (`iss` and `launch`), a standalone one, or the way back from either.
 * Raises LaunchRefused.
 */
export async function enter(app: AppDescription, config: Config): Promise<Session | undefined> {
  const here = new URL(location.href);
  // Another name of this server, such as localhost: sign-in leads back to the one that clients are told.
  const told = new URL(config.issuer).origin;
  if (here.origin !== told) {
    location.replace(told + here.pathname + here.search + here.hash);
    return undefined;
  }
  const given = here.searchParams;
  if (given.has("state") && (given.has("code") || given.has("error"))) return await comeBack(app, here, config);
  const launch = given.get("launch");
  const iss = given.get("iss")?.replace(/\/$/, "") ?? null;
  if (launch !== null && iss !== null) {
    if (!config.issuers.includes(iss)) throw new LaunchRefused("foreign");
    await leave(app, config, iss, { goal: base(app), launch });
    return undefined;
  }
  const again = given.get("again");
  if (again !== null) {
    await leave(app, config, iss ?? config.issuer, { goal: base(app), again });
    return undefined;
  }
  const kept = Session.restore(app.name);
  if (kept !== undefined) return kept;
  await leave(app, config, config.issuer, { goal: here.pathname + here.search + here.hash });
  return undefined;
}

/** Sign in again in a window of its own, so that nothing on this page is lost. */
export function signInAgain(app: AppDescription, session: Session): void {
  const id = oauth.generateRandomState();
  const channel = new BroadcastChannel(`smart-again-${id}`);
  channel.onmessage = (event: MessageEvent<Grant>) => {
    if (session.replace(event.data)) channel.close();
  };
  const query = new URLSearchParams({ again: id, iss: session.grant.iss });
  window.open(`${base(app)}?${query}`, "sign-in", "popup,width=520,height=720");
}

function base(app: AppDescription): string {
  return `/apps/${app.name}/`;
}

/** Another system may know an app by another id. */
function clientOf(app: AppDescription, config: Config, iss: string): string {
  return config.clients[iss]?.[app.name] ?? app.client_id;
}

async function leave(
  app: AppDescription,
  config: Config,
  iss: string,
  how: { goal: string; launch?: string; again?: string },
): Promise<void> {
  const server = await discover(iss);
  if (server.authorization_endpoint === undefined) throw new LaunchRefused("unready");
  const verifier = oauth.generateRandomCodeVerifier();
  const waiting: Waiting = {
    iss,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier,
    goal: how.goal,
    launched: how.launch !== undefined,
    again: how.again,
  };
  sessionStorage.setItem(key(app), JSON.stringify(waiting));
  const address = new URL(server.authorization_endpoint);
  const asked: Record<string, string> = {
    response_type: "code",
    client_id: clientOf(app, config, iss),
    redirect_uri: location.origin + base(app),
    scope: scopeOf(app, waiting.launched),
    state: waiting.state,
    nonce: waiting.nonce,
    aud: iss,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  };
  if (how.launch !== undefined) asked.launch = how.launch;
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  location.assign(address);
}

/** `launch` goes with a launch only. */
function scopeOf(app: AppDescription, launched: boolean): string {
  return app.scope
    .split(" ")
    .filter((scope) => scope !== "launch" || launched)
    .join(" ");
}

async function comeBack(app: AppDescription, here: URL, config: Config): Promise<Session | undefined> {
  const kept = sessionStorage.getItem(key(app));
  if (kept === null) throw new LaunchRefused("stale");
  const waiting = JSON.parse(kept) as Waiting;
  sessionStorage.removeItem(key(app));
  const server = await discover(waiting.iss);
  const client = { client_id: clientOf(app, config, waiting.iss) };
  let answer: oauth.TokenEndpointResponse;
  try {
    const parameters = oauth.validateAuthResponse(server, client, here, waiting.state);
    const sent = await oauth.authorizationCodeGrantRequest(
      server, client, oauth.None(), parameters, location.origin + base(app), waiting.verifier, insecureOnLoopback(waiting.iss),
    );
    answer = await oauth.processAuthorizationCodeResponse(server, client, sent, {
      expectedNonce: app.scope.includes("openid") ? waiting.nonce : oauth.expectNoNonce,
    });
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) throw new LaunchRefused(error.error);
    throw error;
  }
  const session = new Session(app.name, granted(client.client_id, waiting, answer));
  if (waiting.again !== undefined) {
    const channel = new BroadcastChannel(`smart-again-${waiting.again}`);
    channel.postMessage(session.grant);
    channel.close();
    window.close();
    return undefined;
  }
  session.keep();
  history.replaceState(null, "", waiting.goal);
  return session;
}

function granted(clientId: string, waiting: Waiting, answer: oauth.TokenEndpointResponse): Grant {
  const fhirUser = oauth.getValidatedIdTokenClaims(answer)?.fhirUser;
  return {
    iss: waiting.iss,
    clientId,
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    expiresAt: Date.now() + (answer.expires_in ?? 300) * 1000,
    scope: answer.scope ?? "",
    patient: text(answer.patient),
    encounter: text(answer.encounter),
    intent: text(answer.intent),
    fhirContext: Array.isArray(answer.fhirContext) ? (answer.fhirContext as unknown as Grant["fhirContext"]) : undefined,
    // Unsaid is true: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
    needPatientBanner: answer.need_patient_banner !== false,
    fhirUser: typeof fhirUser === "string" ? relative(fhirUser, waiting.iss) : undefined,
    launched: waiting.launched,
  };
}

function relative(reference: string, iss: string): string {
  return reference.startsWith(`${iss}/`) ? reference.slice(iss.length + 1) : reference;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function key(app: AppDescription): string {
  return `smart-waiting:${app.name}`;
}
