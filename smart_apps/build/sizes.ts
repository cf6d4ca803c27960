import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";

const WORTH_TELLING = 500;

/** Prints what chunks are made of, largest first: `npx vite build --mode sizes`. Bytes are gzipped, of a module by itself. */
export function sizes(mode: string): Plugin {
  return {
    name: "sizes",
    apply: () => mode === "sizes",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).flatMap((one) => (one.type === "chunk" ? [{ name: one.fileName, bytes: zippedSize(one.code), modules: one.modules }] : []));
      const lines = chunks.sort((a, b) => b.bytes - a.bytes).flatMap(({ name, bytes, modules }) => [
        `${name} ${bytes}`,
        ...Object.entries(modules)
          .map(([id, module]) => ({ id: id.split("/node_modules/").at(-1) ?? id, bytes: zippedSize(module.code ?? "") }))
          .filter((module) => module.bytes >= WORTH_TELLING)
          .sort((a, b) => b.bytes - a.bytes)
          .map((module) => `  ${module.bytes} ${module.id}`),
      ]);
      process.stdout.write(`${lines.join("\n")}\n`);
    },
  };
}

function zippedSize(code: string): number {
  return gzipSync(code, { level: 9 }).length;
}
