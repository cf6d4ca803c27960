import { Alert, Anchor, Button, Group, NativeSelect, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import type { Bundle, Patient } from "fhir/r4";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { isAbout } from "../../shared/fhir/queries.ts";
import { day, isoDay } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";

const FIELDS = { family: "", given: "", birthDate: "", gender: "", phone: "", line: "", city: "", postalCode: "" };
type Fields = typeof FIELDS;
const ENTRY = "https://fhirserver.example/registration-entry";

/** The patient that is typed. */
export function patientOf(fields: Fields, id: string): Patient {
  const filled = (text: string) => (text.trim() === "" ? undefined : text.trim());
  const address = [fields.line, fields.city, fields.postalCode].some((one) => one.trim() !== "");
  return {
    resourceType: "Patient",
    identifier: [{ use: "secondary", system: ENTRY, value: id }],
    active: true,
    name: [{ use: "official", family: filled(fields.family), given: filled(fields.given)?.split(/\s+/) }],
    gender: (filled(fields.gender) ?? "unknown") as Patient["gender"],
    birthDate: filled(fields.birthDate),
    telecom: filled(fields.phone) === undefined ? undefined : [{ system: "phone", value: filled(fields.phone), use: "mobile" }],
    address: address ? [{ use: "home", line: filled(fields.line) === undefined ? undefined : [fields.line.trim()], city: filled(fields.city), postalCode: filled(fields.postalCode) }] : undefined,
  };
}

/** A new patient: first it is looked whether the person has a record already. */
export default function Register({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const { fhir } = useSmart();
  const queries = useQueryClient();
  const reason = useReason();
  const [, go] = useLocation();
  const [fields, setFields] = useState<Fields>(FIELDS);
  const [id] = useState(() => crypto.randomUUID());
  const [isTried, setTried] = useState(false);
  const [alike, setAlike] = useState<Bundle>();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const draft = useDraft("registration", fields, setFields, Object.values(fields).some((one) => one !== ""));
  const errors: Record<string, string | undefined> = {
    family: fields.family.trim() === "" ? t("required") : undefined,
    gender: fields.gender === "" ? t("required") : undefined,
    birthDate: fields.birthDate > isoDay() ? t("birthFuture") : undefined,
  };
  const field = (name: keyof Fields, more: object = {}) => (
    <TextInput label={t(`person.${name}`)} value={fields[name]} autoComplete="off" error={isTried ? errors[name] : undefined}
      onChange={(event) => { const { value } = event.currentTarget; setFields((before) => ({ ...before, [name]: value })); setAlike(undefined); }} {...more} />
  );
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(reason(error));
    } finally {
      setBusy(false);
    }
  };
  const create = async () => {
    const made = await fhir.create<Patient>(patientOf(fields, id), `identifier=${ENTRY}|${id}`);
    await draft.clear();
    await queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["Patient"]) });
    told(t("registered", { name: formalName(made.name) }));
    onClose();
    go(`/patients/${made.id}`);
  };
  const check = () => {
    setTried(true);
    if (Object.values(errors).some((one) => one !== undefined)) return;
    void run(async () => {
      const found = await fhir.operation<Bundle>("Patient/$match", patientOf(fields, id));
      if (resourcesOf<Patient>(found, "Patient").length > 0) setAlike(found);
      else await create();
    });
  };
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); check(); }}>
      <Stack gap="sm">
        <Group grow align="flex-start">{field("family", { withAsterisk: true })}{field("given")}</Group>
        <Group grow align="flex-start">
          {field("birthDate", { type: "date", max: isoDay() })}
          <NativeSelect label={t("sexColumn")} withAsterisk value={fields.gender} error={isTried ? errors.gender : undefined}
            onChange={(event) => { const { value } = event.currentTarget; setFields((before) => ({ ...before, gender: value })); }}
            data={[{ value: "", label: t("choose") }, ...["female", "male", "other", "unknown"].map((one) => ({ value: one, label: t(`sex.${one}`) }))]} />
        </Group>
        {field("phone", { type: "tel", inputMode: "tel" })}
        {field("line")}
        <Group grow align="flex-start">{field("postalCode")}{field("city")}</Group>
        {problem !== undefined && <Alert role="alert" color="red">{problem}</Alert>}
        {alike === undefined ? <Group justify="flex-end"><Button type="submit" loading={isBusy}>{t("registerCheck")}</Button></Group> : (
          <Alert role="alert" color="yellow" icon={<IconAlertTriangle aria-hidden />} title={t("alikeTitle")}>
            <Table mb="sm">
              <Table.Tbody>
                {(alike.entry ?? []).map((entry) => {
                  const one = entry.resource as Patient;
                  return (
                    <Table.Tr key={one.id}>
                      <Table.Td><Anchor component={Link} href={`/patients/${one.id ?? ""}`} fw={600}>{formalName(one.name)}</Anchor></Table.Td>
                      <Table.Td>{t("born")} {one.birthDate === undefined ? t("notKnown") : day(one.birthDate)}</Table.Td>
                      <Table.Td>{t("recordNumber")} {recordNumber(one.identifier) ?? t("notKnown")}</Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
            <Text size="sm" mb="xs">{t("alikeText")}</Text>
            <Group justify="flex-end"><Button variant="default" loading={isBusy} onClick={() => void run(create)}>{t("alikeNew", { name: formalName(patientOf(fields, id).name) })}</Button></Group>
          </Alert>
        )}
      </Stack>
    </form>
  );
}
