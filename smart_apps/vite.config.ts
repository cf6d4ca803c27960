import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { apps, appList, pageOf, pages, zipped } from "./build/apps.ts";
import { lean } from "./build/lean.ts";
import { sizes } from "./build/sizes.ts";
import { compiledTexts } from "./build/texts.ts";

const here = import.meta.dirname;

// One page for each folder with an app.json; the server answers each address below /apps/<name>/ with its page.
export default defineConfig(({ mode }) => ({
  root: here,
  base: "/apps/",
  publicDir: "public",
  plugins: [pages(here), react(), compiledTexts(), lean(), appList(here), zipped(), sizes(mode)],
  worker: { format: "es" },
  optimizeDeps: { exclude: ["@cornerstonejs/dicom-image-loader"] },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    sourcemap: false,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: Object.fromEntries(apps(here).map((app) => [app, pageOf(here, app)])),
    },
  },
  test: {
    environment: "happy-dom",
    include: ["**/*.test.ts", "**/*.test.tsx"],
    setupFiles: ["shared/testing/setup.ts"],
    env: { TZ: "Europe/Berlin" },
  },
}));
