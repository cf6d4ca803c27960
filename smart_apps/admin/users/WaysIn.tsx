import { Alert, Button, Card, Group, List, Modal, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";

import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { moment } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Confirm, Refused } from "../people/Confirm.tsx";
import { shownName, type User } from "../people/users.ts";
import { useOptional } from "../trail/sentence.ts";

interface Factors {
  hasPassword: boolean;
  /** Until when they may not try, after too many failed attempts. */
  pausedUntil: string | null;
  recoveryCodesLeft: number;
  factors: { kind: string; label: string; created: string; used: string | null }[];
}

/** How an account gets in: password, authenticator app, passkeys, recovery codes; and help for who has lost them. */
export function WaysIn({ user, mayChange }: { user: User; mayChange: boolean }) {
  const { t } = useTexts();
  const optional = useOptional();
  const query = useAsk<Factors>(["Factor"], ["factors", user.id], (fhir) => fhir.other<Factors>(`/admin/users/${user.id}/factors`));
  const [asking, setAsking] = useState<"factors" | "password" | "pause">();
  return (
    <Card component="section" aria-labelledby="ways-in">
      <Title order={2} id="ways-in" mb="xs">{t("waysIn")}</Title>
      <Loaded query={query} lines={3}>
        {(held) => (
          <Stack gap="xs">
            {held.pausedUntil !== null && (
              <Alert color="yellow" title={t("paused", { at: moment(held.pausedUntil) })}>
                <Stack gap="xs">
                  <Text size="sm">{t("pausedText")}</Text>
                  {mayChange && <Button w="fit-content" size="xs" onClick={() => setAsking("pause")}>{t("endPauseDots")}</Button>}
                </Stack>
              </Alert>
            )}
            <List size="sm">
              <List.Item>{t(held.hasPassword ? "hasPassword" : "hasNoPassword")}</List.Item>
              {held.factors.map((factor, n) => (
                <List.Item key={n}>{[optional(`factor.${factor.kind}`) ?? factor.kind, factor.label].filter((one) => one !== "").join(": ")} · {t("since", { at: moment(factor.created) })}{factor.used !== null && ` · ${t("lastUsed", { at: moment(factor.used) })}`}</List.Item>
              ))}
              {held.factors.length === 0 && <List.Item>{t("noFactors")}</List.Item>}
              {held.recoveryCodesLeft > 0 && <List.Item>{t("recoveryCodes", { n: held.recoveryCodesLeft })}</List.Item>}
            </List>
            {mayChange && (
              <Group gap="xs">
                <Button variant="default" onClick={() => setAsking("password")}>{t("setPasswordDots")}</Button>
                {held.factors.length + held.recoveryCodesLeft > 0 && <Button variant="default" onClick={() => setAsking("factors")}>{t("resetDots")}</Button>}
              </Group>
            )}
          </Stack>
        )}
      </Loaded>
      {asking === "password" && <SetPassword user={user} onClose={() => setAsking(undefined)} />}
      {asking === "pause" && <EndPause user={user} onClose={() => setAsking(undefined)} />}
      {asking === "factors" && <Reset user={user} onClose={() => setAsking(undefined)} />}
    </Card>
  );
}

function EndPause({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTexts();
  const name = shownName(user);
  const end = useChange<undefined, unknown>(["Factor"], (fhir) => fhir.other(`/admin/users/${user.id}/pause`, { method: "DELETE" }));
  return (
    <Confirm title={t("endPauseTitle", { name })} action={t("endPause")} isBusy={end.isPending} error={end.error} onClose={onClose} onDo={() => end.mutate(undefined, { onSuccess: () => { told(t("pauseEnded", { name })); onClose(); } })}>
      <Text>{t("endPauseText", { name })}</Text>
      <Text size="sm">{t("resetIdentity")}</Text>
    </Confirm>
  );
}

function Reset({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTexts();
  const name = shownName(user);
  const reset = useChange<undefined, { removed: number }>(["Factor", "Session"], (fhir) => fhir.other(`/admin/users/${user.id}/factors`, { method: "DELETE" }));
  return (
    <Confirm title={t("resetTitle", { name })} action={t("reset")} isDanger isBusy={reset.isPending} error={reset.error} onClose={onClose} onDo={() => reset.mutate(undefined, { onSuccess: () => { told(t("isReset", { name })); onClose(); } })}>
      <Text>{t("resetText", { name })}</Text>
      <Text size="sm">{t("resetIdentity")}</Text>
    </Confirm>
  );
}

function SetPassword({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTexts();
  const name = shownName(user);
  const [password, setPassword] = useState("");
  const [isTried, setTried] = useState(false);
  const save = useChange<undefined, unknown>(["Factor", "Session"], (fhir) => fhir.other(`/admin/users/${user.id}/password`, { method: "PUT", body: { password } }));
  return (
    <Modal opened onClose={onClose} title={t("setPasswordTitle", { name })} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (password !== "") save.mutate(undefined, { onSuccess: () => { told(t("passwordSet", { name })); onClose(); } });
      }}>
        <Stack>
          <Text>{t("setPasswordText", { name })}</Text>
          <PasswordInput label={t("newPassword")} withAsterisk autoComplete="new-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={isTried && password === "" ? t("passwordMissing") : undefined} visibilityToggleButtonProps={{ "aria-label": t("showPassword") }} data-autofocus />
          <Text size="sm">{t("resetIdentity")}</Text>
          <Refused error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" color="red" loading={save.isPending}>{t("setPassword")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
