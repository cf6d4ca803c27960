import { join } from "node:path";

import type { Plugin } from "vite";

/** Modules of libraries that use a little of something large: what they get instead, by the file that asks and the name it asks for. */
const LEAN: Record<string, Record<string, string>> = {
  // One function of 15 kB of positioning.
  "@mantine/core/esm/components/ScrollArea/ScrollArea.mjs": { "@floating-ui/react": "mergeRefs.ts" },
  // Tables scroll as the browser scrolls: 5 kB that every page with a table would carry.
  "@mantine/core/esm/components/Table/TableScrollContainer.mjs": { "../ScrollArea/ScrollArea.mjs": "ScrollArea.tsx" },
};

/** Gives these modules the small thing that they need of a large one. */
export function lean(): Plugin {
  return {
    name: "lean",
    enforce: "pre",
    apply: "build",
    resolveId(id, importer) {
      const asking = importer?.split("/node_modules/").at(-1);
      const small = asking === undefined ? undefined : LEAN[asking]?.[id];
      return small === undefined ? undefined : join(import.meta.dirname, "lean", small);
    },
  };
}
