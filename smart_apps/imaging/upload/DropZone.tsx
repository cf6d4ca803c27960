import { Button, FileButton, Group, Text } from "@mantine/core";
import { IconCamera, IconFile, IconFolder, IconUpload } from "@tabler/icons-react";
import { useRef, useState, type ChangeEvent, type DragEvent } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { dropped } from "./collect.ts";
import classes from "./upload.module.css";

/** Where files are dropped; buttons do the same. */
export function DropZone({ onFiles, isBusy }: { onFiles: (files: readonly File[]) => void; isBusy: boolean }) {
  const { t } = useTexts();
  const [isOver, setOver] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!isBusy) void dropped(event.dataTransfer.items).then(onFiles);
  };
  const over = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  const take = (files: readonly File[]) => {
    if (files.length > 0) onFiles(files);
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping is for the mouse; the buttons within do the same
    <div className={classes.zone} data-over={isOver} role="group" aria-label={t("upload.zone")} onDragOver={over} onDragLeave={() => setOver(false)} onDrop={drop}>
      <IconUpload size={28} stroke={1.4} aria-hidden />
      <Text fw={600} visibleFrom="sm">{t("upload.drop")}</Text>
      <Text size="sm" c="dimmed">{t("upload.kinds")}</Text>
      <Group justify="center" gap="xs">
        <FileButton multiple onChange={take}>{(given) => <Button {...given} loading={isBusy} variant="default" leftSection={<IconFile size={18} aria-hidden />}>{t("upload.files")}</Button>}</FileButton>
        <Button variant="default" visibleFrom="sm" disabled={isBusy} leftSection={<IconFolder size={18} aria-hidden />} onClick={() => folder.current?.click()}>{t("upload.folder")}</Button>
        <FileButton accept="image/jpeg" capture="environment" onChange={(file) => take(file === null ? [] : [file])}>{(given) => <Button {...given} hiddenFrom="sm" disabled={isBusy} variant="default" leftSection={<IconCamera size={18} aria-hidden />}>{t("upload.camera")}</Button>}</FileButton>
      </Group>
      <input
        ref={folder} type="file" hidden tabIndex={-1} aria-hidden
        {...{ webkitdirectory: "" }}
        onChange={(event: ChangeEvent<HTMLInputElement>) => { take([...(event.currentTarget.files ?? [])]); event.currentTarget.value = ""; }}
      />
    </div>
  );
}
