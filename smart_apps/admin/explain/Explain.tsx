import { Alert, Button, Card, NativeSelect, SimpleGrid, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { Parameters } from "fhir/r4";
import { useState } from "react";
import { useSearchParams } from "wouter";

import { FhirError } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { PatientLine } from "../people/Patient.tsx";
import { PatientPicker } from "../people/PatientPicker.tsx";
import { usePatients } from "../people/patients.ts";
import { PersonPicker } from "../people/PersonPicker.tsx";
import { shownName, useUser, type User } from "../people/users.ts";
import { holdingFor, usePolicies, type Held } from "../policies/policies.ts";
import { Powers, RuleList } from "../policies/RuleList.tsx";
import { useRuleSentence } from "../policies/sentences.ts";
import { useOptional } from "../trail/sentence.ts";
import { becauseOf, explanationOf, type Explanation, type Step } from "./explanation.ts";

const RIGHTS = ["r", "s", "c", "u", "d"];
const ADDRESS = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/;

/** What somebody may see, in general by their roles, and whether and why they may see one record. */
export default function Explain() {
  const { t } = useTexts();
  const [query, setQuery] = useSearchParams();
  const asked = { user: query.get("user") ?? "", resource: query.get("resource") ?? "", right: RIGHTS.find((one) => one === query.get("right")) ?? "r" };
  const isPatient = asked.resource.startsWith("Patient/") || asked.resource === "";
  const [user, setUser] = useState<string | null>(asked.user === "" ? null : asked.user);
  const [patient, setPatient] = useState<string | null>(isPatient && asked.resource !== "" ? asked.resource.slice("Patient/".length) : null);
  const [other, setOther] = useState(isPatient ? "" : asked.resource);
  const [right, setRight] = useState(asked.right);
  const [isTried, setTried] = useState(false);
  const found = useUser(asked.user === "" ? undefined : asked.user);
  const person = found.data ?? undefined;
  const isOtherWrong = other !== "" && !ADDRESS.test(other.trim());
  const resource = other.trim() !== "" ? other.trim() : patient === null ? "" : `Patient/${patient}`;
  return (
    <Stack gap="md" maw={920}>
      <div>
        <Title order={1}>{t("explain")}</Title>
        <Text c="dimmed">{t("explainLead")}</Text>
      </div>
      <form aria-label={t("explain")} onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (user !== null && !isOtherWrong) setQuery({ user, ...(resource === "" ? {} : { resource, right }) });
      }}>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <PersonPicker label={t("explainWho")} required value={user} onChange={setUser} error={isTried && user === null ? t("choosePerson") : undefined} />
          <PatientPicker label={t("explainPatient")} value={patient} onChange={setPatient} />
          <TextInput label={t("explainOther")} description={t("explainOtherHint")} value={other} onChange={(event) => setOther(event.currentTarget.value)} error={isOtherWrong ? t("explainOtherWrong") : undefined} />
          <NativeSelect label={t("explainRight")} description={t("explainRightHint")} value={right} onChange={(event) => setRight(event.currentTarget.value)} data={RIGHTS.map((one) => ({ value: one, label: t(`right.${one}`) }))} />
        </SimpleGrid>
        <Button type="submit" mt="sm">{t("explainAsk")}</Button>
      </form>
      {asked.user !== "" && found.isPending && <Loading lines={4} />}
      {found.isError && <Failed error={found.error} retry={() => void found.refetch()} />}
      {found.data === null && <Empty title={t("noUser")} />}
      {person !== undefined && asked.resource !== "" && <Answer key={`${asked.resource} ${asked.right}`} person={person} resource={asked.resource} right={asked.right} />}
      {person !== undefined && <InGeneral person={person} />}
    </Stack>
  );
}

function Answer({ person, resource, right }: { person: User; resource: string; right: string }) {
  const { t } = useTexts();
  const policies = usePolicies();
  const query = useAsk<Parameters>([], ["explain", person.id, resource, right], (fhir) => fhir.operation(`$explain-access?${new URLSearchParams({ user: person.id, resource, right })}`));
  // Who may ask this isn't refused a record: it isn't there.
  if (query.error instanceof FhirError && query.error.status === 404) return <Alert color="yellow" role="status">{t("explainNone", { resource })}</Alert>;
  return (
    <Loaded query={query} lines={4}>
      {(answer) => {
        const found = explanationOf(answer);
        return (
          <Card component="section" aria-label={t("explainAnswer")}>
            <Stack gap="sm">
              <Verdict person={person} resource={resource} right={right} found={found} policies={policies.data} />
              <Steps steps={found.steps} policies={policies.data} />
            </Stack>
          </Card>
        );
      }}
    </Loaded>
  );
}

