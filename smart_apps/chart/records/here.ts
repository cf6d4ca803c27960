/** The line that the address names after its #. */
function named(): string {
  return decodeURIComponent(window.location.hash.slice(1));
}

/** Whether the address names a line, which may be one that isn't shown otherwise. */
export function isNamed(): boolean {
  return named() !== "";
}

let shown: string | undefined;

/** What a line needs that the address may name: it is brought into sight once, and marked. */
export function lineOf(id: string | undefined): { id?: string; "aria-current"?: "true"; ref?: (element: HTMLElement | null) => void } {
  if (named() === "") shown = undefined;
  if (id === undefined || id !== named()) return { id };
  return {
    id,
    "aria-current": "true",
    ref: (element) => {
      const address = window.location.href;
      if (element === null || shown === address) return;
      shown = address;
      element.scrollIntoView({ block: "center" });
    },
  };
}
