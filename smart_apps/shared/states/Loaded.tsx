import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { useTexts } from "../i18n/i18n.ts";

import { Failed } from "./Failed.tsx";

const SOON_MS = 300;

/** Grey lines in the place of what comes, when it doesn't come at once: nothing jumps. */
export function Loading({ lines = 3 }: { lines?: number }) {
  const { t } = useTexts();
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SOON_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Stack gap="xs" aria-busy role="status" mih={lines * 26}>
      <VisuallyHidden>{t("loading")}</VisuallyHidden>
      {isLate && Array.from({ length: lines }, (_, n) => <Skeleton key={n} height={18} width={`${92 - ((n * 17) % 40)}%`} />)}
    </Stack>
  );
}

/** Shows an answer, or that it is awaited, or why there is none. What was shown stays while it is read again. */
export function Loaded<T>({ query, lines, children }: { query: UseQueryResult<T>; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Loading lines={lines} />;
}
