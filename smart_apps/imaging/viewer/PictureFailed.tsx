import { Alert, Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { PictureError } from "./loading.ts";
import classes from "./viewer.module.css";

/** Why a picture can't be shown, and the way to try again. */
export function PictureFailed({ error, retry }: { error: PictureError; retry: () => void }) {
  const { t } = useTexts();
  const { status } = error;
  const reason =
    status === undefined ? t("pictureFailed.undecodable", { reason: error.message })
    : status === 0 ? t("failedUnreachable")
    : status === 403 ? t("failedForbidden")
    : status === 404 || status === 410 ? t("failedGone")
    : status === 406 ? t("pictureFailed.unsupported", { reason: error.message })
    : status >= 500 && status !== 503 ? t("failedServer", { status })
    : t("failedOther", { reason: error.message });
  return (
    <div className={classes.message}>
      <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />} title={t("pictureFailed.title")}>
        {reason}
        <div><Button size="xs" mt="xs" variant="default" onClick={retry}>{t("retry")}</Button></div>
      </Alert>
    </div>
  );
}
