import { Alert, Button, Group, Text } from "@mantine/core";
import { IconDownload, IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { Attachment } from "fhir/r4";
import { Suspense, useEffect, useState } from "react";

import { download } from "../../shared/forms/download.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { bytesOf, kindOf } from "./attachments.ts";

const ClinicalDocument = part(() => import("./ClinicalDocument.tsx"));

/** A document's content: text and pictures here, a PDF in the browser's own viewer, a C-CDA as text without anything that could act. */
export function AttachmentView({ attachment, name }: { attachment: Attachment; name: string }) {
  const { t } = useTexts();
  const { fhir, key } = useSmart();
  const query = useQuery({ queryKey: key([], "attachment", attachment.url ?? attachment.hash ?? attachment.data?.slice(0, 64)), queryFn: () => bytesOf(fhir, attachment), staleTime: Infinity });
  const kind = kindOf(attachment.contentType);
  return (
    <Loaded query={query} lines={5}>
      {(blob) => (
        <div>
          {kind === "text" && <PlainText blob={blob} />}
          {kind === "image" && <Picture blob={blob} name={name} />}
          {kind === "ccda" && <Suspense fallback={<Loading />}><ClinicalDocument blob={blob} /></Suspense>}
          {(kind === "pdf" || kind === "other") && <Text size="sm" mb="xs">{kind === "pdf" ? t("pdfHere") : t("kindUnknown", { type: attachment.contentType ?? "" })}</Text>}
          <Group gap="xs" mt="xs" className="fs-noprint">
            {kind === "pdf" && <Button variant="default" leftSection={<IconExternalLink size={16} aria-hidden />} onClick={() => window.open(URL.createObjectURL(blob), "_blank")}>{t("openPdf")}</Button>}
            {kind !== "text" && <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} onClick={() => download(blob, attachment.title ?? name)}>{t("download")}</Button>}
          </Group>
        </div>
      )}
    </Loaded>
  );
}

function PlainText({ blob }: { blob: Blob }) {
  const [content, setContent] = useState("");
  useEffect(() => {
    let isCurrent = true;
    void blob.text().then((said) => isCurrent && setContent(said));
    return () => {
      isCurrent = false;
    };
  }, [blob]);
  return <Text component="pre" m={0} style={{ whiteSpace: "pre-wrap", fontFamily: "inherit", maxWidth: "72ch" }}>{content}</Text>;
}

function Picture({ blob, name }: { blob: Blob; name: string }) {
  const { t } = useTexts();
  const [address, setAddress] = useState<string>();
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the address lives as long as the picture is shown
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  if (isBroken) return <Alert role="alert" color="red">{t("pictureBroken")}</Alert>;
  return address === undefined ? null : <img src={address} alt={name} style={{ maxWidth: "100%", maxHeight: "75dvh" }} onError={() => setBroken(true)} />;
}
