import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join, relative, sep } from "node:path";
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

/** The texts of an app in a language: those that it opens with, and those that its parts bring. */
function textsOf(name: string, place: string, language: string): string[] {
  const catalog = (folder: string) => {
    const path = join(folder, place, `${language}.json`);
    return existsSync(path) ? textsIn(read(path)) : [];
  };
  const folder = join(ROOT, name);
  const parts = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  return [folder, ...parts].flatMap(catalog).sort();
}

const shared = new Set(textsIn(read(join(ROOT, "shared", "i18n", "en.json"))));
const folders = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, "locales")));

describe.each([["shared", "i18n"], ...folders.map((name) => [name, "locales"])])("texts of %s", (name, place) => {
  const en = textsOf(name, place, "en");

  it("are there in each language, once", () => {
    expect(textsOf(name, place, "de")).toEqual(en);
    expect(new Set(en).size).toBe(en.length);
  });

  it("don't hide those of shared", () => {
    expect(name === "shared" ? [] : en.filter((key) => shared.has(key))).toEqual([]);
  });

  it("are there for each key that is used, where it is used", () => {
    const ofApp = new Set([...textsIn(read(join(ROOT, name, place, "en.json"))), ...shared]);
    const missing = sources(join(ROOT, name)).flatMap((path) => {
      const part = relative(join(ROOT, name), path).split(sep)[0] ?? "";
      const catalog = join(ROOT, name, part, place, "en.json");
      const known = existsSync(catalog) ? [...ofApp, ...textsIn(read(catalog))] : [...ofApp];
      return [...readFileSync(path, "utf8").matchAll(/\b(?:t|text)\(\s*"([A-Za-z0-9_.]+)"/g)]
        .map((match) => match[1] ?? "")
        .filter((key) => !known.some((one) => one === key || one.startsWith(`${key}.`)))
        .map((key) => `${path.slice(ROOT.length + 1)}: ${key}`);
    });
    expect(missing).toEqual([]);
  });
});
