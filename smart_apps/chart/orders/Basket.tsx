import { Alert, Button, Card as Box, Checkbox, CloseButton, Group, Modal, NativeSelect, Select, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { AllergyIntolerance, Bundle, Encounter, Organization } from "fhir/r4";
import { useState } from "react";

import { Cards } from "../../shared/cds/Cards.tsx";
import { deletedBy, tellOf, type Card, type Suggestion } from "../../shared/cds/cards.ts";
import { useCards } from "../../shared/cds/useCards.ts";
import { answerOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { departmentSearch, ownOf, performer } from "../../shared/fhir/departments.ts";
import { isAbout, useBatch, useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { isoDay, isoNow } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { told } from "../../shared/forms/saving.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Whom } from "../records/Confirm.tsx";
import { accessionsFor, CATALOGUE, draftId, draftsOf, ordersOf, takesContrast, type Wanted } from "./catalogue.ts";
import { Performers } from "./Performers.tsx";

/** https://cds-hooks.hl7.org/2.0/ */
const SERVICE = "examination-select-check";
const KINDS = ["laboratory", "imaging"] as const;

/** Orders are gathered, then signed in one step: all are stored, or none. */
export function Basket({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { fhir, session } = useSmart();
  const me = useMe();
  const queries = useQueryClient();
  const why = useReason();
  const { patient: who, allergies } = usePatientBatch(patient);
  const stay = useSearch<Encounter>("Encounter", { patient, status: "arrived,triaged,in-progress,onleave", _sort: "-date", _count: 1 });
  const directory = useBatch(KINDS.map(departmentSearch), ["Organization"]);
  const departments = KINDS.map((_, n) => resourcesOf<Organization>(answerOf<Bundle<Organization>>(directory.data, n)));
  const [chosen, setChosen] = useState<Partial<Record<(typeof KINDS)[number], string>>>({});
  const performers = Object.fromEntries(KINDS.map((kind, n) => [kind, performer(departments[n] ?? [], chosen[kind] ?? ownOf(departments[n] ?? []))]));
  const [values, setValues] = useState<{ basket: Wanted[] }>({ basket: [] });
  const [isSigning, setSigning] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [id] = useState(() => crypto.randomUUID());
  const { basket } = values;
  const isNobodys = KINDS.some((kind, n) => basket.some((one) => one.item.kind === kind) && (departments[n] ?? []).length > 0 && performers[kind] === undefined);
  const draft = useDraft(`orders/${patient}`, values, setValues, basket.length > 0);
  const about = {
    patient, at: isoNow(), id, performers, encounter: resourcesOf<Encounter>(stay.data, "Encounter")[0]?.id,
    requester: session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name },
  };
  // Only what changes what is found: not every letter of a reason.
  const drafts = draftsOf(basket.map((one) => ({ ...one, reason: "" })), { ...about, at: isoDay(), performers: {}, accessions: [] });
  const cards = useCards(basket.length === 0 || session.grant.fhirUser === undefined ? undefined : { service: SERVICE, hook: "order-select", patient, encounter: about.encounter, user: session.grant.fhirUser, drafts });
  const take = (suggestion: Suggestion, card: Card) => {
    const gone = deletedBy(suggestion);
    setValues({ basket: basket.filter((one) => !gone.includes(`ServiceRequest/${draftId(one.item)}`)) });
    void tellOf(fhir, SERVICE, card, suggestion).catch(() => undefined);
  };
  const change = (n: number, part: Partial<Wanted>) => setValues({ basket: basket.map((one, m) => (m === n ? { ...one, ...part } : one)) });

  const sign = async () => {
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const orders = ordersOf(basket, { ...about, accessions: accessionsFor(basket) });
      await fhir.transaction(orders.map((resource) => ({
        resource, request: { method: "POST", url: "ServiceRequest", ifNoneExist: `identifier=${resource.identifier?.[0]?.system ?? ""}|${resource.identifier?.[0]?.value ?? ""}` },
      })));
      // Who signs all the same has read it: the service is told, and nothing waits for that.
      for (const card of cards.data ?? []) void tellOf(fhir, SERVICE, card).catch(() => undefined);
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
    <Box component="section" aria-label={t("orderNew")} mb="md" maw={1180}>
      <Title order={2} mb="xs">{t("orderNew")}</Title>
      <Stack gap="sm">
        <Select
          label={t("orderAdd")} searchable value={null} nothingFoundMessage={t("nothingFound")} maw={460}
          data={KINDS.map((kind) => ({ group: t(`orderKind.${kind}`), items: CATALOGUE.filter((item) => item.kind === kind && !basket.some((one) => one.item.coding.code === item.coding.code)).map((item) => ({ value: item.coding.code ?? "", label: item.name })) }))}
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
                  <Table.Th scope="row" fw={500}>
                    {one.item.name}
                    {takesContrast(one.item) && <Checkbox size="sm" mt={4} fw={400} label={t("withContrast")} checked={one.hasContrast === true} onChange={(event) => change(n, { hasContrast: event.currentTarget.checked })} />}
                  </Table.Th>
                  <Table.Td><NativeSelect aria-label={`${t("priorityLabel")}: ${one.item.name}`} value={one.priority} data={(["routine", "urgent", "stat"] as const).map((value) => ({ value, label: t(`priority.${value}`) }))} onChange={(event) => change(n, { priority: event.currentTarget.value as Wanted["priority"] })} /></Table.Td>
                  <Table.Td><TextInput aria-label={`${t("reason")}: ${one.item.name}`} value={one.reason} onChange={(event) => change(n, { reason: event.currentTarget.value })} /></Table.Td>
                  <Table.Td><CloseButton aria-label={t("removeOf", { what: one.item.name })} onClick={() => setValues({ basket: basket.filter((_, m) => m !== n) })} /></Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        {directory.data !== undefined && KINDS.map((kind, n) => basket.some((one) => one.item.kind === kind) && (
          <Performers key={kind} kind={kind} departments={departments[n] ?? []} value={performers[kind]?.reference} onChoose={(address) => setChosen({ ...chosen, [kind]: address })} />
        ))}
        {basket.length > 0 && <Cards query={cards} onSuggestion={take} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => void draft.clear().then(onClose)}>{t("cancel")}</Button>
          <Button disabled={basket.length === 0 || directory.isPending || isNobodys} onClick={() => setSigning(true)}>{t("orderReview", { n: basket.length })}</Button>
        </Group>
      </Stack>
      {isSigning && (
        <Modal opened onClose={() => setSigning(false)} title={t("orderSignTitle")} closeButtonProps={{ "aria-label": t("close") }}>
          <Whom patient={patient} />
          <Text size="sm" mb="xs">{t("allergies")} <strong>{resourcesOf<AllergyIntolerance>(allergies, "AllergyIntolerance").map((one) => words(one.code)).join(", ") || t(allergies === undefined ? "allergiesHidden" : "allergiesUnrecorded")}</strong></Text>
          <Stack component="ul" gap={4} m={0} pl="md">{basket.map((one) => <li key={one.item.coding.code}><Text size="sm">{one.item.name}{one.hasContrast === true ? ` (${t("withContrast")})` : ""} · {t(`priority.${one.priority}`)}{one.reason.trim() === "" ? "" : ` · ${one.reason}`}</Text></li>)}</Stack>
          {(cards.data ?? []).length > 0 && <Text size="sm" mt="sm" fw={600}>{t("signDespite", { n: cards.data?.length ?? 0 })}</Text>}
          {problem !== undefined && <Alert role="alert" color="red" mt="sm">{problem}</Alert>}
          <Group justify="flex-end" mt="md">
            <Button variant="default" onClick={() => setSigning(false)}>{t("back")}</Button>
            <Button loading={isBusy} onClick={() => void sign()}>{t("orderSign", { n: basket.length, name: formalName(who?.name) })}</Button>
          </Group>
        </Modal>
      )}
    </Box>
  );
}
