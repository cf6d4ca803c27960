import { Anchor, Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { PatientLine } from "../people/Patient.tsx";
import { usePatients } from "../people/patients.ts";
import { queryIn, requestIn, type Row } from "./events.ts";
import { addressOf } from "./filter.ts";
import { Marks } from "./Marks.tsx";
import { precisely } from "./precisely.ts";
import { useOptional, useSentence, useSubject, useWho, type Names } from "./sentence.ts";

const MOST_PATIENTS = 50;

/** One event in words, with all that is told of it; the resource itself behind. */
export default function EventDialog({ row, names, onClose }: { row: Row; names: Names; onClose: () => void }) {
  const { t } = useTexts();
  const optional = useOptional();
  const sentence = useSentence();
  const whoOf = useWho();
  const subjectOf = useSubject();
  const [isRaw, setRaw] = useState(false);
  const patients = usePatients(row.patients.slice(0, MOST_PATIENTS));
  const asked = queryIn(row.event);
  const request = requestIn(row.event);
  const references = (row.event.entity ?? []).map((entity) => entity.what?.reference ?? "").filter((one) => one !== "" && !one.startsWith("Patient/"));
  const studies = (row.event.entity ?? []).filter((entity) => entity.what?.identifier?.system === "urn:dicom:uid").map((entity) => entity.what?.identifier?.value ?? "");
  const who = row.person?.account ?? row.person?.reference;
  return (
    <Modal opened onClose={onClose} size="lg" title={t("eventTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack gap="sm">
        <Text fw={600}>{sentence(row, names)}</Text>
        <dl style={{ margin: 0, display: "grid", gap: "0.5rem" }}>
          <Fact name={t("when")}>{precisely(row.at)}</Fact>
          <Fact name={t("who")}>
            {whoOf(row, names)}
            {row.person !== undefined && row.person.roles.length > 0 && ` · ${row.person.roles.map((role) => optional(`role.${role}`) ?? role).join(", ")}`}
          </Fact>
          <Fact name={t("through")}>{[names.clients.get(row.client) ?? row.client, row.address === undefined ? "" : t("fromAddress", { address: row.address })].filter((one) => one !== "").join(", ") || t("notKnown")}</Fact>
          <Fact name={t("outcome")}><Marks row={row} />{row.reason !== "" && <Text size="sm">{row.reason}</Text>}</Fact>
          {row.patients.length > 0 && (
            <Fact name={t("ofPatients")}>
              {row.patients.slice(0, MOST_PATIENTS).map((id) => <div key={id}><PatientLine patient={patients.get(id)} id={id} /></div>)}
              {row.patients.length > MOST_PATIENTS && t("andMore", { n: row.patients.length - MOST_PATIENTS })}
            </Fact>
          )}
          {row.subjects.map((subject) => (
            <Fact key={`${subject.kind} ${subject.id}`} name={t("aboutWhat")}>
              {subjectOf(subject, names)}
              {subject.told.map(({ name, value }) => <Text key={name} size="sm">{t("saidOf", { name: optional(`told.${name}`) ?? name, value })}</Text>)}
            </Fact>
          ))}
          {references.length > 0 && <Fact name={t("recordsTouched")}><Code>{references.join(", ")}</Code></Fact>}
          {studies.length > 0 && <Fact name={t("studiesTouched")}><Code>{studies.join(", ")}</Code></Fact>}
          {asked !== undefined && <Fact name={t("searchedFor")}><Code>{asked}</Code></Fact>}
          {request !== undefined && <Fact name={t("requestId")}><Code>{request}</Code></Fact>}
        </dl>
        {row.isReported && <Text size="sm">{t("reportedMeans")}</Text>}
        <Group gap="md">
          {who !== undefined && <Anchor component={Link} href={`/trail?${addressOf({ who })}`} onClick={onClose}>{t("allOfPerson")}</Anchor>}
          {row.patients.length === 1 && <Anchor component={Link} href={`/trail?${addressOf({ patient: row.patients[0] ?? "" })}`} onClick={onClose}>{t("allOfPatient")}</Anchor>}
        </Group>
        <Button w="fit-content" variant="default" size="xs" aria-expanded={isRaw} onClick={() => setRaw(!isRaw)}>{t(isRaw ? "hideRaw" : "showRaw")}</Button>
        {isRaw && <Code block tabIndex={0}>{JSON.stringify(row.event, null, 2)}</Code>}
      </Stack>
    </Modal>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">{name}</Text>
      <dd style={{ margin: 0, overflowWrap: "anywhere" }}>{children}</dd>
    </div>
  );
}
