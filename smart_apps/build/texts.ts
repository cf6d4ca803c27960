import { compileMessage } from "@lingui/message-utils/compileMessage";
import type { Plugin } from "vite";

const TEXTS = /\/(?:locales|i18n)\/[a-z]{2}\.json$/;

type Read = string | { [key: string]: Read };
type Compiled = ReturnType<typeof compileMessage> | { [key: string]: Compiled };

/** Compiles the ICU messages of the catalogs, so that no page carries a parser of them. */
export function compiledTexts(): Plugin {
  return {
    name: "compiled-texts",
    enforce: "pre",
    transform: {
      filter: { id: TEXTS },
      handler: (code) => ({ code: JSON.stringify(compiled(JSON.parse(code) as Read)), map: null }),
    },
  };
}

function compiled(read: Read): Compiled {
  if (typeof read === "string") return compileMessage(read);
  return Object.fromEntries(Object.entries(read).map(([key, value]) => [key, compiled(value)]));
}
