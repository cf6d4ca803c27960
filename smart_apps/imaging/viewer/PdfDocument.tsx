import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconDownload, IconExternalLink } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useEffect, useMemo } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { fromBase64 } from "../../shared/format/base64.ts";
import { number, text, type Attributes } from "./dicom.ts";
import { FileHead } from "./FileHead.tsx";
import { addressOf, titleOf } from "./stacks.ts";
import classes from "./viewer.module.css";

const DOCUMENT = "00420011";
/** Without what pads it to an even number of bytes. */
const LENGTH = "00420015";
const WRAPPED = { label: { whiteSpace: "normal" } } as const;

/** A PDF of a study: the browser's own viewer opens it in a window, since pages of ours hold no frames. */
export function PdfDocument({ document, patient }: { document: Attributes; patient?: Patient }) {
  const { config, fhir, key } = useSmart();
  const query = useQuery({
    queryKey: key([], "pdf", text(document, "00080018")),
    queryFn: async () => {
      const { BulkDataURI: address, InlineBinary: inline } = document[DOCUMENT] ?? { vr: "OB" };
      if (inline !== undefined) return fromBase64(inline);
      const got = await fhir.bytes(address ?? `${addressOf(config.dicomweb, document)}/bulkdata/${DOCUMENT}`, "application/octet-stream");
      return new Uint8Array(await got.arrayBuffer());
    },
    staleTime: Infinity,
  });
  return (
    <div className={classes.paper}>
      <FileHead file={document} patient={patient} />
      <Loaded query={query}>{(bytes) => <Shown bytes={bytes} length={number(document, LENGTH)} title={titleOf(document)} />}</Loaded>
    </div>
  );
}

function Shown({ bytes, length, title }: { bytes: Uint8Array<ArrayBuffer>; length?: number; title: string }) {
  const { t } = useTexts();
  const address = useMemo(() => URL.createObjectURL(new Blob([bytes.subarray(0, length)], { type: "application/pdf" })), [bytes, length]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  const name = title === "" ? t("document") : title;
  return (
    <Group>
      <Button component="a" href={address} target="_blank" rel="noreferrer" h="auto" py="xs" styles={WRAPPED} leftSection={<IconExternalLink size={18} aria-hidden />}>{t("openDocument", { name })}</Button>
      <Button component="a" href={address} download={`${name}.pdf`} variant="default" h="auto" py="xs" styles={WRAPPED} leftSection={<IconDownload size={18} aria-hidden />}>{t("saveDocument", { name })}</Button>
    </Group>
  );
}
