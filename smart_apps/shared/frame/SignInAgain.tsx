import { Button, Modal, Text } from "@mantine/core";

import { useTexts } from "../i18n/i18n.ts";
import { useSmart } from "../smart/context.tsx";
import { signInAgain } from "../smart/launch.ts";

/** Asks for a new sign-in; there is no way around it. */
export default function SignInAgain() {
  const { t } = useTexts();
  const { app, session } = useSmart();
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} title={t("signedOutTitle")}>
      <Text size="sm" mb="md">{t("signedOutText")}</Text>
      <Button onClick={() => signInAgain(app, session)}>{t("signInAgain")}</Button>
    </Modal>
  );
}
