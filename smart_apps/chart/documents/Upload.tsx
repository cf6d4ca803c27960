import { Alert, Button, FileInput, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { Binary, DocumentReference } from "fhir/r4";
import { useState } from "react";

import { isAbout } from "../../shared/fhir/queries.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Whom } from "../records/Confirm.tsx";
import { kindOf } from "./attachments.ts";

const ENTRY = "https://fhirserver.example/document-entry";
const MOST_BYTES = 10_000_000;
/** Kinds of documents, in LOINC. */
const TYPES = [["34109-9", "Note"], ["72170-4", "Photographic image"], ["57133-1", "Referral note"], ["18842-5", "Discharge summary"], ["59284-0", "Consent Document"]] as const;

/** A picture of the camera, a PDF, a text or a C-CDA into the record of a patient, who is named first. */
export function Upload({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { fhir, session } = useSmart();
  const me = useMe();
  const queries = useQueryClient();
  const why = useReason();
  const [file, setFile] = useState<File | null>(null);
  const [title, setTitle] = useState("");
  const [type, setType] = useState<string>(TYPES[0][0]);
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [id] = useState(() => crypto.randomUUID());
  const kind = kindOf(file?.type);
  const fault = file === null ? t("required") : file.size > MOST_BYTES ? t("fileLarge", { mb: MOST_BYTES / 1_000_000 }) : kind === "other" ? t("fileKind") : file.size === 0 ? t("fileEmpty") : undefined;

  const save = async () => {
    setTried(true);
    if (file === null || fault !== undefined || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const subject = { reference: `Patient/${patient}` };
      const chosen = TYPES.find(([code]) => code === type) ?? TYPES[0];
      const binary: Binary = { resourceType: "Binary", contentType: file.type, securityContext: subject, data: await base64Of(file) };
      const at = isoNow();
      const document: DocumentReference = {
        resourceType: "DocumentReference",
        identifier: [{ system: ENTRY, value: id }],
        status: "current",
        docStatus: "final",
        type: { coding: [{ system: "http://loinc.org", code: chosen[0], display: chosen[1] }], text: chosen[1] },
        subject,
        date: at,
        description: title.trim() === "" ? file.name : title.trim(),
        ...(session.grant.fhirUser === undefined ? {} : { author: [{ reference: session.grant.fhirUser, display: me?.name }] }),
        content: [{ attachment: { contentType: file.type, url: `urn:uuid:${id}`, title: file.name, size: file.size, creation: at } }],
      };
      await fhir.transaction([
        { fullUrl: `urn:uuid:${id}`, resource: binary, request: { method: "POST", url: "Binary" } },
        { resource: document, request: { method: "POST", url: "DocumentReference", ifNoneExist: `identifier=${ENTRY}|${id}` } },
      ]);
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
          <FileInput label={t("file")} description={t("fileHint")} withAsterisk value={file} onChange={setFile} error={isTried || file !== null ? fault : undefined} accept="image/jpeg,image/png,image/webp,application/pdf,text/plain,text/xml,application/xml,.xml" clearable clearButtonProps={{ "aria-label": t("fileClear") }} />
          <TextInput label={`${t("titleLabel")} (${t("optional")})`} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
          <NativeSelect label={t("kindColumn")} value={type} onChange={(event) => setType(event.currentTarget.value)} data={TYPES.map(([code]) => ({ value: code, label: t(`documentTypes.${code}`) }))} />
          {problem !== undefined && <Alert role="alert" color="red">{problem}</Alert>}
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t("cancel")}</Button><Button type="submit" loading={isBusy}>{t("uploadNow")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}

function base64Of(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error(file.type));
    reader.readAsDataURL(file);
  });
}
