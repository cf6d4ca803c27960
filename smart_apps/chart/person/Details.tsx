import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { isShown, preferred } from "./fields.ts";
import classes from "./form.module.css";
import { codeOf, languageName } from "./kinds.ts";
import { useMayChange } from "./useMayChange.ts";
import { addressWords, contactWords, identifierKind, identifierWords, nameWords, telecomWords } from "./words.ts";

/** Who the patient is, and how they and theirs are reached. */
export default function Details({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { query, patient: who } = usePatientBatch(patient);
  const may = useMayChange();
  if (query.isError && who === undefined) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (who === undefined) return <Loading lines={12} />;
  return (
    <Stack gap="sm" maw={900}>
      <Group justify="space-between">
        <Title order={2}>{t("details")}</Title>
        {may !== undefined && <Button component={Link} href={`/patients/${patient}/details/edit`} leftSection={<IconPencil size={16} aria-hidden />} className="fs-noprint">{t("detailsChange")}</Button>}
      </Group>
      <Person who={who} />
    </Stack>
  );
}

function Person({ who }: { who: Patient }) {
  const { t, language } = useTexts();
  const spoken = preferred(who.communication);
  return (
    <>
      <Part title={t("names")}>{(who.name ?? []).map((one, n) => <Fact key={n} name={one.use === undefined ? t("name") : t(`nameUses.${one.use}`)}><bdi>{nameWords(one)}</bdi></Fact>)}</Part>
      <Part title={t("birthAndSex")}>
        <Fact name={t("person.birthDate")}>{day(who.birthDate)}</Fact>
        <Fact name={t("sexColumn")}>{who.gender === undefined ? "" : t(`sex.${who.gender}`)}</Fact>
        {(who.deceasedDateTime !== undefined || who.deceasedBoolean === true) && <Fact name={t("died")}>{day(who.deceasedDateTime)}</Fact>}
        {who.maritalStatus !== undefined && <Fact name={t("marital")}>{words(who.maritalStatus)}</Fact>}
      </Part>
      <Part title={t("numbers")}>{(who.identifier ?? []).filter(isShown).map((one, n) => <Fact key={n} name={`${identifierKind(one, t)}${one.use === "old" ? ` (${t("nameUses.old")})` : ""}`}><bdi>{identifierWords(one)}</bdi></Fact>)}</Part>
      <Part title={t("telecoms")}>{(who.telecom ?? []).map((one, n) => <Fact key={n} name={t(`telecomSystem.${one.system ?? "other"}`)}>{telecomWords(one, t)}</Fact>)}</Part>
      <Part title={t("addresses")}>{(who.address ?? []).map((one, n) => <Fact key={n} name={one.use === undefined ? t("address") : t(`placeUse.${one.use}`)}><bdi>{addressWords(one)}</bdi></Fact>)}</Part>
      <Part title={t("contacts")}>{(who.contact ?? []).map((one, n) => <Fact key={n} name={t("contact")}>{contactWords(one, t)}</Fact>)}</Part>
      <Part title={t("languageAndDoctor")}>
        <Fact name={t("spoken")}>{spoken === undefined ? "" : languageName(codeOf(spoken.language), language)}</Fact>
        <Fact name={t("practitioner")}>{(who.generalPractitioner ?? []).map((one) => one.display ?? one.reference).join(", ")}</Fact>
      </Part>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTexts();
  const isEmpty = Array.isArray(children) && children.length === 0;
  return (
    <Card component="section" aria-label={title}>
      <Title order={3} mb="xs">{title}</Title>
      {isEmpty ? <Text size="sm" c="dimmed">{t("noneOnRecord")}</Text> : <dl className={classes.facts}>{children}</dl>}
    </Card>
  );
}

/** What isn't known is said to be so. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
  const { t } = useTexts();
  return <><dt>{name}</dt><dd>{children === "" || children === undefined ? t("notKnown") : children}</dd></>;
}
