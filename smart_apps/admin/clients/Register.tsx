import { Alert, Button, Checkbox, Code, CopyButton, Group, List, Modal, Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Refused } from "../people/Confirm.tsx";
import type { Client } from "./clients.ts";
import { bodyOf, EMPTY, KINDS, missingIn, type Asked } from "./registering.ts";
import { useScopeSentences } from "./scopes.ts";

/** Lets another app or service in; its secret is told this once. */
export default function Register({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const [, go] = useLocation();
  const sentences = useScopeSentences();
  const [values, setValues] = useState<Asked>(EMPTY);
  const [isTried, setTried] = useState(false);
  const make = useChange<undefined, Client & { secret?: string }>(["Client"], (fhir) => fhir.other("/admin/clients", { method: "POST", body: bodyOf(values) }));
  const missing = missingIn(values);
  const errorOf = (member: keyof Asked) => (isTried && missing.includes(member) ? t(`missing.${member}`) : undefined);
  const set = (change: Partial<Asked>) => setValues({ ...values, ...change });
  const made = make.data;
  const leave = () => {
    onClose();
    if (made !== undefined) go(`/clients/${encodeURIComponent(made.id)}`);
  };
  if (made !== undefined) {
    return (
      // A secret that is told once isn't lost by a click beside the window.
      <Modal opened onClose={leave} size="lg" title={t("clientMade", { name: made.name })} withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false}>
        <Stack>
          <Told name={t("clientId")} value={made.id} />
          {made.secret !== undefined && (
            <>
              <Told name={t("secret")} value={made.secret} />
              <Alert color="yellow" role="status">{t("secretOnce")}</Alert>
            </>
          )}
          <Group justify="flex-end"><Button onClick={leave}>{t(made.secret === undefined ? "close" : "secretKept")}</Button></Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={t("registerClient")} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (missing.length === 0) make.mutate(undefined);
      }}>
        <Stack>
          <TextInput label={t("appName")} description={t("appNameHint")} withAsterisk value={values.name} onChange={(event) => set({ name: event.currentTarget.value })} error={errorOf("name")} data-autofocus />
          <Radio.Group label={t("clientKind")} value={values.kind} onChange={(kind) => set({ kind: KINDS.find((one) => one === kind) ?? "public" })}>
            <Stack gap="xs" mt={4}>{KINDS.map((kind) => <Radio key={kind} value={kind} label={t(`kind.${kind}`)} description={t(`kindMeans.${kind}`)} />)}</Stack>
          </Radio.Group>
          {values.kind !== "service" && <Textarea label={t("redirects")} description={t("redirectsHint")} withAsterisk autosize minRows={1} value={values.redirects} onChange={(event) => set({ redirects: event.currentTarget.value })} error={errorOf("redirects")} />}
          {values.kind !== "service" && <TextInput label={t("launchUri")} description={t("launchUriHint")} value={values.launchUri} onChange={(event) => set({ launchUri: event.currentTarget.value })} />}
          {(values.kind === "service" || values.kind === "asymmetric") && <TextInput label={t("jwksUri")} description={t("jwksUriHint")} withAsterisk value={values.jwksUri} onChange={(event) => set({ jwksUri: event.currentTarget.value })} error={errorOf("jwksUri")} />}
          <Textarea label={t("scopes")} description={t(values.kind === "service" ? "scopesHintService" : "scopesHint")} withAsterisk autosize minRows={2} value={values.scope} onChange={(event) => set({ scope: event.currentTarget.value })} error={errorOf("scope")} />
          {values.scope.trim() !== "" && (
            <div>
              <Text size="sm" fw={600}>{t("scopesMean")}</Text>
              <List size="sm">{sentences(values.scope).map((sentence) => <List.Item key={sentence}>{sentence}</List.Item>)}</List>
            </div>
          )}
          {values.kind !== "service" && <Checkbox label={t("trustIt")} description={t("ask.trust.text", { name: values.name || t("app") })} checked={values.isTrusted} onChange={(event) => set({ isTrusted: event.currentTarget.checked })} />}
          <Refused error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={make.isPending}>{t("registerClient")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Told({ name, value }: { name: string; value: string }) {
  const { t } = useTexts();
  return (
    <div>
      <Text size="sm" c="dimmed">{name}</Text>
      <Group gap="xs" wrap="nowrap">
        <Code style={{ overflowWrap: "anywhere" }}>{value}</Code>
        <CopyButton value={value}>{({ copied, copy }) => <Button size="xs" variant="default" onClick={copy} aria-label={t("copyOf", { what: name })}>{t(copied ? "copied" : "copy")}</Button>}</CopyButton>
      </Group>
    </div>
  );
}
