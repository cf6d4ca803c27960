import { useEffect } from "react";

const SOON_MS = 1_000;

interface Connection {
  saveData?: boolean;
}

/** Loads the viewer's code while a list is looked at, so that the first image is there at once; not where data is to be saved. */
export function usePreparedViewer(): void {
  useEffect(() => {
    const connection = (navigator as Navigator & { connection?: Connection }).connection;
    if (connection?.saveData === true) return;
    const timer = setTimeout(() => {
      void import("../viewer/StudyPage.tsx").catch(() => undefined);
      void import("../viewer/Stage.tsx").catch(() => undefined);
    }, SOON_MS);
    return () => clearTimeout(timer);
  }, []);
}
