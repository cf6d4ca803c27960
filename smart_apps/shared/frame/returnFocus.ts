interface Layer {
  /** The dialog or menu; null for the page. */
  root: Element | null;
  /** What had the focus in it last. */
  element: HTMLElement;
}

/**
 * When a dialog or menu is taken away, the focus goes back to what it was opened from; when that is gone as well, to the page's content.
 *
 * Dialogs here are mounted open, and Mantine gives the focus back only from those that are closed before they go.
 * https://www.w3.org/WAI/ARIA/apg/patterns/dialog-modal/
 */
export function returnFocus(): void {
  const layers: Layer[] = [];
  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    const root = target.closest("[role=dialog], [role=menu]");
    const at = layers.findIndex((layer) => layer.root === root);
    if (at >= 0) layers.splice(at);
    layers.push({ root, element: target });
  });
  new MutationObserver(() => {
    const top = layers.at(-1);
    if (top?.root == null || top.root.isConnected || document.activeElement !== document.body) return;
    while (layers.length > 0 && layers.at(-1)?.element.isConnected !== true) layers.pop();
    (layers.at(-1)?.element ?? document.getElementById("content"))?.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}
