import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

import { startTexts } from "../i18n/i18n.ts";

startTexts({ en: {}, de: {} }, "en");

// What Mantine asks of a browser.
window.matchMedia ??= (query: string) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {}, onchange: null, dispatchEvent: () => false }) as MediaQueryList;

afterEach(() => cleanup());
