import { Alert, Button, Card, CloseButton, Group, Modal, NativeSelect, Select, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { AllergyIntolerance, Encounter } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { isAbout, useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { told } from "../../shared/forms/saving.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Whom } from "../records/Confirm.tsx";
import { CATALOGUE, ordersOf, type Wanted } from "./catalogue.ts";

/** Orders are gathered, then signed in one step: all are stored, or none. */
export function Basket({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { fhir, session } = useSmart();
  const me = useMe();
  const queries = useQueryClient();
  const why = useReason();
  const { patient: who, allergies } = usePatientBatch(patient);
  const stay = useSearch<Encounter>("Encounter", { patient, status: "arrived,triaged,in-progress,onleave", _sort: "-date", _count: 1 });
  const [values, setValues] = useState<{ basket: Wanted[] }>({ basket: [] });
  const [isSigning, setSigning] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [id] = useState(() => crypto.randomUUID());
  const { basket } = values;
  const draft = useDraft(`orders/${patient}`, values, setValues, basket.length > 0);
  const change = (n: number, part: Partial<Wanted>) => setValues({ basket: basket.map((one, m) => (m === n ? { ...one, ...part } : one)) });

  const sign = async () => {
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const orders = ordersOf(basket, {
        patient, at: isoNow(), id, encounter: resourcesOf<Encounter>(stay.data, "Encounter")[0]?.id,
        requester: session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name },
      });
      await fhir.transaction(orders.map((resource) => ({
        resource, request: { method: "POST", url: "ServiceRequest", ifNoneExist: `identifier=${resource.identifier?.[0]?.system ?? ""}|${resource.identifier?.[0]?.value ?? ""}` },
      })));
      await draft.clear();
      told(t("ordersSigned", { n: orders.length, name: formalName(who?.name) }));
      await queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["ServiceRequest"]) });
      onClose();
    } catch (error) {
      setProblem(why(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card component="section" aria-label={t("orderNew")} mb="md" maw={1180}>
      <Title order={2} mb="xs">{t("orderNew")}</Title>
      <Stack gap="sm">
        <Select
          label={t("orderAdd")} searchable value={null} nothingFoundMessage={t("nothingFound")} maw={460}
          data={(["laboratory", "imaging"] as const).map((kind) => ({ group: t(`orderKind.${kind}`), items: CATALOGUE.filter((item) => item.kind === kind && !basket.some((one) => one.item.coding.code === item.coding.code)).map((item) => ({ value: item.coding.code ?? "", label: item.name })) }))}
          onChange={(code) => {
            const item = CATALOGUE.find((one) => one.coding.code === code);
            if (item !== undefined) setValues({ basket: [...basket, { item, priority: "routine", reason: basket.at(-1)?.reason ?? "" }] });
          }}
        />
        {basket.length > 0 && (
          <Table className="fs-cards" aria-label={t("orderNew")}>
            <Table.Thead><Table.Tr><Table.Th scope="col">{t("order")}</Table.Th><Table.Th scope="col">{t("priorityLabel")}</Table.Th><Table.Th scope="col">{t("reason")}</Table.Th><Table.Th scope="col"><span className="fs-hidden">{t("actions")}</span></Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {basket.map((one, n) => (
                <Table.Tr key={one.item.coding.code}>
                  <Table.Th scope="row" fw={500}>{one.item.name}</Table.Th>
                  <Table.Td><NativeSelect aria-label={`${t("priorityLabel")}: ${one.item.name}`} value={one.priority} data={(["routine", "urgent", "stat"] as const).map((value) => ({ value, label: t(`priority.${value}`) }))} onChange={(event) => change(n, { priority: event.currentTarget.value as Wanted["priority"] })} /></Table.Td>
                  <Table.Td><TextInput aria-label={`${t("reason")}: ${one.item.name}`} value={one.reason} onChange={(event) => change(n, { reason: event.currentTarget.value })} /></Table.Td>
                  <Table.Td><CloseButton aria-label={t("removeOf", { what: one.item.name })} onClick={() => setValues({ basket: basket.filter((_, m) => m !== n) })} /></Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => void draft.clear().then(onClose)}>{t("cancel")}</Button>
          <Button disabled={basket.length === 0} onClick={() => setSigning(true)}>{t("orderReview", { n: basket.length })}</Button>
        </Group>
      </Stack>
      {isSigning && (
        <Modal opened onClose={() => setSigning(false)} title={t("orderSignTitle")} closeButtonProps={{ "aria-label": t("close") }}>
          <Whom patient={patient} />
          <Text size="sm" mb="xs">{t("allergies")} <strong>{resourcesOf<AllergyIntolerance>(allergies, "AllergyIntolerance").map((one) => words(one.code)).join(", ") || t(allergies === undefined ? "allergiesHidden" : "allergiesUnrecorded")}</strong></Text>
          <Stack component="ul" gap={4} m={0} pl="md">{basket.map((one) => <li key={one.item.coding.code}><Text size="sm">{one.item.name} · {t(`priority.${one.priority}`)}{one.reason.trim() === "" ? "" : ` · ${one.reason}`}</Text></li>)}</Stack>
          {problem !== undefined && <Alert role="alert" color="red" mt="sm">{problem}</Alert>}
          <Group justify="flex-end" mt="md">
            <Button variant="default" onClick={() => setSigning(false)}>{t("back")}</Button>
            <Button loading={isBusy} onClick={() => void sign()}>{t("orderSign", { n: basket.length, name: formalName(who?.name) })}</Button>
          </Group>
        </Modal>
      )}
    </Card>
  );
}
