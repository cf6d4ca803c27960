import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

import { startTexts } from "../i18n/i18n.ts";

const none = () => Promise.resolve({ default: {} });
await startTexts({ en: none, de: none }, "en");

// What Mantine asks of a browser.
window.matchMedia ??= (query: string) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {}, onchange: null, dispatchEvent: () => false }) as MediaQueryList;

afterEach(() => cleanup());
