import { Card, Stack, Text } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import type { DocumentReference } from "fhir/r4";
import { Link } from "wouter";

import { FhirError } from "../../shared/fhir/client.ts";
import { useRead } from "../../shared/fhir/queries.ts";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { DocumentView } from "./DocumentView.tsx";
import { useSharedWithMe } from "./useSharedWithMe.ts";

/** A document that was shared, for who may see nothing else of the record: whose it is stands above it. */
export default function SharedDocument({ id }: { id: string }) {
  const { t } = useTexts();
  const query = useRead<DocumentReference>("DocumentReference", id);
  const { received } = useSharedWithMe();
  const consent = received.find(({ document }) => document.id === id)?.consent;
  const isGone = query.error instanceof FhirError && (query.error.status === 404 || query.error.status === 410);
  return (
    <Stack gap="sm" maw={1180}>
      <Link href="/shared" className="fs-noprint" style={{ color: "var(--fs-accent)", width: "fit-content" }}><IconArrowLeft size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("sharedWithMe")}</Link>
      {isGone ? <Empty title={t("notShared")}><Text size="sm" c="dimmed">{t("notSharedText")}</Text></Empty> : (
        <>
          {consent !== undefined && (
            <Card component="section" aria-label={t("patientColumn")} padding="sm">
              <Text fw={600}>{consent.patient?.display ?? t("notKnown")}</Text>
              <Text size="sm">{t("sharedText", { name: consent.performer?.map((one) => one.display).filter(Boolean).join(", ") ?? "", at: day(consent.provision?.period?.end) })}</Text>
            </Card>
          )}
          <Loaded query={query} lines={10}>
            {(one) => <Card component="section" aria-label={t("document")}><DocumentView document={one} /></Card>}
          </Loaded>
        </>
      )}
    </Stack>
  );
}
