import { setupI18n, type Messages } from "@lingui/core";
import { useCallback, useSyncExternalStore } from "react";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;
/** Texts of an app, by language: `{ en, de }` of its locales folder; ICU messages, in groups. The build compiles them. */
export type Texts = Record<Language, () => Promise<{ default: Tree }>>;
export interface Tree {
  [key: string]: Messages[string] | Tree;
}
/** A text by its key, with what is to be put in: `t("level.HH")`, `t("ageUnit.y", { n: 3 })`. */
export type T = (key: string, values?: Record<string, string | number>) => string;

const KEPT = "language";
const SHARED: Texts = { en: () => import("./en.json"), de: () => import("./de.json") };
const i18n = setupI18n();
let ofApp: Texts | undefined;
/** Texts of parts that have been opened. */
const ofParts = new Set<Texts>();

/** Loads the texts of shared/ and those of an app in the language that is to be spoken. */
export async function startTexts(app: Texts, language: Language = chosenLanguage()): Promise<void> {
  ofApp = app;
  await speak(language);
}

/** Speaks another language, from now on. Rejects when its texts can't be loaded. */
export async function chooseLanguage(language: Language): Promise<void> {
  await speak(language);
  document.cookie = `${KEPT}=${language}; path=/apps/; max-age=31536000; samesite=lax`;
}

/** A page that brings its own texts, for `part`: what an app opens with doesn't have to carry them. */
export async function withTexts<Page>(texts: Texts, page: Promise<Page>): Promise<Page> {
  ofParts.add(texts);
  const spoken = language();
  const [made, found] = await Promise.all([page, texts[spoken]()]);
  i18n.load(spoken, flat(found.default));
  return made;
}

async function speak(language: Language): Promise<void> {
  const found = await Promise.all([SHARED[language](), ofApp?.[language](), ...[...ofParts].map((texts) => texts[language]())]);
  for (const texts of found) if (texts !== undefined) i18n.load(language, flat(texts.default));
  i18n.activate(language);
  document.documentElement.lang = language;
}

/** A text outside of components. */
export const text: T = (key, values) => i18n._(key, values);

/** The language that is spoken, for Intl. */
export function language(): Language {
  return (i18n.locale === "" ? "en" : i18n.locale) as Language;
}

/** Texts in components; they are shown anew when another language is chosen. */
export function useTexts(): { t: T; language: Language } {
  const spoken = useSyncExternalStore(
    (changed) => i18n.on("change", changed),
    () => i18n.locale,
  );
  // A new function with each language, so that what depends on it is made again.
  const t = useCallback<T>((key, values) => (spoken === i18n.locale ? i18n._(key, values) : key), [spoken]);
  return { t, language: spoken as Language };
}

/** A text of app.json in the language that is spoken. */
export function inLanguage(texts: Record<string, string>): string {
  return texts[i18n.locale] ?? texts.en ?? Object.values(texts)[0] ?? "";
}

/** What was chosen here, else what the browser asks for. */
function chosenLanguage(): Language {
  const kept = new RegExp(`${KEPT}=([a-z]+)`).exec(document.cookie)?.[1];
  const wished = [kept, ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return (wished.find((tag) => tag !== undefined && tag in LANGUAGES) as Language | undefined) ?? "en";
}

/** { level: { HH: "…" } } as { "level.HH": "…" }. */
export function flat(tree: Tree, before = ""): Messages {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "string" || Array.isArray(value) ? [[before + key, value]] : Object.entries(flat(value, `${before}${key}.`)),
    ),
  );
}
