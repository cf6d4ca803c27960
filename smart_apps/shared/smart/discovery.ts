import type { AuthorizationServer } from "oauth4webapi";

interface SmartConfiguration {
  issuer?: string;
  authorization_endpoint: string;
  token_endpoint: string;
  revocation_endpoint?: string;
  jwks_uri?: string;
  authorization_response_iss_parameter_supported?: boolean;
}

/**
 * Where to sign in for a FHIR base.
 * https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known
 */
export async function discover(iss: string): Promise<AuthorizationServer> {
  const address = `${iss.replace(/\/$/, "")}/.well-known/smart-configuration`;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const said = (await answer.json()) as SmartConfiguration;
  // A server without OpenID Connect has no issuer of its own name: the FHIR base stands for it.
  return { ...said, issuer: said.issuer ?? iss };
}
