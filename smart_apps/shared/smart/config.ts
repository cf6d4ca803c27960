/** An app as its app.json describes it. */
export interface AppDescription {
  name: string;
  title: Record<string, string>;
  description: Record<string, string>;
  icon: string;
  client_id: string;
  scope: string;
  launch: string[];
  roles: string[];
  order: number;
}

/** What the server that served this page says of itself: /apps/config.json. */
export interface Config {
  /** Its FHIR base; tokens of this server go nowhere else. */
  issuer: string;
  /** FHIR bases that may launch these apps. */
  issuers: string[];
  /** As which client an app is known to another issuer: by issuer, then by app. */
  clients: Record<string, Record<string, string>>;
  push: string;
  dicomweb: string;
  /** The hospital's name, and its time zone: America/Phoenix. */
  siteName?: string;
  timeZone?: string;
  version: string;
  demo: boolean;
  apps: AppDescription[];
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/apps/config.json", { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`/apps/config.json: ${answer.status}`);
  return (await answer.json()) as Config;
}
