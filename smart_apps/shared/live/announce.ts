/** Whether the device may show notifications of this site: asked once, on a person's wish only. */
export function mayAnnounce(): "granted" | "denied" | "default" | "unable" {
  return "Notification" in window ? Notification.permission : "unable";
}

export async function askToAnnounce(): Promise<boolean> {
  return mayAnnounce() !== "unable" && (await Notification.requestPermission()) === "granted";
}

/** A notification of the device. It is seen on locked screens and by bystanders: `title` names no patient and no finding. */
export function announce(title: string, tag: string): void {
  if (mayAnnounce() !== "granted" || document.visibilityState === "visible") return;
  const shown = new Notification(title, { tag, icon: "/apps/mark.svg" });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
}
