import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";

/** The folders that are apps: those with an app.json. */
export function apps(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, "app.json")))
    .map((entry) => entry.name)
    .sort();
}

/** The page of an app, which no folder holds: every app has the same, with its title. */
export function pageOf(root: string, app: string): string {
  return join(root, app, "index.html");
}

/** Makes the page of each app of build/page.html. */
export function pages(root: string): Plugin {
  const names = new Map(apps(root).map((app) => [pageOf(root, app), app]));
  return {
    name: "pages",
    enforce: "pre",
    resolveId: (id) => (names.has(id) ? id : undefined),
    load(id) {
      const app = names.get(id);
      if (app === undefined) return undefined;
      this.addWatchFile(join(root, "build/page.html"));
      const { title } = described(root, app);
      return readFileSync(join(root, "build/page.html"), "utf8").replace("%title%", () => escaped(title.en));
    },
  };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

interface Described {
  name: string;
  title: { en: string };
}

/** What an app's app.json says. Raises Error where it isn't what the server takes. */
function described(root: string, app: string): Described {
  const read = JSON.parse(readFileSync(join(root, app, "app.json"), "utf8")) as Partial<Described> | null;
  if (read?.name !== app) throw new Error(`${app}/app.json: "name" must be "${app}", as its folder`);
  if (typeof read.title?.en !== "string") throw new Error(`${app}/app.json: "title" has a text for "en" at least`);
  return read as Described;
}

/** Writes apps.json: every app.json in one array, for the server, which registers their clients. */
export function appList(root: string): Plugin {
  return {
    name: "app-list",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "apps.json", source: JSON.stringify(apps(root).map((app) => described(root, app)), null, 1) });
    },
  };
}

/** Puts a .gz beside each text of the build, so that the server zips nothing. */
export function zipped(): Plugin {
  return {
    name: "zipped",
    apply: "build",
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|svg|wasm|json)$/.test(name) || options.dir === undefined) continue;
        const path = join(options.dir, name);
        const content = readFileSync(path);
        if (content.length > 1024) writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
