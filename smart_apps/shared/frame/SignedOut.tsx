import { Button, Modal, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTexts } from "../i18n/i18n.ts";

import { useSmart } from "../smart/context.tsx";
import { signInAgain } from "../smart/launch.ts";

/** The sign-in has ended: asks for a new one above the page, which stays as it is. */
export function SignedOutNotice() {
  const { t } = useTexts();
  const { app, session } = useSmart();
  const queries = useQueryClient();
  const [isOut, setOut] = useState(false);
  useEffect(
    () =>
      session.onChange((isSignedIn) => {
        setOut(!isSignedIn);
        if (isSignedIn) void queries.invalidateQueries();
      }),
    [queries, session],
  );
  return (
    <Modal opened={isOut} onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} title={t("signedOutTitle")}>
      <Text size="sm" mb="md">{t("signedOutText")}</Text>
      <Button onClick={() => signInAgain(app, session)}>{t("signInAgain")}</Button>
    </Modal>
  );
}
