import { Badge, Button, NativeSelect } from "@mantine/core";
import { IconUpload, IconUsers } from "@tabler/icons-react";
import type { Consent, DocumentReference } from "fhir/r4";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { isInError } from "../../shared/format/inError.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { isNote } from "../notes/notes.ts";
import { Records } from "../records/Records.tsx";
import { CATEGORIES, categoryOf, datedOf, LOINC, nameOf } from "./kinds.ts";
import { sharedIn, SHARES, stateOf } from "./sharing.ts";

const Upload = part(() => import("./Upload.tsx"));
const ALL = "";

/** Letters, photos and documents from elsewhere: by category, and which of them are shared. */
export default function Documents({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [category, setCategory] = useState(ALL);
  const [isNew, setNew] = useState(false);
  const shares = useSearch<Consent>("Consent", session.allows("Consent", "s") ? { patient, category: SHARES, status: "active", _count: 200 } : undefined);
  const shared = new Set(resourcesOf<Consent>(shares.data, "Consent").filter((one) => stateOf(one) === "inForce").flatMap(sharedIn));
  return (
    <>
      <Records<DocumentReference>
        type="DocumentReference" title={t("documents")} empty={category === ALL ? t("documentsNone") : t("documentsNoneSuch")}
        parameters={{ patient, _sort: "-date", _count: 50, ...(category === ALL ? {} : { category: `${LOINC}|${category}` }) }}
        filter={(one) => !isNote(one)}
        actions={session.allows("DocumentReference", "c") && session.allows("Binary", "c") && <Button leftSection={<IconUpload size={16} aria-hidden />} onClick={() => setNew(true)}>{t("upload")}</Button>}
        columns={[
          { label: "document", cell: (one) => <><Link href={`/patients/${patient}/documents/${one.id ?? ""}`} style={{ color: "var(--fs-accent)" }}>{isInError(one) ? <del>{nameOf(one)}</del> : nameOf(one)}</Link>{shared.has(one.id ?? "") && <Badge ml="xs" tt="none" variant="light" leftSection={<IconUsers size={12} aria-hidden />}>{t("sharedBadge")}</Badge>}</> },
          { label: "kindColumn", cell: (one) => words(one.type) },
          { label: "category", cell: (one) => { const code = categoryOf(one); return code === undefined ? words(one.category?.[0]) : t(`documentCategory.${code}`); } },
          { label: "dated", cell: (one) => moment(datedOf(one)) },
          { label: "by", cell: (one) => one.author?.map((author) => author.display).filter(Boolean).join(", ") ?? "" },
          { label: "statusColumn", cell: (one) => (one.status === "superseded" || isInError(one) ? t(`status.${one.status}`) : one.docStatus === undefined ? "" : t(`status.${one.docStatus}`)) },
        ]}
      >
        <NativeSelect
          w="fit-content" className="fs-noprint" label={t("category")} value={category} onChange={(event) => setCategory(event.currentTarget.value)}
          data={[{ value: ALL, label: t("categoryAll") }, ...Object.keys(CATEGORIES).map((code) => ({ value: code, label: t(`documentCategory.${code}`) }))]}
        />
      </Records>
      <Suspense>{isNew && <Upload patient={patient} onClose={() => setNew(false)} />}</Suspense>
    </>
  );
}
