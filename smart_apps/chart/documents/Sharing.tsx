import { Badge, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconShare } from "@tabler/icons-react";
import type { Consent, DocumentReference } from "fhir/r4";
import { Suspense, useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Confirm } from "../records/Confirm.tsx";
import { useSave } from "../records/useSave.tsx";
import { isBy, receiversOf, SHARES, stateOf, type ShareState } from "./sharing.ts";

const ShareDialog = part(() => import("./ShareDialog.tsx"));
const Openings = part(() => import("./Openings.tsx"));
const COLOURS: Record<ShareState, string> = { inForce: "green", toCome: "blue", over: "gray", ended: "gray" };

/** With whom a document is shared until when, sharing it, ending that; who shared it sees who has opened it. */
export function Sharing({ patient, document }: { patient: string; document: Stored<DocumentReference> }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = session.grant.fhirUser;
  const [isNew, setNew] = useState(false);
  const [ending, setEnding] = useState<Stored<Consent>>();
  const query = useSearch<Consent>("Consent", { category: SHARES, data: `DocumentReference/${document.id}`, _sort: "-date", _count: 100 });
  const { save, conflict, isSaving } = useSave<Consent>("Consent", (theirs, mine) => [{ field: t("statusColumn"), theirs: t(`shareState.${stateOf(theirs)}`), mine: t(`shareState.${stateOf(mine)}`) }]);
  return (
    <Stack gap="xs" className="fs-noprint">
      <Group justify="space-between">
        <Title order={3}>{t("sharedWith")}</Title>
        {session.allows("Consent", "c") && <Button leftSection={<IconShare size={16} aria-hidden />} onClick={() => setNew(true)}>{t("shareDocument")}</Button>}
      </Group>
      <Loaded query={query} lines={3}>
        {(bundle) => {
          const all = resourcesOf<Stored<Consent>>(bundle, "Consent");
          return (
            <>
              {all.length === 0 ? <Text size="sm">{t("sharedWithNobody")}</Text> : (
                <Table className="fs-cards" aria-label={t("sharedWith")}>
                  <Table.Thead><Table.Tr>{["receivers", "until", "sharedBy", "statusColumn"].map((label) => <Table.Th key={label} scope="col">{t(label)}</Table.Th>)}<Table.Th scope="col"><span className="fs-hidden">{t("actions")}</span></Table.Th></Table.Tr></Table.Thead>
                  <Table.Tbody>
                    {all.map((one) => {
                      const state = stateOf(one);
                      return (
                        <Table.Tr key={one.id}>
                          <Table.Th scope="row" fw={500}>{receiversOf(one)}</Table.Th>
                          <Table.Td data-label={t("until")}>{day(one.provision?.period?.end)}</Table.Td>
                          <Table.Td data-label={t("sharedBy")}>{one.performer?.map((performer) => performer.display).filter(Boolean).join(", ")}</Table.Td>
                          <Table.Td data-label={t("statusColumn")}><Badge tt="none" variant="light" color={COLOURS[state]}>{t(`shareState.${state}`)}</Badge></Table.Td>
                          <Table.Td>{(state === "inForce" || state === "toCome") && isBy(one, me) && session.allows("Consent", "u") && <Button size="xs" variant="default" onClick={() => setEnding(one)}>{t("shareEnd")}</Button>}</Table.Td>
                        </Table.Tr>
                      );
                    })}
                  </Table.Tbody>
                </Table>
              )}
              {all.some((one) => isBy(one, me)) && <Suspense><Openings id={document.id} /></Suspense>}
            </>
          );
        }}
      </Loaded>
      <Suspense>{isNew && <ShareDialog patient={patient} document={document} onClose={() => setNew(false)} />}</Suspense>
      {ending !== undefined && (
        <Confirm
          patient={patient} title={t("shareEndTitle")} action={t("shareEndNow")} isBusy={isSaving} onNo={() => setEnding(undefined)}
          onYes={() => save({ ...ending, status: "inactive" }, t("shareEnded"), () => setEnding(undefined))}
        >
          <Text>{t("shareEndText", { names: receiversOf(ending) })}</Text>
        </Confirm>
      )}
      {conflict}
    </Stack>
  );
}
