import { Button, Modal } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import type { DocumentReference } from "fhir/r4";
import { useState } from "react";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { isNote } from "../notes/notes.ts";
import { Records } from "../records/Records.tsx";
import { AttachmentView } from "./AttachmentView.tsx";
import { Upload } from "./Upload.tsx";

/** Letters, photos and documents from elsewhere. */
export default function Documents({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [open, setOpen] = useState<DocumentReference>();
  const [isNew, setNew] = useState(false);
  const name = (one: DocumentReference) => one.description ?? one.content[0]?.attachment.title ?? words(one.type);
  return (
    <>
      <Records<DocumentReference>
        type="DocumentReference" parameters={{ patient, _sort: "-date", _count: 50 }} title={t("documents")} empty={t("documentsNone")}
        filter={(one) => !isNote(one) && one.status !== "entered-in-error"}
        actions={session.allows("DocumentReference", "c") && session.allows("Binary", "c") && <Button leftSection={<IconUpload size={16} aria-hidden />} onClick={() => setNew(true)}>{t("upload")}</Button>}
        columns={[
          { label: "document", cell: (one) => <button type="button" className="fs-plain" style={{ color: "var(--fs-accent)", textDecoration: "underline" }} onClick={() => setOpen(one)}>{name(one)}</button> },
          { label: "kindColumn", cell: (one) => words(one.type) },
          { label: "when", cell: (one) => moment(one.date) },
          { label: "by", cell: (one) => one.author?.map((author) => author.display).filter(Boolean).join(", ") ?? "" },
          { label: "statusColumn", cell: (one) => (one.status === "superseded" ? t("status.superseded") : one.docStatus === undefined ? "" : t(`status.${one.docStatus}`)) },
        ]}
      />
      {open !== undefined && (
        <Modal opened onClose={() => setOpen(undefined)} title={name(open)} size="xl" closeButtonProps={{ "aria-label": t("close") }}>
          {open.content.map((content, n) => <AttachmentView key={n} attachment={content.attachment} name={name(open)} />)}
        </Modal>
      )}
      {isNew && <Upload patient={patient} onClose={() => setNew(false)} />}
    </>
  );
}
