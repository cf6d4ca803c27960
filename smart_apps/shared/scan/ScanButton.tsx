import { Alert, Button, Modal, Text } from "@mantine/core";
import { IconBarcode } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { useTexts } from "../i18n/i18n.ts";
import { canScan, scan } from "./barcodes.ts";

/** Reads a barcode by the camera, where the browser can; elsewhere there is no such button. */
export function ScanButton({ onRead }: { onRead: (text: string) => void }) {
  const { t } = useTexts();
  const [isOpen, setOpen] = useState(false);
  if (!canScan()) return null;
  return (
    <>
      <Button type="button" variant="default" leftSection={<IconBarcode size={18} aria-hidden />} onClick={() => setOpen(true)}>{t("scanButton")}</Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={t("scanTitle")} closeButtonProps={{ "aria-label": t("close") }} returnFocus>
        {isOpen && <Camera onRead={(text) => { setOpen(false); onRead(text); }} />}
      </Modal>
    </>
  );
}

function Camera({ onRead }: { onRead: (text: string) => void }) {
  const { t } = useTexts();
  const video = useRef<HTMLVideoElement>(null);
  const read = useRef(onRead);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    read.current = onRead;
  });
  useEffect(() => {
    const gone = new AbortController();
    if (video.current !== null) {
      scan(video.current, gone.signal).then(
        (text) => { if (!gone.signal.aborted) read.current(text); },
        () => { if (!gone.signal.aborted) setFailed(true); },
      );
    }
    return () => gone.abort();
  }, []);
  if (isFailed) return <Alert role="alert" color="yellow" title={t("scanFailed")}>{t("scanFailedHint")}</Alert>;
  return (
    <>
      <Text size="sm" mb="xs">{t("scanHint")}</Text>
      <video ref={video} muted playsInline aria-label={t("scanPicture")} style={{ width: "100%", maxHeight: "60vh", background: "black" }} />
    </>
  );
}
