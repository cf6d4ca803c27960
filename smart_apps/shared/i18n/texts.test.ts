import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { flat, type Tree } from "./i18n.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** The keys of all texts. */
function textsIn(tree: Tree): string[] {
  return Object.keys(flat(tree));
}

function read(path: string): Tree {
  return JSON.parse(readFileSync(path, "utf8")) as Tree;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.includes(".test.") ? [path] : [];
  });
}

const shared = new Set(textsIn(read(join(ROOT, "shared", "i18n", "en.json"))));
const folders = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, "locales")));

describe.each([["shared", "i18n"], ...folders.map((name) => [name, "locales"])])("texts of %s", (name, place) => {
  const folder = join(ROOT, name, place);
  const en = [...new Set(textsIn(read(join(folder, "en.json"))))].sort();

  it("are there in each language", () => {
    expect([...new Set(textsIn(read(join(folder, "de.json"))))].sort()).toEqual(en);
  });

  it("don't hide those of shared", () => {
    expect(name === "shared" ? [] : en.filter((key) => shared.has(key))).toEqual([]);
  });

  it("are there for each key that is used", () => {
    const own = new Set(en);
    const missing = sources(join(ROOT, name)).flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(/\b(?:t|text)\(\s*"([A-Za-z0-9_.]+)"/g)]
        .map((match) => match[1] ?? "")
        .filter((key) => !own.has(key) && !shared.has(key) && ![...own, ...shared].some((one) => one.startsWith(`${key}.`)))
        .map((key) => `${path.slice(ROOT.length + 1)}: ${key}`),
    );
    expect(missing).toEqual([]);
  });
});
