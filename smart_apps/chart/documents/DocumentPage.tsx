import { Button, Card, Group, Stack } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import type { DocumentReference } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { idIn } from "../../shared/fhir/bundle.ts";
import { useRead } from "../../shared/fhir/queries.ts";
import { isInError, withdrawn } from "../../shared/format/inError.ts";
import { MarkInError } from "../../shared/forms/MarkInError.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useSave } from "../records/useSave.tsx";
import { DocumentView } from "./DocumentView.tsx";
import { nameOf } from "./kinds.ts";
import { Sharing } from "./Sharing.tsx";

/** One document of a patient: to read, to share, and who has seen it. */
export default function DocumentPage({ patient, id }: { patient: string; id: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const query = useRead<DocumentReference>("DocumentReference", id);
  return (
    <Stack gap="sm" maw={1180}>
      <Link href={`/patients/${patient}/documents`} className="fs-noprint" style={{ color: "var(--fs-accent)", width: "fit-content" }}><IconArrowLeft size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("documents")}</Link>
      <Loaded query={query} lines={10}>
        {(one) => (idIn(one.subject?.reference, "Patient") !== patient ? <Empty title={t("documentElsewhere")} /> : (
          <>
            <Card component="section" aria-label={t("document")}><DocumentView document={one} /></Card>
            <Withdraw patient={patient} document={one} />
            {session.allows("Consent", "s") && <Sharing patient={patient} document={one} />}
          </>
        ))}
      </Loaded>
    </Stack>
  );
}

/** Who has added a document can say that it is an error. */
function Withdraw({ patient, document: one }: { patient: string; document: DocumentReference }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [isAsked, setAsked] = useState(false);
  const { save, conflict, isSaving } = useSave<DocumentReference>("DocumentReference", (theirs, mine) => [{ field: t("statusColumn"), theirs: theirs.status, mine: mine.status }]);
  const isMine = one.author?.some((author) => author.reference === session.grant.fhirUser) === true;
  if (!session.allows("DocumentReference", "u") || !isMine || isInError(one)) return conflict;
  return (
    <Group className="fs-noprint">
      <Button size="compact-sm" variant="subtle" color="red" onClick={() => setAsked(true)}>{t("inError.mark")}</Button>
      {isAsked && <MarkInError patient={patient} what={nameOf(one)} isBusy={isSaving} onNo={() => setAsked(false)} onYes={(said) => save(withdrawn(one, said), t("inError.done"), () => setAsked(false))} />}
      {conflict}
    </Group>
  );
}
