import { setupI18n, type Messages } from "@lingui/core";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { useCallback, useSyncExternalStore } from "react";

import de from "./de.json";
import en from "./en.json";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;
/** Texts of an app, by language: `{ en, de }` of its locales folder; ICU messages, in groups. */
export type Texts = Record<Language, Tree>;
export interface Tree {
  [key: string]: string | Tree;
}
/** A text by its key, with what is to be put in: `t("level.HH")`, `t("ageUnit.y", { n: 3 })`. */
export type T = (key: string, values?: Record<string, string | number>) => string;

const KEPT = "language";
const i18n = setupI18n();
i18n.setMessagesCompiler(compileMessage);

/** Loads the texts of shared/ and those of an app, and chooses the language. */
export function startTexts(app: Texts, language: Language = chosenLanguage()): void {
  for (const [one, shared] of Object.entries({ en, de })) i18n.load(one, { ...flat(shared), ...flat(app[one as Language]) });
  i18n.activate(language);
  document.documentElement.lang = language;
}

export function chooseLanguage(language: Language): void {
  document.cookie = `${KEPT}=${language}; path=/apps/; max-age=31536000; samesite=lax`;
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
      typeof value === "string" ? [[before + key, value]] : Object.entries(flat(value, `${before}${key}.`)),
    ),
  );
}
