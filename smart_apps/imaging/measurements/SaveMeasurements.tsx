import { IconDeviceFloppy } from "@tabler/icons-react";
import type { ImagingStudy } from "fhir/r4";

import { failed, told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import type { Picture } from "../viewer/stacks.ts";
import { ToolButton } from "../viewer/ToolButton.tsx";
import { Refused, useMeasurements } from "./useMeasurements.ts";

/** Keeps the measurements with the study; nothing to press while there is nothing new. */
export function SaveMeasurements({ study, picture }: { study: ImagingStudy; picture: Picture | undefined }) {
  const { t } = useTexts();
  const reason = useReason();
  const { isChanged, isAllowed, onPlanes, save } = useMeasurements(study);
  if (!isAllowed || picture === undefined) return null;
  const press = () =>
    save.mutate(picture, {
      onError: (error) => failed(error instanceof Refused ? t("measure.refused", { code: error.message }) : reason(error)),
      onSuccess: (n) => told([t("measure.saved", { n }), ...(onPlanes > 0 ? [t("measure.onPlanes", { n: onPlanes })] : [])].join(" ")),
    });
  return <ToolButton icon={IconDeviceFloppy} label={t("measure.save")} aria-label={t("measure.saveAll")} data-new={isChanged} disabled={!isChanged || save.isPending} onClick={press} />;
}
