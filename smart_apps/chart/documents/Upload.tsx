import { Alert, Button, FileButton, FileInput, Group, Modal, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { IconCamera } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { isAbout } from "../../shared/fhir/queries.ts";
import { day, isoDay, isoNow } from "../../shared/format/dates.ts";
import { chosen } from "../../shared/format/people.ts";
import { told } from "../../shared/forms/saving.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Whom } from "../records/Confirm.tsx";
import { isGenuine, kindOf } from "./attachments.ts";
import { isOfAnother, readDocument, type ClinicalText } from "./ccda.ts";
import { KindPicker, type Kind } from "./KindPicker.tsx";
import { CATEGORIES, KINDS } from "./kinds.ts";
import { entriesOf, MOST_BYTES } from "./uploading.ts";

const ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf,text/plain,text/xml,application/xml,.xml";
const PHOTOS = "image/jpeg,image/png,image/webp";

/** What was found out about a file. */
interface Looked {
  file: File;
  fault?: string;
  /** A C-CDA, read. */
  document?: ClinicalText;
}

/** A picture of the camera, a PDF, a text or a C-CDA into the record of a patient, who is named first. */
export default function Upload({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { fhir, session } = useSmart();
  const me = useMe();
  const queries = useQueryClient();
  const why = useReason();
  const { patient: who } = usePatientBatch(patient);
  const [looked, setLooked] = useState<Looked>();
  const [title, setTitle] = useState("");
  const [kind, setKind] = useState<Kind>();
  const [category, setCategory] = useState("");
  const [date, setDate] = useState(isoDay());
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [id] = useState(() => crypto.randomUUID());
  const hasTouch = window.matchMedia("(pointer: coarse)").matches;
  const dateFault = date === "" ? t("required") : date > isoDay() ? t("dateFuture") : undefined;
  const isOther = looked?.document !== undefined && isOfAnother(looked.document, who?.birthDate, chosen(who?.name)?.family);

  const look = async (file: File | null) => {
    setProblem(undefined);
    if (file === null) {
      setLooked(undefined);
      return;
    }
    const found = await lookAt(file);
    setLooked({ file, document: found.document, fault: found.fault === undefined ? undefined : t(found.fault, { mb: MOST_BYTES / 1_000_000, size: (file.size / 1_000_000).toFixed(1) }) });
    if (found.document?.title !== undefined) setTitle((before) => (before === "" ? found.document?.title ?? "" : before));
    if (found.document?.date !== undefined) setDate(found.document.date);
  };
  const choose = (next: Kind | undefined) => {
    setKind(next);
    const usual = KINDS.find(({ code }) => code === next?.code)?.category;
    if (usual !== undefined) setCategory(usual);
  };
  const save = async () => {
    setTried(true);
    if (looked === undefined || looked.fault !== undefined || kind === undefined || category === "" || dateFault !== undefined || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const author = session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name };
      await fhir.transaction(await entriesOf({ id, patient, file: looked.file, isClinical: looked.document !== undefined, title, kind, category, date, at: isoNow(), author }));
      told(t("uploaded"));
      await queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["DocumentReference"]) });
      onClose();
    } catch (error) {
      setProblem(why(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t("upload")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <Whom patient={patient} />
        <Stack gap="sm">
          {hasTouch && (
            <FileButton accept={PHOTOS} capture="environment" onChange={(file) => void look(file)}>
              {(props) => <Button {...props} variant="light" leftSection={<IconCamera size={18} aria-hidden />}>{t("takePhoto")}</Button>}
            </FileButton>
          )}
          <FileInput
            label={t("file")} description={t("fileHint", { mb: MOST_BYTES / 1_000_000 })} withAsterisk value={looked?.file ?? null} onChange={(file) => void look(file)} placeholder={t("fileChoose")}
            error={looked?.fault ?? (isTried && looked === undefined ? t("required") : undefined)} accept={ACCEPTED} clearable clearButtonProps={{ "aria-label": t("fileClear") }}
          />
          {isOther && looked.document !== undefined && (
            <Alert role="alert" color="yellow" title={t("ccdaOtherTitle")}>
              <Text size="sm">{t("ccdaOther", { name: [looked.document.patient.family, looked.document.patient.given].filter(Boolean).join(", "), born: day(looked.document.patient.birthDate) })}</Text>
            </Alert>
          )}
          <KindPicker value={kind} onChange={choose} error={isTried && kind === undefined ? t("required") : undefined} />
          <NativeSelect
            label={t("category")} withAsterisk value={category} onChange={(event) => setCategory(event.currentTarget.value)} error={isTried && category === "" ? t("required") : undefined}
            data={[{ value: "", label: t("chooseCategory") }, ...Object.keys(CATEGORIES).map((code) => ({ value: code, label: t(`documentCategory.${code}`) }))]}
          />
          <TextInput label={`${t("titleLabel")} (${t("optional")})`} description={t("titleHint")} value={title} maxLength={200} onChange={(event) => setTitle(event.currentTarget.value)} />
          <TextInput type="date" label={t("documentDate")} withAsterisk max={isoDay()} value={date} error={isTried || dateFault === t("dateFuture") ? dateFault : undefined} onChange={(event) => setDate(event.currentTarget.value)} />
          {problem !== undefined && <Alert role="alert" color="red">{problem}</Alert>}
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t("cancel")}</Button><Button type="submit" loading={isBusy}>{t("uploadNow")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Whether a file can be taken; `fault` is the key of a text. */
async function lookAt(file: File): Promise<{ fault?: string; document?: ClinicalText }> {
  const kind = kindOf(file.type);
  if (file.size === 0) return { fault: "fileEmpty" };
  if (file.size > MOST_BYTES) return { fault: "fileLarge" };
  if (kind === "other") return { fault: "fileKind" };
  if (!(await isGenuine(file))) return { fault: "fileOther" };
  if (kind !== "ccda") return {};
  try {
    return { document: readDocument(await file.text()) };
  } catch {
    return { fault: "fileNotClinical" };
  }
}
