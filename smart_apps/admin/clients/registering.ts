/** What an app can be: in a browser or on a phone without a secret, with a secret, with keys, or a service without people. */
export const KINDS = ["public", "symmetric", "asymmetric", "service"] as const;

/** What is asked of who registers an app. */
export interface Asked {
  name: string;
  kind: (typeof KINDS)[number];
  /** Addresses, one a line. */
  redirects: string;
  launchUri: string;
  jwksUri: string;
  scope: string;
  isTrusted: boolean;
}

export const EMPTY: Asked = { name: "", kind: "public", redirects: "", launchUri: "", jwksUri: "", scope: "", isTrusted: false };

/** What has to be told still. */
export function missingIn(asked: Asked): (keyof Asked)[] {
  const needed: (keyof Asked)[] = ["name", "scope", ...(asked.kind === "service" ? [] : ["redirects" as const]), ...(asked.kind === "service" || asked.kind === "asymmetric" ? ["jwksUri" as const] : [])];
  return needed.filter((member) => String(asked[member]).trim() === "");
}

/** As `/admin/clients` wants it. */
export function bodyOf(asked: Asked): Record<string, unknown> {
  const isService = asked.kind === "service";
  const optional = (name: string, value: string) => (value.trim() === "" ? {} : { [name]: value.trim() });
  return {
    name: asked.name.trim(),
    scope: asked.scope.trim().split(/\s+/).join(" "),
    ...(isService ? { isService: true } : { kind: asked.kind, redirectUris: asked.redirects.split(/\s+/).filter((one) => one !== ""), isTrusted: asked.isTrusted, ...optional("launchUri", asked.launchUri) }),
    ...(isService || asked.kind === "asymmetric" ? optional("jwksUri", asked.jwksUri) : {}),
  };
}
