import { Alert, Text } from "@mantine/core";
import { IconAlertOctagon } from "@tabler/icons-react";
import type { Extension } from "fhir/r4";
import type { ReactNode } from "react";

import { useTexts } from "../i18n/i18n.ts";
import { moment } from "./dates.ts";
import { isInError, withdrawalOf } from "./inError.ts";

/** What was signed; what was entered in error is said to be so, and struck through. */
export function InError({ of, children }: { of: { status: string; extension?: Extension[] }; children: ReactNode }) {
  const { t } = useTexts();
  if (!isInError(of)) return children;
  const said = withdrawalOf(of);
  return (
    <>
      <Alert color="red" variant="light" my="xs" icon={<IconAlertOctagon aria-hidden />} title={t("inError.title")}>
        {said?.reason !== undefined && said.reason !== "" && <Text size="sm" style={{ overflowWrap: "anywhere" }}>{said.reason}</Text>}
        <Text size="sm">{said === undefined ? t("inError.unsaid") : [moment(said.at), said.by?.display].filter(Boolean).join(" · ")}</Text>
      </Alert>
      <del style={{ display: "block" }}>{children}</del>
    </>
  );
}
