import type { Texts } from "../shared/i18n/i18n.ts";

/** Texts of the personal details and their form. */
export const PERSON: Texts = { en: () => import("./person/locales/en.json"), de: () => import("./person/locales/de.json") };
/** Texts of the timeline. */
export const TIMELINE: Texts = { en: () => import("./timeline/locales/en.json"), de: () => import("./timeline/locales/de.json") };
/** Texts of the lists: problems, allergies, medication, goals and the like, with their forms. */
export const RECORDS: Texts = { en: () => import("./records/locales/en.json"), de: () => import("./records/locales/de.json") };