function Verdict({ person, resource, right, found, policies }: { person: User; resource: string; right: string; found: Explanation; policies: readonly Held[] | undefined }) {
  const { t } = useTexts();
  const id = resource.startsWith("Patient/") ? resource.slice("Patient/".length) : undefined;
  const patient = usePatients(id === undefined ? [] : [id]).get(id ?? "");
  const because = becauseOf(found, person.isActive);
  const title = "step" in because && because.step.policy !== undefined ? (policies?.find((one) => one.name === because.step.policy)?.inForce?.title ?? because.step.policy) : "";
  const rule = "step" in because ? (because.step.rule ?? "") : "";
  const Icon = found.isAllowed ? IconCircleCheck : IconCircleX;
  return (
    <div role="status">
      <Text fw={600} size="lg"><Icon size={22} aria-hidden style={{ verticalAlign: "-5px", color: found.isAllowed ? "var(--fs-good)" : "var(--fs-critical)" }} /> {t(found.isAllowed ? "explainYes" : "explainNo", { name: shownName(person), right: t(`right.${right}`) })}</Text>
      <div>{id === undefined ? <Text span>{resource}</Text> : <PatientLine patient={patient} id={id} />}</div>
      <Text>{t(`because.${because.why}`, { policy: title, rule, has: rule === "" ? "no" : "yes" })}</Text>
    </div>
  );
}

/** Each thing that was looked at; rules that hold first. */
function Steps({ steps, policies }: { steps: readonly Step[]; policies: readonly Held[] | undefined }) {
  const { t } = useTexts();
  const optional = useOptional();
  const sentence = useRuleSentence();
  if (steps.length === 0) return null;
  const said = (step: Step) => {
    const rule = policies?.find((one) => one.name === step.policy)?.inForce?.rules.find((one) => one.name === step.rule && step.rule !== undefined);
    return rule === undefined ? (optional(`step.${step.kind}`) ?? step.text) : sentence(rule);
  };
  return (
    <Table className="fs-cards" aria-label={t("explainSteps")}>
      <Table.Thead><Table.Tr><Table.Th scope="col">{t("explainSteps")}</Table.Th><Table.Th scope="col" w="9rem">{t("explainHolds")}</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {[...steps].sort((a, b) => Number(b.holds) - Number(a.holds)).map((step, n) => (
          <Table.Tr key={n}>
            <Table.Th scope="row" fw={400}>{step.rule !== undefined && <Text span size="sm" fw={600}>{step.rule}: </Text>}<Text span size="sm">{said(step)}</Text></Table.Th>
            <Table.Td data-label={t("explainHolds")} fw={step.holds ? 600 : 400}>{t(step.holds ? "isSo" : "isNotSo")}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function InGeneral({ person }: { person: User }) {
  const { t } = useTexts();
  const query = usePolicies();
  return (
    <section aria-labelledby="in-general">
      <Title order={2} id="in-general" mb="xs">{t("inGeneral", { name: shownName(person) })}</Title>
      {!person.isActive && <Text fw={600}>{t("because.disabled")}</Text>}
      <Text size="sm" mb="xs">{t("inGeneralLead")}</Text>
      <Loaded query={query} lines={6}>
        {(policies) => {
          const held = holdingFor(policies, person.roles);
          if (held.length === 0) return <Text>{t("noRules")}</Text>;
          return (
            <Stack gap="sm">
              {held.map((policy) => (
                <Card key={policy.name}>
                  <Text component="h3" fw={600} m={0} mb="xs">{policy.title ?? policy.name}</Text>
                  <Stack gap="xs"><Powers powers={policy.powers} /><RuleList rules={policy.rules} label={policy.title ?? policy.name} /></Stack>
                </Card>
              ))}
            </Stack>
          );
        }}
      </Loaded>
      {person.clearances.length > 0 && <Text size="sm" mt="xs">{t("clearancesAre", { codes: person.clearances.join(", ") })}</Text>}
    </section>
  );
}

