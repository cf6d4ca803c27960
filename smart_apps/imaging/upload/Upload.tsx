import { Alert, Button, Checkbox, Group, NativeSelect, Progress, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconInfoCircle, IconSend } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { useRead } from "../../shared/fhir/queries.ts";
import { day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { collect, type Chosen, type Collected } from "./collect.ts";
import { DropZone } from "./DropZone.tsx";
import { groupsOf } from "./groups.ts";
import { GroupItem } from "./GroupItem.tsx";
import { Outcomes } from "./Outcomes.tsx";
import { useSending, type About } from "./useSending.ts";

const MODALITIES = ["XC", "ES", "US", "OT"] as const;
const SIDES = ["", "R", "L", "B", "U"] as const;

/** Files are chosen, looked at, confirmed to be this patient's, and sent. */
export default function Upload({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const query = useRead<Patient>("Patient", patient);
  if (!session.allows("ImagingStudy", "c")) return <Empty title={t("upload.forbidden")} />;
  return <Loaded query={query}>{(found) => <Choosing patient={found} />}</Loaded>;
}

function Choosing({ patient }: { patient: Patient }) {
  const { t } = useTexts();
  const [chosen, setChosen] = useState<Collected>();
  const [isLooking, setLooking] = useState(false);
  const [others, setOthers] = useState<ReadonlySet<string>>(new Set());
  const [isConfirmed, setConfirmed] = useState(false);
  const [about, setAbout] = useState<About>({ description: "", modality: "XC", laterality: "" });
  const { progress, send, forget } = useSending(patient.id ?? "");
  const name = formalName(patient.name);
  const whose = t("upload.whose", { name, born: patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate), number: recordNumber(patient.identifier) ?? t("notKnown") });

  const take = async (files: readonly File[]) => {
    setLooking(true);
    setConfirmed(false);
    setOthers(new Set());
    forget();
    try {
      setChosen(await collect(files));
    } finally {
      setLooking(false);
    }
  };

  const files = chosen?.files ?? [];
  const groups = groupsOf(files, patient);
  const pictures = files.filter((one) => one.type !== "dicom");
  const sent = [...groups.filter((one) => one.agreement.kind !== "other" || others.has(one.key)).flatMap((one) => one.files), ...pictures];
  const isDone = progress !== undefined && !progress.isBusy;
  const failedFiles = sent.filter((one: Chosen) => progress?.outcomes.get(one.key)?.kind === "failed");
  return (
    <Stack maw={820} gap="md">
      <Title order={2}>{t("upload.title")}</Title>
      <DropZone onFiles={(given) => void take(given)} isBusy={isLooking || progress?.isBusy === true} />
      {chosen !== undefined && files.length === 0 && <Alert color="yellow" role="alert" title={t("upload.nothing")}>{t("upload.kinds")}</Alert>}
      {chosen !== undefined && chosen.left.length > 0 && (
        <Alert color="gray" icon={<IconInfoCircle aria-hidden />} title={t("upload.left", { n: chosen.left.length })}>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>{chosen.left.slice(0, 8).map((one) => `${one.name} (${t(`upload.why.${one.reason}`)})`).join(", ")}{chosen.left.length > 8 && " …"}</Text>
        </Alert>
      )}
      {groups.map((group) => (
        <GroupItem key={group.key} group={group} patientName={name} isSent={group.agreement.kind !== "other" || others.has(group.key)} isFixed={progress !== undefined}
          onChange={(isSent) => setOthers((before) => { const next = new Set(before); if (isSent) next.add(group.key); else next.delete(group.key); return next; })} />
      ))}
      {pictures.length > 0 && (
        <Stack gap="xs">
          <Title order={3}>{t("upload.pictures", { n: pictures.length })}</Title>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>{pictures.map((one) => one.name).join(", ")}</Text>
          <Text size="sm" c="dimmed">{t("upload.picturesHint")}</Text>
          <Group grow align="end" preventGrowOverflow={false}>
            <TextInput label={t("upload.description")} placeholder={t("upload.descriptionHint")} maxLength={64} value={about.description} disabled={progress !== undefined} onChange={(event) => setAbout({ ...about, description: event.currentTarget.value })} />
            <NativeSelect label={t("upload.kind")} value={about.modality} disabled={progress !== undefined} onChange={(event) => setAbout({ ...about, modality: event.currentTarget.value })} data={MODALITIES.map((code) => ({ value: code, label: t(`modality.${code}`) }))} />
            <NativeSelect label={t("upload.side")} value={about.laterality} disabled={progress !== undefined} onChange={(event) => setAbout({ ...about, laterality: event.currentTarget.value })} data={SIDES.map((code) => ({ value: code, label: code === "" ? t("upload.sides.unsaid") : t(`upload.sides.${code}`) }))} />
          </Group>
        </Stack>
      )}
      {files.length > 0 && progress === undefined && (
        <>
          <Checkbox size="md" checked={isConfirmed} label={t("upload.confirm", { whose })} onChange={(event) => setConfirmed(event.currentTarget.checked)} />
          <Group><Button size="md" leftSection={<IconSend size={18} aria-hidden />} disabled={!isConfirmed || sent.length === 0} onClick={() => void send(sent, about)}>{t("upload.send", { n: sent.length, name })}</Button></Group>
        </>
      )}
      {progress?.isBusy === true && (
        <div role="status">
          <Progress value={progress.total === 0 ? 0 : (progress.bytes / progress.total) * 100} aria-label={t("upload.progress")} size="lg" animated />
          <Text size="sm" mt={4}>{t("upload.sending", { n: progress.sent, count: sent.length })}</Text>
        </div>
      )}
      {isDone && <Outcomes files={sent} outcomes={progress.outcomes} />}
      {isDone && (
        <Group>
          {failedFiles.length > 0 && <Button onClick={() => void send(failedFiles, about)}>{t("upload.again", { n: failedFiles.length })}</Button>}
          <Button component={Link} href={`/patients/${patient.id ?? ""}`} variant="default">{t("upload.toStudies")}</Button>
        </Group>
      )}
    </Stack>
  );
}
