import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconExternalLink } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useEffect, useMemo } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { bytesOf } from "./attachments.ts";
import { text, type Attributes } from "./dicom.ts";
import { FileHead } from "./FileHead.tsx";
import { addressOf, titleOf } from "./stacks.ts";
import classes from "./viewer.module.css";

const DOCUMENT = "00420011";

/** A PDF of a study, shown by the browser's own viewer. */
export function PdfDocument({ document, patient }: { document: Attributes; patient?: Patient }) {
  const { config, fhir, key } = useSmart();
  const query = useQuery({
    queryKey: key([], "pdf", text(document, "00080018")),
    queryFn: async () => {
      const { BulkDataURI: address, InlineBinary: inline } = document[DOCUMENT] ?? { vr: "OB" };
      if (inline !== undefined) return bytesOf(inline);
      const got = await fhir.bytes(address ?? `${addressOf(config.dicomweb, document)}/bulkdata/${DOCUMENT}`, "application/octet-stream");
      return new Uint8Array(await got.arrayBuffer());
    },
    staleTime: Infinity,
  });
  return (
    <div className={classes.paper}>
      <FileHead file={document} patient={patient} />
      <Loaded query={query}>{(bytes) => <Shown bytes={bytes} title={titleOf(document)} />}</Loaded>
    </div>
  );
}

function Shown({ bytes, title }: { bytes: Uint8Array<ArrayBuffer>; title: string }) {
  const { t } = useTexts();
  const address = useMemo(() => URL.createObjectURL(new Blob([bytes], { type: "application/pdf" })), [bytes]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  const name = title === "" ? t("document") : title;
  return (
    <>
      <Button component="a" href={address} target="_blank" rel="noreferrer" variant="default" leftSection={<IconExternalLink size={18} aria-hidden />}>{t("openDocument", { name })}</Button>
      <iframe className={classes.document} src={address} title={name} />
    </>
  );
}
