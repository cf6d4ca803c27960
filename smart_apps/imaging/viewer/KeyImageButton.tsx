import { IconStar, IconStarFilled } from "@tabler/icons-react";
import type { ImagingStudy } from "fhir/r4";

import { failed, told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import { markOf } from "./keyImages.ts";
import type { Picture } from "./stacks.ts";
import { ToolButton } from "./ToolButton.tsx";
import { useKeyImages } from "./useKeyImages.ts";

/** Marks the picture as a key image; pressed again, takes the mark away. */
export function KeyImageButton({ study, picture }: { study: ImagingStudy; picture: Picture | undefined }) {
  const { t } = useTexts();
  const reason = useReason();
  const { query, marked, mark, unmark, isAllowed, isChangeable } = useKeyImages(study);
  if (!isAllowed || picture === undefined) return null;
  const found = marked.find((one) => one.media !== undefined && markOf(one) === markOf(picture));
  const isBusy = mark.isPending || unmark.isPending || query.isPending;
  const press = () => {
    const onError = (error: unknown) => failed(reason(error));
    if (found?.media === undefined) mark.mutate(picture, { onError, onSuccess: () => told(t("key.marked")) });
    else unmark.mutate(found.media, { onError, onSuccess: () => told(t("key.unmarked")) });
  };
  return <ToolButton icon={found === undefined ? IconStar : IconStarFilled} label={t("key.mark")} pressed={found !== undefined} disabled={isBusy || (found !== undefined && !isChangeable)} onClick={press} />;
}
