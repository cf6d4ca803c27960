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

/** Writes apps.json: every app.json in one array, for the server, which registers their clients. */
export function appList(root: string): Plugin {
  return {
    name: "app-list",
    apply: "build",
    generateBundle() {
      const described = apps(root).map((app) => {
        const read: unknown = JSON.parse(readFileSync(join(root, app, "app.json"), "utf8"));
        if (typeof read !== "object" || read === null || !("name" in read) || read.name !== app) {
          throw new Error(`${app}/app.json: "name" must be "${app}", as its folder`);
        }
        return read;
      });
      this.emitFile({ type: "asset", fileName: "apps.json", source: JSON.stringify(described, null, 1) });
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
