import { useEffect } from "react";
import { matchRoute, useRouter } from "wouter";

import type { Preparable } from "./part.tsx";

/** Loads a page as soon as a link to it is pointed at, touched or has the focus. `pages` are by their routes, and the same each time. */
export function Ahead({ pages }: { pages: Readonly<Record<string, Preparable>> }) {
  const { base, parser } = useRouter();
  useEffect(() => {
    const intend = ({ target }: Event) => {
      const link = target instanceof Element ? target.closest<HTMLAnchorElement>("a[href]") : null;
      if (link === null || link.origin !== location.origin || !link.pathname.startsWith(base)) return;
      const path = link.pathname.slice(base.length) || "/";
      for (const [route, page] of Object.entries(pages)) if (matchRoute(parser, route, path)[0]) page.prepare();
    };
    document.addEventListener("pointerover", intend);
    document.addEventListener("focusin", intend);
    return () => {
      document.removeEventListener("pointerover", intend);
      document.removeEventListener("focusin", intend);
    };
  }, [base, pages, parser]);
  return null;
}
