import { Anchor, CloseButton } from "@mantine/core";
import { IconLock, IconPaperclip } from "@tabler/icons-react";
import type { FhirResource } from "fhir/r4";

import { answerOf } from "../shared/fhir/bundle.ts";
import { useBatch } from "../shared/fhir/queries.ts";
import { useMyApps } from "../shared/frame/useMyApps.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Failed } from "../shared/states/Failed.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { addressOf, lineOf } from "./attachments.ts";
import classes from "./messages.module.css";

/** What is attached, as far as the reader may see it: each is read with their own rights. */
export function Attachments({ references, patientId, onRemove }: { references: readonly string[]; patientId?: string; onRemove?: (reference: string) => void }) {
  const { t } = useTexts();
  const apps = useMyApps().map((one) => one.name);
  const query = useBatch(references, []);
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <Loading lines={references.length} />;
  return (
    <ul className={classes.attachments} aria-label={t("attachments")}>
      {references.map((reference, n) => {
        const found = answerOf<FhirResource>(query.data, n);
        const line = found === undefined ? undefined : lineOf(found);
        const address = addressOf(reference, patientId, apps);
        const type = t(`type.${reference.split("/")[0] ?? ""}`);
        return (
          <li key={reference} className={classes.attachment}>
            {line === undefined ? (
              <><IconLock size={16} aria-hidden /> {t("noAccess", { type })}</>
            ) : (
              <>
                <IconPaperclip size={16} aria-hidden />
                <span>{type}: {address === undefined ? <strong>{line.title}</strong> : <Anchor href={address} inherit fw={600}>{line.title}</Anchor>}</span>
                {line.value !== "" && <span className="fs-value">{line.value}</span>}
                <span className={classes.small}>{line.at}</span>
              </>
            )}
            {onRemove !== undefined && <CloseButton aria-label={t("detach", { what: line?.title ?? type })} onClick={() => onRemove(reference)} />}
          </li>
        );
      })}
    </ul>
  );
}
