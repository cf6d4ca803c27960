import { useMergedRef } from "@mantine/hooks";
import type { Ref } from "react";

/** What Floating UI has under this name: one ref for several. https://floating-ui.com/docs/react-utils#usemergerefs */
export function useMergeRefs<T>(refs: Ref<T>[]) {
  return useMergedRef(...refs);
}
